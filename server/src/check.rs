//! `polaris-server check`: whether the server could serve, found out without serving.

use std::fmt::Write;
use std::time::Instant;

use polaris_model::SharedModels;

use crate::loading::{LoadPlan, expected, load};
use crate::settings::{RegistrySettings, Settings};
use crate::tls::{Purpose, Tls};

/// What was found, for people, and whether all of it is good.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) faults: usize,
}

impl Report {
    fn good(&mut self, what: &str, found: impl std::fmt::Display) {
        self.line("ok  ", what, found);
    }

    fn bad(&mut self, what: &str, found: impl std::fmt::Display) {
        self.faults += 1;
        self.line("BAD ", what, found);
    }

    fn line(&mut self, verdict: &str, what: &str, found: impl std::fmt::Display) {
        // Writing to a text does not fail.
        let _ = writeln!(self.text, "{verdict}  {what:<14} {found}");
    }
}

/// Reads and verifies all that `serve` would, with settings that are known to be good.
pub(crate) fn check(settings: &Settings) -> Report {
    let mut report = Report::default();
    report.good("settings", "known, complete and within their ranges");
    access(settings, &mut report);
    let device = settings.engine.device;
    let usable = match device.prepare() {
        Ok(()) => {
            report.good("device", format!("{device}, {} threads", settings.engine.threads));
            true
        }
        Err(error) => {
            report.bad("device", error);
            false
        }
    };
    let plan = models(&settings.registry, &mut report);
    if let Some(plan) = plan.filter(|_| usable) {
        serving(settings, &plan, &mut report);
    }
    let verdict = match report.faults {
        0 => "it can serve".to_owned(),
        1 => "1 fault: it cannot serve".to_owned(),
        faults => format!("{faults} faults: it cannot serve"),
    };
    let _ = writeln!(report.text, "{verdict}");
    report
}

fn access(settings: &Settings, report: &mut Report) {
    report.good("listener", &settings.listen);
    match &settings.admin.listen {
        Some(address) if settings.admin_is_open() => {
            report.good(
                "admin",
                format!("{address}, without tokens: whoever can connect may change the server"),
            );
        }
        Some(address) if settings.admin.tls => report.good("admin", format!("{address}, TLS")),
        Some(address) => report.good("admin", format!("{address}, no TLS")),
        None => report.good("admin", "no listener (admin.listen is not set): no metrics"),
    }
    match &settings.tls {
        None => report.good("TLS", "not set: what is sent can be read on the way"),
        Some(files) => match Tls::load(files, Purpose::GRPC) {
            Err(error) => report.bad("TLS", error),
            Ok(tls) if files.client_ca.is_some() => {
                report.good("TLS", format!("{}; clients show certificates", tls.describe()));
            }
            Ok(tls) => report.good("TLS", tls.describe()),
        },
    }
    match settings.tokens.len() {
        0 => report.good("tokens", "none: whoever can connect may call"),
        tokens => report.good("tokens", tokens),
    }
}

/// The models to be served, if the manifest of every one of them fits, and each current version verifies.
fn models(settings: &RegistrySettings, report: &mut Report) -> Option<LoadPlan> {
    let (registry, chosen) = match expected(settings) {
        Ok(found) => found,
        Err(error) => {
            report.bad("registry", error);
            return None;
        }
    };
    report
        .good("registry", format!("{}: {} models to be served", settings.directory.display(), chosen.len()));
    let faults = report.faults;
    for model in &chosen {
        match registry.load(model) {
            Ok((manifest, _)) => report.good(
                "model",
                format!("{model} {}, {} bases", manifest.version, manifest.architecture.input_length()),
            ),
            Err(error) => report.bad("model", format!("{model}: {error}")),
        }
    }
    for version in settings.versions.iter().chain(&settings.canaries) {
        if let Err(error) = registry.manifest_of(&version.id, &version.version) {
            report.bad("model", format!("{version}: {error}"));
        }
    }
    if report.faults > faults {
        return None;
    }
    LoadPlan::of(registry, &chosen, settings).map_err(|error| report.bad("registry", error)).ok()
}

/// Loads all of it together as `serve` does, which finds out what does not go together, and whether there is memory for it.
fn serving(settings: &Settings, plan: &LoadPlan, report: &mut Report) {
    let start = Instant::now();
    match load(plan, &settings.engine, &SharedModels::default()) {
        Err(error) => report.bad("engine", error),
        Ok(ensemble) => report.good(
            "engine",
            format!(
                "precision {}, loaded and warm within {:.1} s",
                ensemble.precision(),
                start.elapsed().as_secs_f64()
            ),
        ),
    }
}

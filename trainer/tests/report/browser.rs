//! A browser without a window, if there is one.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Looks at the page in frames of two widths, uses its filter, and writes what it finds into its own page.
const INSPECTION: &str = include_str!("inspection.js");

/// What the browser sees; `None`, with a word, where there is none.
pub(crate) fn inspect(folder: &Path, page: &str) -> Option<Value> {
    let Some(browser) = find() else {
        eprintln!("skipped: no chromium or google-chrome on the PATH, the page was not opened");
        return None;
    };
    let quoted = page.replace('&', "&amp;").replace('"', "&quot;");
    let harness = folder.join("harness.html");
    let content = format!(
        "<!doctype html><meta charset=utf-8><iframe srcdoc=\"{quoted}\" style=\"border:0;height:900px\"></iframe>\
         <pre></pre><script>{INSPECTION}</script>"
    );
    fs::write(&harness, content).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--virtual-time-budget=20000",
        ])
        .arg(format!("--user-data-dir={}", folder.join("browser").display()))
        .args(["--window-size=1400,1000", "--dump-dom"])
        .arg(format!("file://{}", harness.display()))
        .output()
        .unwrap();
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = seen.rsplit_once("<pre>").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (found, _) =
        found.unwrap_or_else(|| unreachable!("{seen} {}", String::from_utf8_lossy(&output.stderr)));
    let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&found).unwrap())
}

fn find() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

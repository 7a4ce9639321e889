//! What a certificate says: for whom it is, and until when.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

/// When a certificate holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Validity {
    /// Now, until this date.
    Valid(String),
    /// No more since this date.
    Expired(String),
    /// Not before this date.
    NotYet(String),
}

/// Whether a certificate holds at a time, or what is wrong with its form.
///
/// # Errors
/// If it is no certificate.
pub(crate) fn validity(certificate: &CertificateDer<'_>, now: SystemTime) -> Result<Validity, String> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = ASN1Time::from_timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
        .map_err(|error| error.to_string())?;
    let validity = certificate.validity();
    Ok(if now < validity.not_before {
        Validity::NotYet(validity.not_before.to_string())
    } else if now > validity.not_after {
        Validity::Expired(validity.not_after.to_string())
    } else {
        Validity::Valid(validity.not_after.to_string())
    })
}

/// The common name of a certificate's subject, if it has one.
pub(crate) fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_and_dates() {
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "pipeline");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let at = |years: u64| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(years * 31_557_600);
            validity(certificate.der(), now).unwrap()
        };
        assert_eq!(common_name(certificate.der()).unwrap(), "pipeline");
        assert!(matches!(at(49), Validity::NotYet(date) if date.contains("2020")));
        assert!(matches!(at(52), Validity::Expired(date) if date.contains("2021")));
        assert!(validity(&CertificateDer::from(vec![1, 2]), SystemTime::now()).is_err());
        assert_eq!(common_name(&CertificateDer::from(vec![1, 2])), None);
    }
}

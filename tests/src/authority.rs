//! An authority that issues certificates for the occasion.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tonic::transport::{Certificate, Identity};

use crate::HarnessError;

/// A certificate authority. What it issues is for `localhost` and 127.0.0.1.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in files.
#[derive(Clone, Debug)]
pub struct IssuedFiles {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

fn failed(error: rcgen::Error) -> HarnessError {
    HarnessError::Certificate(error.to_string())
}

impl Authority {
    /// One with a key of its own.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn new() -> Result<Self, HarnessError> {
        let mut parameters = CertificateParams::new(Vec::new()).map_err(failed)?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        parameters.distinguished_name.push(DnType::CommonName, "authority of a test");
        let key = KeyPair::generate().map_err(failed)?;
        CertifiedIssuer::self_signed(parameters, key).map(Self).map_err(failed)
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// What a client trusts.
    pub fn certificate(&self) -> Certificate {
        Certificate::from_pem(self.pem())
    }

    /// A certificate for this name that is valid up to the beginning of a year, and its key.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn issue(&self, name: &str, until_year: i32) -> Result<(String, String), HarnessError> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut parameters = CertificateParams::new(names).map_err(failed)?;
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = parameters.signed_by(&key, &self.0).map_err(failed)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// The same for a client to show.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn identity(&self, name: &str) -> Result<Identity, HarnessError> {
        let (certificate, key) = self.issue(name, 2100)?;
        Ok(Identity::from_pem(certificate, key))
    }

    /// The same in files; those of that name are replaced.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn issue_files(
        &self,
        folder: &Path,
        name: &str,
        until_year: i32,
    ) -> Result<IssuedFiles, HarnessError> {
        let (certificate, key) = self.issue(name, until_year)?;
        let files = IssuedFiles { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
        for (path, text) in [(&files.certificate, certificate), (&files.key, key)] {
            std::fs::write(path, text).map_err(HarnessError::io(path.display().to_string()))?;
        }
        Ok(files)
    }
}

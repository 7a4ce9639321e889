//! Methods by their paths, so that what a caller writes there never becomes a label by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message;
use prost_types::FileDescriptorSet;

/// A method as labels and logs have it: `polaris.v1.PolarisService/Predict`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Method(Arc<str>);

impl Method {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// The methods that there are.
#[derive(Clone, Debug)]
pub(crate) struct Methods {
    by_path: Arc<BTreeMap<String, Method>>,
    unknown: Method,
}

impl Methods {
    /// Those of encoded descriptor sets.
    ///
    /// # Errors
    /// If one does not decode.
    pub(crate) fn of(descriptor_sets: &[&[u8]]) -> Result<Self, prost::DecodeError> {
        let mut by_path = BTreeMap::new();
        for set in descriptor_sets {
            for file in FileDescriptorSet::decode(*set)?.file {
                for service in &file.service {
                    for method in &service.method {
                        let name = format!("{}.{}/{}", file.package(), service.name(), method.name());
                        by_path.insert(format!("/{name}"), Method(name.into()));
                    }
                }
            }
        }
        Ok(Self { by_path: Arc::new(by_path), unknown: Method("unknown".into()) })
    }

    /// The method of a request's path; all that are not known are one.
    pub(crate) fn of_path(&self, path: &str) -> &Method {
        self.by_path.get(path).unwrap_or(&self.unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_paths() {
        let methods = Methods::of(&[polaris_proto::FILE_DESCRIPTOR_SET]).unwrap();
        let predict = methods.of_path("/polaris.v1.PolarisService/Predict");
        assert_eq!(predict.name(), "polaris.v1.PolarisService/Predict");
        for path in ["", "/", "/polaris.v1.PolarisService/Predict/", "/polaris.v1.AdminService/Reload", "/x"]
        {
            assert_eq!(methods.of_path(path).name(), "unknown", "{path}");
        }
        assert!(Methods::of(&[b"\xff"]).is_err());
    }
}

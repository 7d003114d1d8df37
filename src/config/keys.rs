//! Key sets: from a file, or from where their owner publishes them.

use std::path::Path;
use std::sync::Arc;

use http::Uri;
use http::uri::InvalidUri;

use super::ConfigError;
use super::fetch::Over;
use super::load::Files;
use crate::jose::{FetchedKeys, KeySet, KeySource};

/// The two keys that may name a key set, in the table of this name.
pub(super) struct Keys<'a> {
    pub(super) table: &'a str,
    pub(super) file: Option<&'a Path>,
    pub(super) uri: Option<&'a str>,
}

impl Files<'_> {
    /// The keys, if some are named.
    pub(super) fn keys(
        &self,
        keys: &Keys<'_>,
        over: &Over,
    ) -> Result<Option<Arc<dyn KeySource>>, ConfigError> {
        let key = |name: &str| format!("{}.{name}", keys.table);
        match (keys.file, keys.uri) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                Err(ConfigError::value(key("jwks_uri"), "has no effect beside `keys`"))
            }
            (Some(path), None) => {
                let set = self.parsed(&key("keys"), path, KeySet::parse)?;
                Ok(Some(Arc::new(set)))
            }
            (None, Some(uri)) => {
                let wrong =
                    |why: &dyn ToString| ConfigError::value(key("jwks_uri"), why.to_string());
                let uri: Uri = uri.parse().map_err(|why: InvalidUri| wrong(&why))?;
                let over = over.clone().ok_or_else(|| wrong(&"nothing is fetched"))?;
                let fetched = FetchedKeys::at(uri, over).map_err(|why| wrong(&why))?;
                Ok(Some(Arc::new(fetched)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::{FetchError, FetchRequest, Fetched};
    use crate::gate::BoxFuture;

    fn nowhere(_: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        Box::pin(async { Err(FetchError::Timeout) })
    }

    fn verdict(file: Option<&str>, uri: Option<&str>) -> Result<bool, String> {
        let keys = Keys { table: "token", file: file.map(Path::new), uri };
        let found = Files(Path::new("/nowhere")).keys(&keys, &Some(Arc::new(nowhere)));
        found.map(|keys| keys.is_some()).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_named_once_and_fetched_over_https() {
        assert_eq!(verdict(None, None), Ok(false));
        assert_eq!(verdict(None, Some("https://as.example/jwks")), Ok(true));
        for (file, uri, said) in [
            (Some("as.jwks"), Some("https://as.example/jwks"), "token.jwks_uri: has no effect"),
            (Some("as.jwks"), None, "token.keys: /nowhere/as.jwks: "),
            (None, Some("http://as.example/jwks"), "token.jwks_uri: `http://as.example/jwks` is"),
            (None, Some("not an address"), "token.jwks_uri: "),
            (None, Some(""), "token.jwks_uri: "),
        ] {
            let error = verdict(file, uri).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }
}

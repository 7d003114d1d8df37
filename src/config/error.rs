//! What is wrong with a configuration, and where.

use std::path::PathBuf;

/// Why a configuration is not taken: one line that says what and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file that cannot be read.
    #[error("{key}: {}: {source}", path.display())]
    File {
        /// The key in the configuration.
        key: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file whose content is not usable.
    #[error("{key}: {}: {why}", path.display())]
    Content {
        /// The key in the configuration.
        key: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A value that is not usable.
    #[error("{key}: {why}")]
    Value {
        /// The key in the configuration.
        key: String,
        /// What is wrong with it.
        why: String,
    },
}

impl ConfigError {
    pub(super) fn value(key: impl Into<String>, why: impl ToString) -> Self {
        Self::Value { key: key.into(), why: why.to_string() }
    }
}

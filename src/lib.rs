//! Composable tower layers that give a bank's own service the security profile of open banking.
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub, rust_2018_idioms)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

pub mod body;
pub mod cert;
pub mod config;
pub mod context;
pub mod crypto;
pub mod eidas;
#[cfg(feature = "axum")]
pub mod extract;
pub mod gate;
pub mod header;
pub mod idempotency;
pub mod jose;
pub mod profile;
pub mod reject;
pub mod signature;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod token;

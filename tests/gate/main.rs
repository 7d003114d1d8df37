//! Whole gates, from the certificate to the ledger, without a socket.
#![cfg(all(feature = "axum", feature = "tokio"))]

#[path = "../support/mod.rs"]
mod support;

mod config;
mod hostile;
mod layers;
mod once;
mod order;
mod profiles;
mod steps;
mod trust;
mod versions;

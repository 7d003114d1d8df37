//! Whole gates, from the certificate to the ledger; without a socket, but for `connection`.
#![cfg(all(feature = "axum", feature = "tokio"))]

#[path = "../support/mod.rs"]
mod support;

mod config;
#[cfg(all(feature = "axum-serve", feature = "axum-server"))]
mod connection;
mod demands;
mod hostile;
mod layers;
mod once;
mod order;
mod profiles;
mod steps;
mod trust;
mod versions;

//! Suites that every implementation of a trait of this crate must pass, ours and a user's.

mod crowd;
mod store_contract;

pub use store_contract::{capacity_contract, restart_contract, store_contract};

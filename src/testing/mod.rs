//! Suites that every implementation of a trait of this crate must pass, ours and a user's.

mod crowd;
mod replay_contract;
mod store_contract;

pub use replay_contract::replay_contract;
pub use store_contract::{capacity_contract, restart_contract, store_contract};

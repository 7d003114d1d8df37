//! Suites that every implementation of a trait of this crate must pass, ours and a user's.

mod store_contract;

pub use store_contract::store_contract;

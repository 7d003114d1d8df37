//! A request that is sent twice runs once: the rule, and the stores of idempotency keys.
//!
//! The rules are those of the Open Banking UK Read/Write profile, "Idempotency", with the answers
//! it leaves open taken from `draft-ietf-httpapi-idempotency-key-header`.

mod claim;
mod exclusive;
mod key;
mod memory;
mod outcome;
mod record;
mod run_once;
mod store;

pub use claim::{Abandoned, Claim, Claimed, Fingerprint, Lease};
pub use exclusive::{ExclusiveResource, ExclusiveUse};
pub use key::{KeyScope, StoreKey};
pub use memory::MemoryStore;
pub use outcome::FinalOutcome;
pub use record::Record;
pub use run_once::{ClaimedKey, OnReplay, RunOnce};
pub use store::{IdempotencyStore, Settlement, StoreError, StoreFuture};

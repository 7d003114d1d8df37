//! A request that is sent twice runs once: the rule, and the stores of idempotency keys.
//!
//! The rules are those of the Open Banking UK Read/Write profile, "Idempotency", with the answers
//! it leaves open taken from `draft-ietf-httpapi-idempotency-key-header`.

mod canonical;
mod claim;
mod exclusive;
mod key;
mod key_event;
mod key_header;
mod memory;
mod outcome;
mod record;
mod run_once;
mod same_request;
mod store;

pub use claim::{Abandoned, Claim, Claimed, Fingerprint, Lease};
pub use exclusive::{ExclusiveResource, ExclusiveUse};
pub use key::{KeyScope, StoreKey};
pub use key_event::KeyEvent;
pub use key_header::KeyHeader;
pub use memory::MemoryStore;
pub use outcome::FinalOutcome;
pub use record::Record;
pub use run_once::{ClaimedKey, OnReplay, RunOnce};
pub use same_request::{Fingerprints, SameRequest};
pub use store::{IdempotencyStore, Settlement, StoreError, StoreFuture};

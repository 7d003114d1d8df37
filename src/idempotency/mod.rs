//! A request that is sent twice runs once: the rule, and the stores of idempotency keys.
//!
//! The rules are those of the Open Banking UK Read/Write profile, "Idempotency", with the answers
//! it leaves open taken from `draft-ietf-httpapi-idempotency-key-header`.

mod canonical;
mod claim;
mod exclusive;
#[cfg(feature = "redb")]
mod file;
mod held;
mod key;
mod key_event;
mod key_header;
mod memory;
mod outcome;
mod parting;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod remote;
mod run_once;
mod same_request;
mod sealed;
mod store;

pub use claim::{Abandoned, Claim, Claimant, Claimed, ClientTag, Fingerprint, Lease};
pub use exclusive::{ExclusiveResource, ExclusiveUse};
#[cfg(feature = "redb")]
pub use file::FileStore;
pub use held::Held;
pub use key::{KeyScope, StoreKey};
pub use key_event::KeyEvent;
pub use key_header::KeyHeader;
pub use memory::MemoryStore;
pub use outcome::FinalOutcome;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, PostgresStoreBuilder};
pub use record::Record;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use run_once::{ClaimedKey, OnReplay, RunOnce};
pub use same_request::{Fingerprints, SameRequest};
pub use sealed::{SealedStore, SealingKeyId};
pub use store::{IdempotencyStore, Settlement, StoreError, StoreFuture};

//! A request that is sent twice runs once: the rule, and the stores of idempotency keys.
//!
//! The rules are those of the Open Banking UK Read/Write profile, "Idempotency", with the answers
//! it leaves open taken from `draft-ietf-httpapi-idempotency-key-header`.

mod claim;
#[cfg(feature = "redb")]
mod file;
mod held;
mod key;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod remote;
mod run_once;
mod sealed;
mod store;

pub use claim::{Abandoned, Claim, Claimant, Claimed, ClientTag, Fingerprint, Lease};
#[cfg(feature = "redb")]
pub use file::FileStore;
pub use held::Held;
pub use key::{KeyScope, StoreKey};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, PostgresStoreBuilder};
pub use record::Record;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use run_once::{ClaimedKey, FinalOutcome, OnReplay, RunOnce};
pub use sealed::{SealedStore, SealingKeyId};
pub use store::{IdempotencyStore, Settlement, StoreError, StoreFuture};

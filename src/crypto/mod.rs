//! crypto

mod digest;

pub use digest::{Sha256, sha256};

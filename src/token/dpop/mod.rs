//! Demonstrating proof of possession (DPoP, RFC 9449): the sender of a token holds its key.
//!
//! A client sends, beside each token, a short signed statement: this method, this address, now. The
//! token names the key that signs it, so a token that was stolen alone is worthless.
//!
//! | step | stands at | leaves |
//! |---|---|---|
//! | [`VerifyDpop`] | a resource, in the place of [`BindToken`](super::BindToken) | [`BoundToken`](super::BoundToken) |
//! | [`ProveDpopKey`] | the token and PAR endpoints, where there is no token yet | [`DpopKey`] |
//! | [`OfferDpopNonce`] | before either, where [`DpopNonces`] are required | [`DpopNonce`] |
//!
//! Both judge a proof by one [`DpopProofs`]. A client makes one with [`NewProof`].

mod claims;
mod error;
mod key;
mod make;
mod nonce;
mod offer;
mod proofs;
mod target;
mod verify;

#[cfg(test)]
mod tests;

use http::HeaderName;

pub(in crate::token) use self::claims::token_hash;
pub use self::error::DpopConfigError;
pub use self::key::{DpopKey, ProveDpopKey};
pub use self::make::NewProof;
pub use self::nonce::DpopNonces;
pub use self::offer::{DpopNonce, OfferDpopNonce};
pub use self::proofs::DpopProofs;
pub use self::target::ExternalOrigin;
pub use self::verify::VerifyDpop;
pub(in crate::token) use self::verify::{prove, spend};
use crate::crypto::Algorithm;

/// The request header that carries a proof.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The response header that offers a nonce (RFC 9449, 8.1).
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What a proof may be signed with (FAPI 2.0 Security Profile, 5.4), as challenges say it.
pub(crate) const ALGS: &str = "PS256 ES256 EdDSA";

const ALGORITHMS: &[Algorithm] = &[Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];

/// `typ` of a proof.
const TYP: &str = "dpop+jwt";

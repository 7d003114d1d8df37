use super::{ResponseStatus, SignerFault};
use crate::cert::Oid;

/// Why a response tells nothing of the certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum OcspError {
    #[error("the signature does not verify")]
    BadSignature,
    #[error("the critical extension {0} is not known")]
    CriticalExtension(Oid),
    #[error("the response is from the future")]
    FromTheFuture,
    /// Not the DER of a response, of another version, or with bytes behind it.
    #[error("the response cannot be read")]
    Malformed,
    /// The responder refused to answer. Nobody signed that.
    #[error("the responder gave no answer: {0:?}")]
    NoInformation(ResponseStatus),
    #[error("the nonce is not the one that was sent")]
    NonceMismatch,
    #[error("the nonce that was demanded is missing")]
    NonceMissing,
    #[error("the response is for another certificate")]
    NotForThisCertificate,
    #[error("the signer may not speak for the issuer: {0}")]
    SignerNotAuthorized(SignerFault),
    #[error("the response is out of date")]
    Stale,
    #[error("the times of the response contradict each other")]
    TimesContradict,
    #[error("the response is not a basic one")]
    UnknownType,
}

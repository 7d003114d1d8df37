/// What is wrong with a setting of DPoP.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DpopConfigError {
    /// A lifetime of nonces outside 5 seconds to 1 hour.
    #[error("a nonce lives for 5 seconds to 1 hour")]
    Lifetime,
    /// Not `https`, a host, perhaps a port and a path.
    #[error("not an https origin without user, query, fragment and dot segments")]
    Origin,
    /// A window of `iat` that is empty, more than 5 minutes back, or more than 1 minute ahead.
    #[error("the window of iat ends within 5 minutes back and 1 minute ahead")]
    Window,
}

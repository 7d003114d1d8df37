//! The rules of `crit` (RFC 7515 section 4.1.11, RFC 7797 section 6).

/// Names that JWS, JWE and JWA define themselves; none may stand in `crit`. `b64` is of RFC 7797 and
/// may.
const REGISTERED: [&str; 20] = [
    "alg", "apu", "apv", "crit", "cty", "enc", "epk", "iv", "jku", "jwk", "kid", "p2c", "p2s",
    "tag", "typ", "x5c", "x5t", "x5t#S256", "x5u", "zip",
];

/// Why a `crit` member was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CriticalError {
    /// A name that the header does not contain.
    #[error("crit names {0:?}, which is absent")]
    Absent(String),
    /// A name twice.
    #[error("crit names {0:?} twice")]
    Duplicate(String),
    /// `crit` is there and empty.
    #[error("crit is empty")]
    Empty,
    /// A name that the standards define themselves.
    #[error("crit names {0:?}, which is no extension")]
    Registered(String),
    /// `b64` is false and `crit` does not say so: older readers would verify other bytes.
    #[error("b64 is false and not critical")]
    UnencodedNotCritical,
}

/// Passes when `crit` is well formed for a header of these members.
///
/// Whether the extensions named are *understood* is for the verifier of the message to say.
pub(super) fn check(
    crit: Option<&[String]>,
    names: &[String],
    b64: Option<bool>,
) -> Result<(), CriticalError> {
    if b64 == Some(false) && !crit.unwrap_or_default().iter().any(|name| name == "b64") {
        return Err(CriticalError::UnencodedNotCritical);
    }
    let Some(crit) = crit else { return Ok(()) };
    if crit.is_empty() {
        return Err(CriticalError::Empty);
    }
    let mut seen = Vec::with_capacity(crit.len());
    for name in crit {
        if seen.contains(&name) {
            return Err(CriticalError::Duplicate(name.clone()));
        }
        if REGISTERED.contains(&name.as_str()) {
            return Err(CriticalError::Registered(name.clone()));
        }
        // The header has few members, so this also bounds the list before `seen` grows long.
        if !names.contains(name) {
            return Err(CriticalError::Absent(name.clone()));
        }
        seen.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_names(crit: &[&str], names: &[&str], b64: Option<bool>) -> Result<(), CriticalError> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        check(Some(&own(crit)), &own(names), b64)
    }

    #[test]
    fn extensions_in_the_header_may_be_critical() {
        assert_eq!(check_names(&["a", "b"], &["alg", "b", "a", "crit"], None), Ok(()));
        assert_eq!(check_names(&["b64"], &["alg", "b64", "crit"], Some(false)), Ok(()));
        assert_eq!(check_names(&["b64"], &["alg", "b64", "crit"], Some(true)), Ok(()));
        assert_eq!(check(None, &[], Some(true)), Ok(()));
        assert_eq!(check(None, &[], None), Ok(()));
    }

    #[test]
    fn empty_duplicate_registered_and_absent_are_refused() {
        let named = |name: &str| name.to_owned();
        assert_eq!(check_names(&[], &["alg"], None), Err(CriticalError::Empty));
        assert_eq!(
            check_names(&["a", "a"], &["a"], None),
            Err(CriticalError::Duplicate(named("a")))
        );
        assert_eq!(
            check_names(&["alg"], &["alg"], None),
            Err(CriticalError::Registered(named("alg")))
        );
        assert_eq!(check_names(&["a"], &["alg"], None), Err(CriticalError::Absent(named("a"))));
    }

    #[test]
    fn an_unencoded_payload_must_be_critical() {
        let error = Err(CriticalError::UnencodedNotCritical);
        assert_eq!(check(None, &[], Some(false)), error);
        assert_eq!(check_names(&["a"], &["a", "b64"], Some(false)), error);
    }
}

//! `BindToken`: the token belongs to the certificate of this connection.

use http::request::Parts;

use super::AccessToken;
use crate::cert::TrustedCertificate;
use crate::context::Context;
use crate::gate::{Evidence, Refs, Rule, Verdict, rule_layers};
use crate::jose::Thumbprint;
use crate::reject::{Reason, Rejection};

/// Demands that the access token is bound to the client certificate.
///
/// # Passes when
///
/// The token's `cnf` names, in `x5t#S256`, the SHA-256 thumbprint of the certificate, and no key by
/// `jkt`. Compared in constant time.
///
/// # Needs and leaves
///
/// Needs [`TrustedCertificate`] and [`AccessToken`]; leaves [`BoundToken`].
///
/// # Does not check
///
/// A proof by DPoP: a token that names `jkt` is refused, because that would have to hold too; where
/// such tokens are due, [`ConstrainSender`](super::ConstrainSender) demands both. Nor what `cnf` says
/// beside these two.
///
/// # Rejections
///
/// [`Reason::TokenNotBound`]: another certificate, no `cnf`, or a confirmation of another kind.
///
/// # Specification
///
/// RFC 8705, 3; FAPI 1.0 Advanced, 6.2.1 and 8.2.
#[derive(Clone, Copy, Debug)]
pub struct BindToken(());

impl BindToken {
    /// Binds to the certificate (RFC 8705).
    pub fn to_certificate() -> Self {
        Self(())
    }
}

/// The access token and the certificate belong together.
#[derive(Debug)]
pub struct BoundToken(());

impl BoundToken {
    /// The greppable door for a drill without the check.
    pub(crate) fn assertion() -> Self {
        Self(())
    }
}

impl Evidence for BoundToken {}

impl Rule for BindToken {
    const NAME: &'static str = "BindToken";
    type Needs = (TrustedCertificate, AccessToken);
    type Leaves = BoundToken;

    fn check(
        &self,
        (certificate, token): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<BoundToken> {
        bind(Some(certificate.certificate().thumbprint()), token).into()
    }
}

/// The evidence that a token is bound to this certificate and to nothing else.
pub(super) fn bind(
    thumbprint: Option<&[u8; 32]>,
    token: &AccessToken,
) -> Result<BoundToken, Rejection> {
    match token.confirmation() {
        Some(confirmation) if confirmation.key.is_some() => {
            Err(refused("bound to a DPoP key as well"))
        }
        _ => names(thumbprint, token).map(|()| BoundToken(())),
    }
}

/// Passes when the token names this certificate, whatever else it names.
pub(super) fn names(thumbprint: Option<&[u8; 32]>, token: &AccessToken) -> Result<(), Rejection> {
    let confirmation = token.confirmation().ok_or_else(|| refused("no cnf"))?;
    let bound: &Thumbprint =
        confirmation.certificate.as_ref().ok_or_else(|| refused("no x5t#S256 in cnf"))?;
    let shown = thumbprint.ok_or_else(|| refused("no trusted certificate"))?;
    match crate::crypto::constant_time_eq(bound.as_bytes(), shown) {
        true => Ok(()),
        false => Err(refused("bound to another certificate")),
    }
}

fn refused(why: &'static str) -> Rejection {
    Rejection::new(Reason::TokenNotBound).detail(why)
}

rule_layers!(BindToken);

#[cfg(test)]
mod tests {

    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use rustls_pki_types::CertificateDer;
    use serde_json::{Value, json};

    use super::super::test_tokens::access_token;
    use super::*;
    use crate::cert::test_pki::{ISSUING, NOW, read};
    use crate::gate::test_support::{at, judged, request};
    use crate::jose::{Claims, ClaimsError};

    /// RFC 8705, Appendix A: of version 1, and long expired.
    const PUBLISHED: &str = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODE\
        yMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcny\
        xwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZ\
        Izj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaK\
        lLR50Q2DmFfQj1L+SY=";
    const PUBLISHED_THUMBPRINT: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

    fn bound(leaf: &CertificateDer<'_>, cnf: Option<Value>) -> Result<(), Reason> {
        let trusted = TrustedCertificate::of(read(leaf));
        let token = access_token(|claims| {
            if let Some(cnf) = cnf {
                claims.insert("cnf".to_owned(), cnf);
            }
        });
        let verdict =
            BindToken::to_certificate().check((&trusted, &token), &mut request(), &at(NOW));
        judged(verdict).map(drop).map_err(|rejection| rejection.reason())
    }

    fn x5t(leaf: &CertificateDer<'_>) -> String {
        URL_SAFE_NO_PAD.encode(crate::crypto::sha256(leaf))
    }

    #[test]
    fn a_token_is_bound_to_the_certificate_whose_thumbprint_it_names() {
        let (own, other) = (ISSUING.issues(|_| {}), ISSUING.issues(|_| {}));
        let cnf = json!({ "x5t#S256": x5t(&own) });
        assert_eq!(bound(&own, Some(cnf.clone())), Ok(()));
        assert_eq!(bound(&other, Some(cnf)), Err(Reason::TokenNotBound));
    }

    #[test]
    fn the_published_certificate_is_bound_by_its_published_thumbprint() {
        let leaf = CertificateDer::from(STANDARD.decode(PUBLISHED).unwrap());
        let cnf = |thumbprint: &str| Some(json!({ "x5t#S256": thumbprint }));
        assert_eq!(bound(&leaf, cnf(PUBLISHED_THUMBPRINT)), Ok(()));
        let near = PUBLISHED_THUMBPRINT.replace("5v0", "5v4");
        assert_eq!(bound(&leaf, cnf(&near)), Err(Reason::TokenNotBound));
    }

    #[test]
    fn a_token_that_is_not_bound_to_a_certificate_alone_is_refused() {
        let leaf = ISSUING.issues(|_| {});
        let own = x5t(&leaf);
        for cnf in [
            None,
            Some(json!({})),
            Some(json!({ "jkt": own })),
            Some(json!({ "x5t#S256": own, "jkt": own })),
            Some(json!({ "x5t": own })),
            Some(json!({ "X5T#S256": own })),
            Some(json!({ "kid": "1" })),
            Some(json!({ "jwk": { "x5t#S256": own } })),
        ] {
            assert_eq!(bound(&leaf, cnf.clone()), Err(Reason::TokenNotBound), "{cnf:?}");
        }
    }

    #[test]
    fn a_thumbprint_in_another_form_makes_no_token() {
        let leaf = ISSUING.issues(|_| {});
        let digest = crate::crypto::sha256(&leaf);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        for thumbprint in [STANDARD.encode(digest), x5t(&leaf) + "=", hex, String::new()] {
            let claims = json!({ "cnf": { "x5t#S256": thumbprint } }).to_string();
            let refused = Claims::parse(claims.as_bytes()).err();
            assert_eq!(refused, Some(ClaimsError::Wrong("cnf".to_owned())), "{thumbprint}");
        }
    }
}

//! Tokens of a key, and the schemes.

use super::*;
use crate::jose::Thumbprint;
use crate::reject::Challenge;

const BOTH: TokenSchemes = TokenSchemes::BearerOrDpop;

/// A token with this `cnf`, shown under a scheme to a gate that takes these.
fn shown(schemes: TokenSchemes, scheme: &str, cnf: Value) -> Result<AccessToken, Rejection> {
    let mut claims = claims();
    claims.insert("cnf".to_owned(), cnf);
    let token = signed(GOOD_HEADER, &Value::from(claims).to_string());
    let mut request = request();
    request.headers.insert(AUTHORIZATION, format!("{scheme} {token}").parse().unwrap());
    judged(rule().under(schemes).check((), &mut request, &at(NOW)))
}

fn refused(schemes: TokenSchemes, scheme: &str, cnf: Value) -> Option<Reason> {
    shown(schemes, scheme, cnf).err().map(|rejection| rejection.reason())
}

fn of_key() -> Value {
    json!({ "jkt": Thumbprint::of_key(EC.public_key()).to_string() })
}

fn of_certificate() -> Value {
    json!({ "x5t#S256": Thumbprint::of_certificate(b"").to_string() })
}

#[test]
fn a_token_of_a_key_is_good_under_dpop_alone() {
    assert_eq!(refused(TokenSchemes::Dpop, "DPoP", of_key()), None);
    assert_eq!(refused(BOTH, "dpop", of_key()), None);
    assert_eq!(refused(BOTH, "Bearer", of_key()), Some(Reason::TokenNotBound));
    assert_eq!(refused(TokenSchemes::Bearer, "Bearer", of_key()), Some(Reason::TokenNotBound));
}

#[test]
fn a_token_of_no_key_is_good_under_bearer_alone() {
    for cnf in [of_certificate(), json!({}), json!({ "kid": "1" })] {
        assert_eq!(refused(BOTH, "Bearer", cnf.clone()), None, "{cnf}");
        for schemes in [BOTH, TokenSchemes::Dpop] {
            let reason = refused(schemes, "DPoP", cnf.clone());
            assert_eq!(reason, Some(Reason::TokenNotBound), "{cnf}");
        }
    }
}

#[test]
fn a_scheme_that_the_gate_is_not_made_for_shows_no_token() {
    assert_eq!(refused(TokenSchemes::Dpop, "Bearer", of_key()), Some(Reason::TokenMissing));
    assert_eq!(refused(TokenSchemes::Bearer, "DPoP", of_key()), Some(Reason::TokenMissing));
}

#[test]
fn the_token_knows_its_scheme_and_the_hash_that_its_proof_must_repeat() {
    let dpop = shown(BOTH, "DPoP", of_key()).unwrap();
    assert_eq!(dpop.scheme(), Scheme::Dpop);
    assert!(dpop.dpop_hash().is_some() && !dpop.names_certificate());
    let bearer = shown(BOTH, "Bearer", of_certificate()).unwrap();
    assert_eq!((bearer.scheme(), bearer.dpop_hash()), (Scheme::Bearer, None));
    assert!(bearer.names_certificate());
}

#[test]
fn a_refusal_asks_for_the_scheme_that_was_used_or_for_all_that_are_taken() {
    let only = Challenge::Only;
    for (schemes, scheme, asks) in [
        (BOTH, "DPoP", only(Scheme::Dpop)),
        (BOTH, "Bearer", only(Scheme::Bearer)),
        (BOTH, "Basic", Challenge::Either),
        (TokenSchemes::Dpop, "Basic", only(Scheme::Dpop)),
        (TokenSchemes::Bearer, "Basic", only(Scheme::Bearer)),
    ] {
        let mut request = request();
        request.headers.insert(AUTHORIZATION, format!("{scheme} x.y.z").parse().unwrap());
        let rejection = judged(rule().under(schemes).check((), &mut request, &at(NOW)));
        assert_eq!(rejection.unwrap_err().challenged(), Some(asks), "{schemes:?} {scheme}");
    }
}

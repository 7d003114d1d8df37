//! The token and PAR endpoints.

use super::*;

fn prove(rule: &ProveDpopKey, proofs: &[&str]) -> Result<DpopKey, Rejection> {
    let mut request = request_to("POST", "/token", proofs);
    judged(rule.check((), &mut request, &at(NOW)))
}

/// A proof for the token endpoint, where there is no token to name.
fn for_token(client: &Client, edit: impl FnOnce(&mut Value)) -> String {
    client.proof(|_, claims| {
        claims.as_object_mut().unwrap().remove("ath");
        claims["htm"] = "POST".into();
        claims["htu"] = "https://api.bank.example/token".into();
        edit(claims);
    })
}

#[test]
fn a_proof_proves_the_key_to_which_the_token_will_be_bound_once() {
    let (client, rule) = (Client::new(), ProveDpopKey::by(proofs_in(store())));
    let proof = for_token(&client, |_| {});
    let key = prove(&rule, &[&proof]).unwrap();
    assert_eq!(key.thumbprint(), Some(&client.jkt()));
    let again = prove(&rule, &[&proof]).unwrap_err();
    assert_eq!(again.reason(), Reason::DpopProofInvalid);
}

#[test]
fn a_request_without_proof_passes_where_a_proof_is_optional_only() {
    let (client, rule) = (Client::new(), ProveDpopKey::by(proofs_in(store())));
    assert_eq!(prove(&rule, &[]).unwrap_err().reason(), Reason::DpopProofInvalid);
    let optional = rule.optional();
    assert_eq!(prove(&optional, &[]).unwrap().thumbprint(), None);
    // What is there must hold, optional or not.
    let wrong = for_token(&client, |claims| claims["htm"] = "GET".into());
    for proofs in [&[wrong.as_str()][..], &[""], &["", ""]] {
        let refused = prove(&optional, proofs).unwrap_err().reason();
        assert_eq!(refused, Reason::DpopProofInvalid, "{proofs:?}");
    }
}

#[test]
fn a_store_that_does_not_answer_proves_nothing() {
    let client = Client::new();
    let rule = ProveDpopKey::by(proofs_in(NoReplayStore));
    let refused = prove(&rule, &[&for_token(&client, |_| {})]).unwrap_err();
    assert_eq!(refused.reason(), Reason::ServiceUnavailable);
}

#[test]
fn the_parameter_of_a_pushed_request_agrees_with_the_proof() {
    let (client, other) = (Client::new(), Client::new());
    let rule = ProveDpopKey::by(proofs_in(store())).optional();
    let proved = prove(&rule, &[&for_token(&client, |_| {})]).unwrap();
    let none = prove(&rule, &[]).unwrap();
    let (own, foreign) = (client.jkt().to_string(), other.jkt().to_string());
    let bound = |key: &DpopKey, named: Option<&str>| {
        key.for_code(named).map_err(|rejection| rejection.reason())
    };
    assert_eq!(bound(&proved, None), Ok(Some(client.jkt())));
    assert_eq!(bound(&proved, Some(&own)), Ok(Some(client.jkt())));
    assert_eq!(bound(&proved, Some(&foreign)), Err(Reason::DpopProofInvalid));
    assert_eq!(bound(&none, Some(&foreign)), Ok(Some(other.jkt())));
    assert_eq!(bound(&none, None), Ok(None));
    for text in ["", "x", &format!("{own}=")] {
        assert_eq!(bound(&proved, Some(text)), Err(Reason::ParameterInvalid), "{text}");
    }
}

#[test]
fn a_code_is_redeemed_by_the_key_it_is_bound_to() {
    let (client, other) = (Client::new(), Client::new());
    let rule = ProveDpopKey::by(proofs_in(store())).optional();
    let proved = prove(&rule, &[&for_token(&client, |_| {})]).unwrap();
    let none = prove(&rule, &[]).unwrap();
    let redeems = |key: &DpopKey, bound: Option<&Thumbprint>| {
        key.redeems(bound).map_err(|rejection| rejection.reason())
    };
    assert_eq!(redeems(&proved, Some(&client.jkt())), Ok(()));
    assert_eq!(redeems(&proved, None), Ok(()));
    assert_eq!(redeems(&none, None), Ok(()));
    assert_eq!(redeems(&proved, Some(&other.jkt())), Err(Reason::DpopProofInvalid));
    assert_eq!(redeems(&none, Some(&client.jkt())), Err(Reason::DpopProofInvalid));
}

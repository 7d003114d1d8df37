//! Where nonces are required.

use super::*;

fn requiring() -> (DpopNonces, DpopProofs) {
    let nonces = DpopNonces::of(&[1; 32]);
    (nonces.clone(), proofs_in(store()).requiring(nonces))
}

fn time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[test]
fn a_nonce_of_this_server_is_due_and_is_asked_for() {
    let (nonces, proofs) = requiring();
    let client = Client::new();
    let own = nonces.offer(time(NOW));
    let cases = [
        (Some(json!(own)), None),
        (Some(json!(nonces.offer(time(NOW - 60)))), None),
        (None, Some(Reason::DpopNonceRequired)),
        (Some(json!("")), Some(Reason::DpopNonceRequired)),
        (Some(json!("another")), Some(Reason::DpopNonceRequired)),
        (Some(json!(nonces.offer(time(NOW - 120)))), Some(Reason::DpopNonceRequired)),
        (Some(json!(nonces.offer(time(NOW + 120)))), Some(Reason::DpopNonceRequired)),
        (Some(json!(DpopNonces::of(&[2; 32]).offer(time(NOW)))), Some(Reason::DpopNonceRequired)),
        (Some(json!([own])), Some(Reason::DpopProofInvalid)),
        (Some(Value::Null), Some(Reason::DpopProofInvalid)),
    ];
    for (at, (nonce, expected)) in cases.into_iter().enumerate() {
        let proof = client.proof(|_, claims| {
            claims["jti"] = at.to_string().into();
            if let Some(nonce) = nonce.clone() {
                claims["nonce"] = nonce;
            }
        });
        let verdict = reason(&proofs, &client.token(), request(&[&proof]), NOW);
        assert_eq!(verdict, expected, "{nonce:?}");
    }
}

#[test]
fn a_nonce_does_not_excuse_what_else_is_wrong() {
    let (nonces, proofs) = requiring();
    let client = Client::new();
    let nonce = nonces.offer(time(NOW));
    let old = client.proof(|_, claims| {
        claims["nonce"] = nonce.clone().into();
        claims["iat"] = (NOW - 61).into();
    });
    let verdict = reason(&proofs, &client.token(), request(&[&old]), NOW);
    assert_eq!(verdict, Some(Reason::DpopProofInvalid));
    // A stranger's proof does not learn whether its nonce was good.
    let forged = client.proof(|_, claims| claims["nonce"] = "another".into());
    let other = client.proof(|_, claims| claims["nonce"] = "third".into());
    let signature = other.rsplit_once('.').unwrap().1;
    let forged = format!("{}.{signature}", forged.rsplit_once('.').unwrap().0);
    let verdict = reason(&proofs, &client.token(), request(&[&forged]), NOW);
    assert_eq!(verdict, Some(Reason::DpopProofInvalid));
}

#[test]
fn a_client_that_takes_the_nonce_from_the_refusal_passes() {
    let (nonces, proofs) = requiring();
    let client = Client::new();
    let uri = URI.parse().unwrap();
    let proof = || NewProof::of(http::Method::GET, &uri, time(NOW)).beside(TOKEN);
    let signed = |proof: NewProof| proof.sign(&client.signing, Algorithm::Es256).unwrap();
    let first = signed(proof());
    let refused = reason(&proofs, &client.token(), request(&[first.to_str().unwrap()]), NOW);
    assert_eq!(refused, Some(Reason::DpopNonceRequired));
    let second = signed(proof().nonce(&nonces.offer(time(NOW))));
    let passed = reason(&proofs, &client.token(), request(&[second.to_str().unwrap()]), NOW);
    assert_eq!(passed, None);
}

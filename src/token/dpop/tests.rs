use std::sync::Arc;
use std::time::Duration;

use ::openssl::nid::Nid;
use ::openssl::pkey::{PKey, Private};
use http::Request;
use http::request::Parts;
use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use super::super::test_tokens::{TOKEN, access_token};
use super::super::{AccessToken, BoundToken};
use super::*;
use crate::cert::test_pki::NOW;
use crate::crypto::{Algorithm, PublicKey, SigningKey, test_keys};
use crate::gate::Rule as _;
use crate::gate::test_support::{at, judged};
use crate::jose::{Jwk, Thumbprint, encode_base64url};
use crate::reject::{Reason, Rejection};
use crate::replay::{MemoryReplayStore, NoReplayStore, ReplayStore};

mod either;
mod gate;
mod hostile;
mod key;
mod nonces;

const URI: &str = "https://api.bank.example/accounts";

fn store() -> Arc<MemoryReplayStore> {
    Arc::new(MemoryReplayStore::with_capacity(1_000))
}

fn proofs_in(store: impl ReplayStore + 'static) -> DpopProofs {
    DpopProofs::at(ExternalOrigin::parse("https://api.bank.example").unwrap(), store)
}

/// A client: a key, and the token that names it.
struct Client {
    private: PKey<Private>,
    signing: SigningKey,
}

impl Client {
    fn with(private: PKey<Private>) -> Self {
        Self { signing: test_keys::signing(&private), private }
    }

    fn new() -> Self {
        Self::with(test_keys::p256())
    }

    fn key(&self) -> &PublicKey {
        self.signing.public_key()
    }

    fn jkt(&self) -> Thumbprint {
        Thumbprint::of_key(self.key())
    }

    fn token(&self) -> AccessToken {
        let cnf = json!({ "jkt": self.jkt().to_string() });
        access_token(|claims| drop(claims.insert("cnf".to_owned(), cnf)))
    }

    fn jwk(&self) -> Value {
        serde_json::to_value(Jwk::bare(self.key())).unwrap()
    }

    fn header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() })
    }

    /// A proof that is in order but for the edit of its header and claims.
    fn proof(&self, edit: impl FnOnce(&mut Value, &mut Value)) -> String {
        let (mut header, mut claims) = (self.header(), claims());
        edit(&mut header, &mut claims);
        self.signs(&header.to_string(), &claims.to_string())
    }

    fn signs(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            encode_base64url(header.as_bytes()),
            encode_base64url(claims.as_bytes())
        );
        let algorithm = match self.key().kind() {
            crate::crypto::KeyKind::P256 => Algorithm::Es256,
            crate::crypto::KeyKind::P384 => Algorithm::Es384,
            crate::crypto::KeyKind::Ed25519 => Algorithm::EdDsa,
            crate::crypto::KeyKind::Rsa => Algorithm::Ps256,
        };
        let signature = self.signing.sign(algorithm, &[signed.as_bytes()]).unwrap();
        format!("{signed}.{}", encode_base64url(&signature))
    }
}

fn claims() -> Value {
    let hash = encode_base64url(&crate::crypto::sha256(TOKEN.as_bytes()));
    json!({ "jti": "1", "htm": "GET", "htu": URI, "iat": NOW, "ath": hash })
}

fn request(proofs: &[&str]) -> Parts {
    request_to("GET", "/accounts", proofs)
}

fn request_to(method: &str, uri: &str, proofs: &[&str]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for proof in proofs {
        request = request.header(DPOP, *proof);
    }
    request.body(()).unwrap().into_parts().0
}

fn verify(
    proofs: &DpopProofs,
    token: &AccessToken,
    mut request: Parts,
    now: u64,
) -> Result<BoundToken, Rejection> {
    judged(VerifyDpop::by(proofs.clone()).check(token, &mut request, &at(now)))
}

fn reason(proofs: &DpopProofs, token: &AccessToken, request: Parts, now: u64) -> Option<Reason> {
    verify(proofs, token, request, now).err().map(|rejection| rejection.reason())
}

#[test]
fn a_proof_by_a_key_of_each_kind_binds_the_token_that_names_the_key() {
    for (key, algorithm) in [
        (test_keys::p256(), Algorithm::Es256),
        (test_keys::ed25519(), Algorithm::EdDsa),
        (test_keys::rsa_2048().clone(), Algorithm::Ps256),
    ] {
        let client = Client::with(key);
        let proof = client.proof(|header, _| header["alg"] = algorithm.name().into());
        assert_eq!(reason(&proofs_in(store()), &client.token(), request(&[&proof]), NOW), None);
    }
}

#[test]
fn what_a_client_makes_a_server_takes_once() {
    let (client, proofs) = (Client::new(), proofs_in(store()));
    let uri = format!("{URI}?page=2#top").parse().unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    let make = || {
        let proof = NewProof::of(http::Method::GET, &uri, now).beside(TOKEN);
        proof.sign(&client.signing, Algorithm::Es256).unwrap()
    };
    let (one, two) = (make(), make());
    let sent = |proof: &http::HeaderValue| {
        let request = request_to("GET", "/accounts?page=2", &[proof.to_str().unwrap()]);
        reason(&proofs, &client.token(), request, NOW)
    };
    assert_eq!((sent(&one), sent(&two)), (None, None));
    assert_eq!(
        (sent(&one), sent(&two)),
        (Some(Reason::DpopProofInvalid), Some(Reason::DpopProofInvalid))
    );
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es384] {
        let proof = NewProof::of(http::Method::GET, &uri, now);
        assert!(proof.sign(&client.signing, algorithm).is_err());
    }
}

#[test]
fn a_jti_that_one_instance_took_is_refused_by_another_that_shares_the_store() {
    let (client, shared) = (Client::new(), store());
    let (one, other) = (proofs_in(shared.clone()), proofs_in(shared));
    let proof = client.proof(|_, _| {});
    assert_eq!(reason(&one, &client.token(), request(&[&proof]), NOW), None);
    let again = reason(&other, &client.token(), request(&[&proof]), NOW + 1);
    assert_eq!(again, Some(Reason::DpopProofInvalid));
    // Another proof with the same jti is no first use either, and a jti is the key's own.
    let sibling = client.proof(|_, claims| claims["iat"] = (NOW + 1).into());
    let again = reason(&other, &client.token(), request(&[&sibling]), NOW + 1);
    assert_eq!(again, Some(Reason::DpopProofInvalid));
    let stranger = Client::new();
    let proof = stranger.proof(|_, _| {});
    assert_eq!(reason(&other, &stranger.token(), request(&[&proof]), NOW), None);
}

#[test]
fn a_jti_is_remembered_for_as_long_as_its_proof_is_good() {
    let (client, proofs) = (Client::new(), proofs_in(store()));
    let proof = client.proof(|_, claims| claims["iat"] = (NOW + 10).into());
    assert_eq!(reason(&proofs, &client.token(), request(&[&proof]), NOW), None);
    for later in [NOW + 1, NOW + 69, NOW + 70] {
        // The sweep of the store goes by this time.
        let again = verify(&proofs, &client.token(), request(&[&proof]), later).unwrap_err();
        assert!(again.why().to_string().contains("used before"), "{later}");
    }
}

/// Remembers until when something was to be remembered.
#[derive(Default)]
struct Until(std::sync::Mutex<Option<UnixTime>>);

impl ReplayStore for Until {
    fn insert_once(
        &self,
        _: crate::replay::ReplayKey,
        until: UnixTime,
        _: UnixTime,
    ) -> crate::idempotency::StoreFuture<'_, crate::replay::Insertion> {
        *self.0.lock().unwrap() = Some(until);
        Box::pin(async { Ok(crate::replay::Insertion::Fresh) })
    }
}

#[test]
fn a_jti_outlives_its_proof_by_what_two_clocks_may_differ() {
    let (client, store) = (Client::new(), Arc::new(Until::default()));
    let proof = client.proof(|_, claims| claims["iat"] = (NOW - 5).into());
    let proofs = proofs_in(store.clone());
    assert_eq!(reason(&proofs, &client.token(), request(&[&proof]), NOW), None);
    let until = store.0.lock().unwrap().map(|until| until.as_secs());
    assert_eq!(until, Some(NOW - 5 + 60 + 60));
}

#[test]
fn a_proof_that_is_refused_spends_nothing() {
    let (client, other, proofs) = (Client::new(), Client::new(), proofs_in(store()));
    let proof = client.proof(|_, _| {});
    let refused = reason(&proofs, &other.token(), request(&[&proof]), NOW);
    assert_eq!(refused, Some(Reason::TokenNotBound));
    assert_eq!(reason(&proofs, &client.token(), request(&[&proof]), NOW), None);
}

#[test]
fn a_store_that_does_not_answer_or_is_full_is_our_fault_and_no_pass() {
    let client = Client::new();
    let proof = client.proof(|_, _| {});
    for proofs in [proofs_in(NoReplayStore), proofs_in(MemoryReplayStore::with_capacity(0))] {
        let refused = reason(&proofs, &client.token(), request(&[&proof]), NOW);
        assert_eq!(refused, Some(Reason::ServiceUnavailable));
    }
}

#[test]
fn the_window_of_iat_has_its_edges_and_its_bounds() {
    let client = Client::new();
    let verdict = |proofs: DpopProofs, iat: u64| {
        let proof = client.proof(|_, claims| claims["iat"] = iat.into());
        reason(&proofs, &client.token(), request(&[&proof]), NOW)
    };
    let invalid = Some(Reason::DpopProofInvalid);
    for (iat, refused) in
        [(NOW - 61, invalid), (NOW - 60, None), (NOW + 10, None), (NOW + 11, invalid)]
    {
        assert_eq!(verdict(proofs_in(store()), iat), refused, "{iat}");
    }
    let window = |back, ahead| {
        proofs_in(store()).window(Duration::from_secs(back), Duration::from_secs(ahead))
    };
    let wide = || window(300, 60).unwrap();
    for (iat, refused) in
        [(NOW - 301, invalid), (NOW - 300, None), (NOW + 60, None), (NOW + 61, invalid)]
    {
        assert_eq!(verdict(wide(), iat), refused, "{iat}");
    }
    for (back, ahead) in [(0, 10), (301, 10), (60, 61)] {
        assert_eq!(window(back, ahead).err(), Some(DpopConfigError::Window));
    }
}

#[test]
fn a_token_that_is_not_of_the_key_alone_is_refused() {
    let client = Client::new();
    let refused = |cnf: Value| {
        let token = access_token(|claims| drop(claims.insert("cnf".to_owned(), cnf)));
        reason(&proofs_in(store()), &token, request(&[&client.proof(|_, _| {})]), NOW)
    };
    let (own, other) = (client.jkt().to_string(), Client::new().jkt().to_string());
    assert_eq!(refused(json!({ "jkt": own })), None);
    for cnf in [
        json!({ "jkt": other }),
        json!({ "jkt": own, "x5t#S256": own }),
        json!({ "x5t#S256": own }),
        json!({ "kid": "1" }),
        json!({}),
    ] {
        assert_eq!(refused(cnf.clone()), Some(Reason::TokenNotBound), "{cnf}");
    }
}

//! Where clients of both kinds are served.

use rustls_pki_types::CertificateDer;

use super::*;
use crate::cert::test_pki::{ISSUING, ROOT};
use crate::cert::{
    Anchors, CertificateMatch, Clients, MatchSender, PeerCertificates, PresentCertificate,
    TrustCertificate,
};
use crate::client_auth::{OfferCertificate, OfferedCertificate};
use crate::revocation::Revocation;
use crate::token::ConstrainSender;

/// What the connection showed.
fn offered(chain: Vec<CertificateDer<'static>>) -> OfferedCertificate {
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    let trust = TrustCertificate::anchored_in(anchors, Revocation::danger_off());
    let rule = OfferCertificate::judged_by(PresentCertificate::from_tls(), trust);
    let mut request = request(&[]);
    request.extensions.insert(PeerCertificates::new(chain));
    judged(rule.check((), &mut request, &at(NOW))).unwrap()
}

/// A chain, and the thumbprint of its leaf.
fn certificate() -> (Vec<CertificateDer<'static>>, String) {
    let leaf = ISSUING.issues(|_| {});
    let thumbprint = Thumbprint::of_certificate(&leaf).to_string();
    (vec![leaf, ISSUING.der()], thumbprint)
}

fn token(cnf: Value) -> AccessToken {
    access_token(|claims| drop(claims.insert("cnf".to_owned(), cnf)))
}

fn constrained(cnf: Value, offered: &OfferedCertificate, proofs: &[&str]) -> Option<Reason> {
    let rule = ConstrainSender::by_certificate_or_dpop(proofs_in(store()));
    let verdict = rule.check((offered, &token(cnf)), &mut request(proofs), &at(NOW));
    judged(verdict).err().map(|rejection| rejection.reason())
}

#[test]
fn everything_that_a_token_names_must_be_proven() {
    let ((chain, own), (_, other)) = (certificate(), certificate());
    let (client, stranger) = (Client::new(), Client::new());
    let jkt = client.jkt().to_string();
    let (with, without) = (offered(chain), offered(Vec::new()));
    let (proof, stolen) = (client.proof(|_, _| {}), stranger.proof(|_, _| {}));
    let (key, certificate) = (json!({ "jkt": jkt }), json!({ "x5t#S256": own }));
    let both = json!({ "jkt": jkt, "x5t#S256": own });
    let foreign = json!({ "jkt": jkt, "x5t#S256": other });
    let (unbound, invalid) = (Some(Reason::TokenNotBound), Some(Reason::DpopProofInvalid));
    let (proof, stolen) = ([proof.as_str()], [stolen.as_str()]);
    let none: [&str; 0] = [];
    for (cnf, shown, proofs, expected) in [
        (&certificate, &with, &none[..], None),
        (&certificate, &without, &none, unbound),
        (&certificate, &without, &proof, unbound),
        (&json!({ "x5t#S256": other }), &with, &none, unbound),
        (&key, &without, &proof, None),
        (&key, &with, &proof, None),
        (&key, &with, &none, invalid),
        (&key, &without, &stolen, unbound),
        (&both, &with, &proof, None),
        (&both, &without, &proof, unbound),
        (&both, &with, &none, invalid),
        (&both, &with, &stolen, unbound),
        (&foreign, &with, &proof, unbound),
        (&json!({}), &with, &proof, unbound),
    ] {
        let verdict = constrained(cnf.clone(), shown, proofs);
        assert_eq!(verdict, expected, "{cnf} {shown:?} {}", proofs.len());
    }
}

#[test]
fn a_certificate_of_nobody_that_is_trusted_proves_nothing() {
    let stray = rcgen::CertificateParams::new(vec!["tpp.example".to_owned()]).unwrap();
    let stray = stray.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().clone();
    let thumbprint = Thumbprint::of_certificate(&stray).to_string();
    let cnf = json!({ "x5t#S256": thumbprint });
    assert_eq!(constrained(cnf, &offered(vec![stray]), &[]), Some(Reason::TokenNotBound));
}

#[test]
fn the_client_is_known_by_what_its_token_names() {
    let (chain, own) = certificate();
    let (with, without) = (offered(chain), offered(Vec::new()));
    let jkt = Client::new().jkt().to_string();
    let matched = |identifier: &str, cnf: Value, offered: &OfferedCertificate| {
        let known = match identifier {
            "" => CertificateMatch::NoCertificate,
            identifier => CertificateMatch::OrganizationIdentifier(identifier.to_owned()),
        };
        let clients = Clients::of([crate::cert::Client::new("tpp", known)]).unwrap();
        let needs = (offered, &token(cnf), &BoundToken::assertion());
        let verdict = MatchSender::registered_in(clients).check(needs, &mut request(&[]), &at(NOW));
        judged(verdict).err().map(|rejection| rejection.reason())
    };
    let (certificate, key) = (json!({ "x5t#S256": own }), json!({ "jkt": jkt }));
    let both = json!({ "x5t#S256": own, "jkt": jkt });
    let mismatch = Some(Reason::ClientMismatch);
    for (identifier, cnf, shown, expected) in [
        ("PSDGB-FCA-123456", &certificate, &with, None),
        ("PSDGB-FCA-123456", &both, &with, None),
        ("PSDGB-FCA-123456", &certificate, &without, mismatch),
        ("PSDGB-FCA-654321", &certificate, &with, mismatch),
        ("PSDGB-FCA-654321", &both, &with, mismatch),
        ("", &certificate, &with, mismatch),
        ("", &both, &with, mismatch),
        ("", &key, &without, None),
        ("", &key, &with, None),
    ] {
        let verdict = matched(identifier, cnf.clone(), shown);
        assert_eq!(verdict, expected, "{identifier} {cnf} {shown:?}");
    }
}

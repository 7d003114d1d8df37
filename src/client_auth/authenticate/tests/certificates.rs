//! Clients that authenticate by their certificates, and those whose tokens are bound to them.

use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::CertificateDer;

use super::super::super::OfferCertificate;
use super::*;
use crate::cert::test_pki::{DAY, ISSUING, ROOT, date, read};
use crate::cert::{Anchors, PeerCertificates, PresentCertificate, TrustCertificate};
use crate::jose::Lookup;
use crate::revocation::Revocation;

const OWN: &str = "PSDGB-FCA-123456";

fn organisation(identifier: &str) -> CertificateMatch {
    CertificateMatch::OrganizationIdentifier(identifier.to_owned())
}

fn registered(
    method: AuthenticationMethod,
    constraint: SenderConstraint,
    certificate: CertificateMatch,
) -> Clients {
    let client = Client::new("tpp", certificate)
        .signs_with(keys(&[(&EC, "ec")]), vec![Algorithm::Es256])
        .registered_as(Registration::new(method, constraint));
    Clients::of([client]).unwrap()
}

fn rule(clients: Clients) -> AuthenticateClient {
    AuthenticateClient::registered_in(clients, ISSUER, MemoryReplayStore::with_capacity(9))
}

fn by_tls(certificate: CertificateMatch) -> Clients {
    registered(AuthenticationMethod::TlsClientAuth, SenderConstraint::Certificate, certificate)
}

fn by_itself(certificate: CertificateMatch) -> Clients {
    let method = AuthenticationMethod::SelfSignedTlsClientAuth;
    registered(method, SenderConstraint::Certificate, certificate)
}

/// A certificate that its holder made.
fn self_signed(from: u64, until: u64) -> CertificateDer<'static> {
    let mut parameters = CertificateParams::new(vec!["tpp.example".to_owned()]).unwrap();
    (parameters.not_before, parameters.not_after) = (date(from), date(until));
    parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
}

/// What the connection showed, as the step notes it.
fn offered(chain: Option<Vec<CertificateDer<'static>>>) -> Result<OfferedCertificate, Rejection> {
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    let trust = TrustCertificate::anchored_in(anchors, Revocation::danger_off());
    let rule = OfferCertificate::judged_by(PresentCertificate::from_tls(), trust);
    let mut request = request();
    request.extensions.insert(PeerCertificates::new(chain.unwrap_or_default()));
    judged(rule.check((), &mut request, &at(NOW)))
}

/// Of an authority that this bank trusts.
fn issued() -> Vec<CertificateDer<'static>> {
    vec![ISSUING.issues(|_| {}), ISSUING.der()]
}

fn if_offered(
    clients: Clients,
    form: &Form,
    chain: Option<Vec<CertificateDer<'static>>>,
) -> Result<AuthenticatedClient, Rejection> {
    let offered = offered(chain).unwrap();
    judged(rule(clients).if_offered().check((form, &offered), &mut request(), &at(NOW)))
}

fn refused(result: Result<AuthenticatedClient, Rejection>) -> String {
    let why = result.unwrap_err();
    assert_eq!(why.reason(), Reason::ClientAuthenticationFailed, "{why:?}");
    why.why().to_string()
}

fn own_id() -> Form {
    form(&[("client_id", "tpp")])
}

#[test]
fn a_certificate_of_an_authority_authenticates_the_client_that_registered_it() {
    let trusted = TrustedCertificate::of(read(&ISSUING.issues(|_| {})));
    let judge = |clients, form: &Form| {
        judged(rule(clients).check((form, &trusted), &mut request(), &at(NOW)))
    };
    let client = judge(by_tls(organisation(OWN)), &own_id()).unwrap();
    let thumbprint = trusted.certificate().thumbprint();
    assert_eq!(client.certificate().map(Certificate::thumbprint), Some(thumbprint));
    for other in [organisation("PSDGB-FCA-654321"), CertificateMatch::NoCertificate] {
        assert!(refused(judge(by_tls(other), &own_id())).contains("not that of the client"));
    }
    // RFC 8705, 2.1: client_id is required; a certificate names nobody.
    assert!(refused(judge(by_tls(organisation(OWN)), &form(&[]))).contains("client_id"));
    let assertion = asserting(&with(|_| {}));
    assert!(refused(judge(by_tls(organisation(OWN)), &assertion)).contains("tls_client_auth"));
}

#[test]
fn a_certificate_makes_up_for_no_secret_and_no_assertion() {
    let leaf = self_signed(NOW - DAY, NOW + DAY);
    let pinned = || by_itself(CertificateMatch::Thumbprint(*read(&leaf).thumbprint()));
    let secret = form(&[("client_id", "tpp"), ("client_secret", "s")]);
    let assertion = asserting(&with(|_| {}));
    let tls = if_offered(by_tls(organisation(OWN)), &secret, Some(issued()));
    assert!(refused(tls).contains("secret"));
    assert!(refused(if_offered(pinned(), &secret, Some(vec![leaf.clone()]))).contains("secret"));
    let why = refused(if_offered(pinned(), &assertion, Some(vec![leaf.clone()])));
    assert!(why.contains("not by self_signed_tls_client_auth"), "{why}");
}

#[test]
fn a_certificate_nobody_vouches_for_authenticates_no_client_of_an_authority() {
    let clients = || by_tls(organisation(OWN));
    assert!(if_offered(clients(), &own_id(), Some(issued())).is_ok());
    let stranger = crate::cert::test_pki::Authority::root("Stranger").issues(|_| {});
    let expired = ISSUING.issues(|leaf| leaf.not_after = date(NOW - DAY));
    for chain in [vec![stranger], vec![expired, ISSUING.der()]] {
        let why = refused(if_offered(clients(), &own_id(), Some(chain)));
        assert!(why.contains("the certificate is refused"), "{why}");
    }
    assert!(refused(if_offered(clients(), &own_id(), None)).contains("no certificate"));
}

#[test]
fn a_self_signed_certificate_authenticates_the_client_that_registered_it() {
    let leaf = self_signed(NOW - DAY, NOW + DAY);
    let key = CertificateMatch::RegisteredKeys(vec![read(&leaf).spki_der().to_vec()]);
    let thumbprint = CertificateMatch::Thumbprint(*read(&leaf).thumbprint());
    for registered in [key, thumbprint] {
        let show = |leaf: &CertificateDer<'static>| {
            if_offered(by_itself(registered.clone()), &own_id(), Some(vec![leaf.clone()]))
        };
        let client = show(&leaf).unwrap();
        assert_eq!(client.certificate().unwrap().der(), &leaf);
        let other = self_signed(NOW - DAY, NOW + DAY);
        assert!(refused(show(&other)).contains("not registered"));
        let clients = by_itself(registered.clone());
        assert!(refused(if_offered(clients, &own_id(), None)).contains("no certificate"));
    }
}

#[test]
fn a_self_signed_certificate_may_be_one_of_the_jwk_set() {
    let der = |key: &openssl::pkey::PKey<openssl::pkey::Private>| {
        let digest = openssl::hash::MessageDigest::sha256();
        ISSUING.issues_by_openssl(key, digest, crate::cert::test_pki::with_key_usage)
    };
    let (key, other) = (test_keys::p256(), test_keys::p256());
    let leaf = der(&key);
    let public = test_keys::signing(&key).public_key().clone();
    let certified = Key::new(public).with_id("1").certified_by([leaf.clone()]).unwrap();
    let keys = Arc::new(KeySet::of([certified]).unwrap());
    let show = |leaf| {
        let registered = CertificateMatch::RegisteredCertificates(keys.clone());
        if_offered(by_itself(registered), &own_id(), Some(vec![leaf]))
    };
    assert!(show(leaf).is_ok());
    // The same key under another certificate is another certificate.
    for other in [der(&other), der(&key)] {
        assert!(refused(show(other)).contains("not registered"));
    }
}

#[test]
fn a_name_in_a_self_signed_certificate_proves_nothing() {
    let leaf = self_signed(NOW - DAY, NOW + DAY);
    let named = CertificateMatch::SanDns("tpp.example".to_owned());
    let now = at(NOW).now();
    assert!(matches!(named.matches(&read(&leaf), now), Lookup::Now(Ok(true))));
    let result = if_offered(by_itself(named.clone()), &own_id(), Some(vec![leaf.clone()]));
    assert!(refused(result).contains("not registered"));
    // Nor does it where an authority should have given the name.
    assert!(refused(if_offered(by_tls(named), &own_id(), Some(vec![leaf]))).contains("refused"));
}

#[test]
fn a_self_signed_certificate_serves_in_its_time_and_with_a_strong_key() {
    let own = |leaf: &CertificateDer<'static>| {
        by_itself(CertificateMatch::Thumbprint(*read(leaf).thumbprint()))
    };
    let show = |leaf: CertificateDer<'static>| if_offered(own(&leaf), &own_id(), Some(vec![leaf]));
    assert!(show(self_signed(NOW, NOW)).is_ok());
    assert!(refused(show(self_signed(NOW - DAY, NOW - 1))).contains("expired"));
    assert!(refused(show(self_signed(NOW + 1, NOW + DAY))).contains("not valid yet"));
    let digest = openssl::hash::MessageDigest::sha256();
    let weak = ISSUING.issues_by_openssl(&test_keys::rsa(1024), digest, |_| {});
    assert!(refused(show(weak)).contains("too weak"));
}

#[test]
fn a_bound_client_may_show_no_certificate_but_its_own() {
    let clients =
        |constraint| registered(AuthenticationMethod::PrivateKeyJwt, constraint, organisation(OWN));
    let bound = || clients(SenderConstraint::Certificate);
    let assertion = asserting(&with(|_| {}));
    let client = if_offered(bound(), &assertion, Some(issued())).unwrap();
    assert!(client.certificate().is_some());
    assert!(if_offered(bound(), &assertion, None).unwrap().certificate().is_none());
    let stranger = || Some(vec![self_signed(NOW - DAY, NOW + DAY)]);
    assert!(refused(if_offered(bound(), &assertion, stranger())).contains("refused"));
    let other = ISSUING.issues(|leaf| leaf.distinguished_name = rcgen::DistinguishedName::new());
    let other = Some(vec![other, ISSUING.der()]);
    assert!(refused(if_offered(bound(), &assertion, other)).contains("not that of the client"));
    // With tokens bound by DPoP the certificate is nobody's business.
    let free = clients(SenderConstraint::Dpop);
    assert!(if_offered(free, &assertion, stranger()).unwrap().certificate().is_none());
}

#[test]
fn a_verdict_that_was_not_to_be_had_is_our_fault() {
    let leaf = Arc::new(read(&ISSUING.issues(|_| {})));
    for reason in [Reason::RevocationUnknown, Reason::ServiceUnavailable] {
        let unknown = Offer::Untrusted(leaf.clone(), Rejection::new(reason));
        let rule = rule(by_tls(organisation(OWN))).if_offered();
        let offered = OfferedCertificate(unknown);
        let why = judged(rule.check((&own_id(), &offered), &mut request(), &at(NOW)));
        assert_eq!(why.unwrap_err().reason(), reason);
    }
}

#[test]
fn what_a_connection_shows_is_noted() {
    let nothing = offered(None).unwrap();
    assert!(nothing.certificate().is_none() && nothing.trusted().is_none());
    let trusted = offered(Some(issued())).unwrap();
    assert!(trusted.certificate().is_some() && trusted.trusted().is_some());
    let stranger = offered(Some(vec![self_signed(NOW - DAY, NOW + DAY)])).unwrap();
    assert!(stranger.certificate().is_some() && stranger.trusted().is_none());
    let broken = offered(Some(vec![CertificateDer::from(vec![0])])).unwrap_err();
    assert_eq!(broken.reason(), Reason::CertificateUntrusted);
}

//! Registration requests: each case changes one thing about one that is in order.

use std::sync::LazyLock;

use http::Request;
use openssl::pkey::{PKey, Private};
use rcgen::{CertificateParams, DnType};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Map, Value, json};

use super::*;
use crate::authorize::test_requests::jws;
use crate::body::BodyBytes;
use crate::cert::test_pki::{ISSUING, NOW, read};
use crate::cert::{Anchors, CertificateMatch, Trust, TrustedCertificate};
use crate::client_auth::{AuthenticationMethod, GrantType};
use crate::crypto::{Algorithm, test_keys};
use crate::eidas::IdentifyPsp;
use crate::eidas::test_psp::Psp;
use crate::gate::Rule as _;
use crate::gate::test_support::{at, judged};
use crate::jose::{Key, KeyLookup, KeySet, KeySource, KeysUnavailable};
use crate::reject::{Reason, Rejection};
use crate::replay::{MemoryReplayStore, NoReplayStore, ReplayStore};
use crate::revocation::Revocation;
use crate::signature::SigningCertificates;

mod hostile;

const BANK: &str = "https://as.bank.example";
const ORG: &str = "0015800001041RHAAY";
const SOFTWARE: &str = "65d1f27c-4aea-4549-9c21-60e495a7a86f";

static DIRECTORY: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);
static OWN: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);
static OTHER: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);

type Claims = Map<String, Value>;

fn statement_claims() -> Claims {
    let claims = json!({
        "iss": "OpenBanking Ltd",
        "iat": NOW - 60,
        "jti": "id12345685439487678",
        "software_environment": "production",
        "software_mode": "Live",
        "software_id": SOFTWARE,
        "software_client_name": "Amazon Prime Movies",
        "software_redirect_uris": ["https://tpp.example/cb", "https://tpp.example/other"],
        "software_roles": ["AISP", "PISP"],
        "software_jwks_endpoint": "https://keystore.example/tpp.jwks",
        "organisation_competent_authority_claims": [{
            "authority_id": "FCAGBR", "registration_id": "123456", "status": "Active",
            "authorisations": [{ "member_state": "GB", "roles": ["PISP", "AISP"] }] }],
        "org_status": "Active",
        "org_id": ORG,
        "org_name": "TPP",
    });
    serde_json::from_value(claims).unwrap()
}

fn request_claims() -> Claims {
    let claims = json!({
        "iss": SOFTWARE,
        "aud": BANK,
        "iat": NOW - 5,
        "exp": NOW + 300,
        "jti": "37747cd1-c105-4569-9f75-4adf28b73e31",
        "software_id": SOFTWARE,
        "redirect_uris": ["https://tpp.example/cb"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "PS256",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types": ["code id_token"],
        "scope": "openid accounts",
        "application_type": "web",
        "id_token_signed_response_alg": "PS256",
        "request_object_signing_alg": "ES256",
        "an_unknown_member": true,
    });
    serde_json::from_value(claims).unwrap()
}

fn signed(header: &Value, claims: Claims, key: &PKey<Private>) -> String {
    jws(header, Value::from(claims).to_string().as_bytes(), &test_keys::signing(key))
}

fn statement(edit: impl FnOnce(&mut Claims)) -> String {
    let mut claims = statement_claims();
    edit(&mut claims);
    signed(&json!({ "alg": "ES256", "kid": "ob", "typ": "JWT" }), claims, &DIRECTORY)
}

fn request(statement: String, edit: impl FnOnce(&mut Claims)) -> String {
    let mut claims = request_claims();
    claims.insert("software_statement".to_owned(), statement.into());
    edit(&mut claims);
    signed(&json!({ "alg": "ES256", "kid": "own", "typ": "JWT" }), claims, &OWN)
}

fn keys(kid: &str, key: &PKey<Private>) -> KeySet {
    KeySet::of([Key::new(test_keys::signing(key).public_key().clone()).with_id(kid)]).unwrap()
}

fn rule_spending(spent: impl ReplayStore + 'static) -> VerifyRegistration {
    let directory = Directory::of("OpenBanking Ltd", keys("ob", &DIRECTORY));
    let software = |statement: &SoftwareStatement| {
        assert_eq!(statement.software_jwks_endpoint(), Some("https://keystore.example/tpp.jwks"));
        Some(std::sync::Arc::new(keys("own", &OWN)) as std::sync::Arc<dyn KeySource>)
    };
    VerifyRegistration::by(directory, [BANK], software, spent, RegistrationPolicy::obie())
}

fn rule() -> VerifyRegistration {
    rule_spending(MemoryReplayStore::with_capacity(8))
}

/// An OBWAC: its organizationIdentifier is `PSDGB-FCA-123456`.
fn obwac() -> CertificateDer<'static> {
    ISSUING.issues(|_| {})
}

/// A certificate without organizationIdentifier, of this `OU` and `CN`.
fn obtransport(unit: &'static str, name: &'static str) -> CertificateDer<'static> {
    ISSUING.issues(|parameters: &mut CertificateParams| {
        let mut subject = rcgen::DistinguishedName::new();
        subject.push(DnType::CountryName, "GB");
        subject.push(DnType::OrganizationName, "OpenBanking");
        subject.push(DnType::OrganizationalUnitName, unit);
        subject.push(DnType::CommonName, name);
        parameters.distinguished_name = subject;
    })
}

fn sent(
    rule: &VerifyRegistration,
    certificate: &CertificateDer<'_>,
    body: &str,
) -> Result<RegistrationRequest, Rejection> {
    let trusted = TrustedCertificate::of(read(certificate));
    let body = BodyBytes::new(body.as_bytes().to_vec().into());
    let request = Request::post("/register").header("content-type", "application/jwt");
    let mut request = request.body(()).unwrap().into_parts().0;
    judged(rule.check((&body, &trusted), &mut request, &at(NOW)))
}

fn told(outcome: Result<RegistrationRequest, Rejection>) -> Option<Reason> {
    outcome.err().map(|refused| refused.reason())
}

fn is_of(client: &crate::cert::Client, certificate: &CertificateDer<'_>) -> bool {
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW));
    let matched = client.certificate().matches(&read(certificate), now);
    matches!(matched, crate::jose::Lookup::Now(Ok(true)))
}

const UNAPPROVED: Option<Reason> = Some(Reason::SoftwareStatementUnapproved);
const UNAVAILABLE: Option<Reason> = Some(Reason::ServiceUnavailable);

#[test]
fn what_is_proven_and_allowed_becomes_a_client() {
    let body = request(statement(|_| {}), |_| {});
    let registered = sent(&rule(), &obwac(), &body).unwrap();
    let statement = registered.statement();
    assert_eq!((statement.org_id(), statement.software_id()), (ORG, SOFTWARE));
    assert_eq!(statement.software_client_name(), Some("Amazon Prime Movies"));
    assert_eq!((statement.software_mode(), statement.org_name()), (Some("Live"), Some("TPP")));
    assert_eq!(statement.id(), Some("id12345685439487678"));
    assert!(statement.has_role("PISP") && !statement.has_role("CBPII"));
    assert_eq!(registered.metadata().application_type(), Some("web"));
    assert_eq!(registered.authentication(), AuthenticationMethod::PrivateKeyJwt);
    assert_eq!(registered.scopes(), ["openid", "accounts"]);

    let identifier = CertificateMatch::OrganizationIdentifier("PSDGB-FCA-123456".to_owned());
    let client = registered.client("c-1", keys("own", &OWN), identifier);
    assert_eq!((client.client_id(), client.organisation_id()), ("c-1", Some(ORG)));
    assert_eq!(client.software_id(), Some(SOFTWARE));
    assert_eq!(client.algorithms(), [Algorithm::Es256, Algorithm::Ps256]);
    assert!(is_of(&client, &obwac()));
    let registration = client.registration().unwrap();
    assert!(registration.may_use(GrantType::RefreshToken));
    assert!(registration.may_ask_for("accounts") && !registration.may_ask_for("payments"));
    assert!(registration.may_redirect_to("https://tpp.example/cb"));
    assert!(!registration.may_redirect_to("https://tpp.example/other"), "not asked for");
}

#[test]
fn by_a_certificate_the_client_is_known_by_the_subject_that_it_shows() {
    let certificate = obtransport(ORG, SOFTWARE);
    let by_subject = |subject: Option<&str>| {
        request(statement(|_| {}), |claims| {
            claims.insert("token_endpoint_auth_method".to_owned(), "tls_client_auth".into());
            claims.remove("token_endpoint_auth_signing_alg");
            claims
                .extend(subject.map(|subject| {
                    ("tls_client_auth_subject_dn".to_owned(), Value::from(subject))
                }));
        })
    };
    let own = format!("CN={SOFTWARE},OU={ORG},O=OpenBanking,C=GB");
    let reversed = format!("C=GB,O=OpenBanking,OU={ORG},CN={SOFTWARE}");
    for text in [&own, &reversed] {
        let registered = sent(&rule(), &certificate, &by_subject(Some(text))).unwrap();
        let client = registered.client("c", keys("own", &OWN), CertificateMatch::NoCertificate);
        assert!(is_of(&client, &certificate));
        assert!(!is_of(&client, &obwac()));
        assert_eq!(client.algorithms(), [Algorithm::Es256]);
    }
    let invalid = Some(Reason::ClientMetadataInvalid);
    for subject in [None, Some("CN=other,O=OpenBanking,C=GB"), Some("no name"), Some("")] {
        assert_eq!(told(sent(&rule(), &certificate, &by_subject(subject))), invalid);
    }
}

#[test]
fn the_certificate_is_of_the_organisation_and_where_it_names_software_of_that() {
    let body = request(statement(|_| {}), |_| {});
    let directory = "PSDGB-OB-Unknown0015800001041RHAAY";
    for (what, certificate, expected) in [
        ("by authority", obwac(), None),
        ("by directory", identified(directory), None),
        ("of another", identified("PSDGB-FCA-654321"), UNAPPROVED),
        ("of another country", identified("PSDIE-FCA-123456"), UNAPPROVED),
        ("unknown", identified("PSDGB-OB-Unknown0015800001HQQrZAAX"), UNAPPROVED),
        ("of the software", obtransport(ORG, SOFTWARE), None),
        ("of other software", obtransport(ORG, "other"), UNAPPROVED),
        ("of another unit", obtransport("0015800001HQQrZAAX", SOFTWARE), UNAPPROVED),
        ("an identifier as unit", obtransport("PSDGB-FCA-123456", SOFTWARE), UNAPPROVED),
    ] {
        assert_eq!(told(sent(&rule(), &certificate, &body)), expected, "{what}");
    }
}

fn identified(identifier: &'static str) -> CertificateDer<'static> {
    ISSUING.issues(|parameters: &mut CertificateParams| {
        let oid = DnType::CustomDnType(crate::cert::test_pki::ORGANIZATION_IDENTIFIER.to_vec());
        parameters.distinguished_name.push(oid, identifier);
    })
}

#[test]
fn a_request_registers_once_and_is_not_spent_by_a_refusal() {
    let rule = rule();
    let (good, other) = (request(statement(|_| {}), |_| {}), obtransport(ORG, "other"));
    assert_eq!(told(sent(&rule, &other, &good)), UNAPPROVED);
    assert_eq!(told(sent(&rule, &obwac(), &good)), None);
    let again = sent(&rule, &obwac(), &good).unwrap_err();
    assert_eq!(
        (again.reason(), again.place_of_fault()),
        (Reason::ClientMetadataInvalid, Some("jti"))
    );
    assert_eq!(told(sent(&rule_spending(NoReplayStore), &obwac(), &good)), UNAVAILABLE);
}

/// A bank that has an opinion, or none to be had.
struct Says(Result<Approval, ()>);

impl ApproveSoftware for Says {
    fn approve<'a>(
        &'a self,
        _: &'a SoftwareStatement,
    ) -> crate::gate::BoxFuture<'a, Result<Approval, ApprovalUnavailable>> {
        Box::pin(async { self.0.map_err(|()| ApprovalUnavailable) })
    }
}

#[test]
fn what_the_bank_does_not_approve_is_unapproved() {
    let body = request(statement(|_| {}), |_| {});
    for (says, expected) in
        [(Ok(Approval::Approve), None), (Ok(Approval::Refuse), UNAPPROVED), (Err(()), UNAVAILABLE)]
    {
        assert_eq!(told(sent(&rule().approved_by(Says(says)), &obwac(), &body)), expected);
    }
}

/// Keys that come after waiting, or do not.
struct Slow(bool);

impl KeySource for Slow {
    fn find(&self, _: &str, _: UnixTime) -> KeyLookup {
        let there = self.0;
        KeyLookup::Later(Box::pin(async move {
            let found = keys("ob", &DIRECTORY).get("ob").cloned();
            if there { Ok(found) } else { Err(KeysUnavailable) }
        }))
    }
}

#[test]
fn keys_that_are_not_to_be_had_are_unavailable_and_software_without_keys_is_unapproved() {
    let body = request(statement(|_| {}), |_| {});
    let of = |directory: Directory, known: bool| {
        let software = move |_: &SoftwareStatement| {
            known.then(|| std::sync::Arc::new(keys("own", &OWN)) as std::sync::Arc<dyn KeySource>)
        };
        let spent = MemoryReplayStore::with_capacity(8);
        let policy = RegistrationPolicy::obie();
        VerifyRegistration::by(directory, [BANK], software, spent, policy)
    };
    let directory = |there| Directory::of("OpenBanking Ltd", Slow(there));
    for (there, known, expected) in
        [(true, true, None), (false, true, UNAVAILABLE), (true, false, UNAPPROVED)]
    {
        assert_eq!(told(sent(&of(directory(there), known), &obwac(), &body)), expected);
    }
}

#[test]
fn the_signing_certificate_is_judged_and_of_the_same_organisation() {
    let anchors = Anchors::of([ISSUING.der()]).unwrap();
    let lists = Revocation::by_lists([ISSUING.lists(|_| {})]).unwrap();
    let psp = IdentifyPsp::from_certificate();
    let certificates = SigningCertificates::trusted_by(Trust::seals(anchors, lists), psp);
    let body = request(statement(|_| {}), |_| {});
    let rule = |seal: Option<CertificateDer<'static>>| {
        let key = Key::new(test_keys::signing(&OWN).public_key().clone()).with_id("own");
        let own = KeySet::of([key.certified_by(seal).unwrap()]).unwrap();
        let software = move |_: &SoftwareStatement| {
            Some(std::sync::Arc::new(own.clone()) as std::sync::Arc<dyn KeySource>)
        };
        let directory = Directory::of("OpenBanking Ltd", keys("ob", &DIRECTORY));
        let spent = MemoryReplayStore::with_capacity(8);
        let policy = RegistrationPolicy::obie();
        VerifyRegistration::by(directory, [BANK], software, spent, policy)
            .certified_by(certificates.clone())
    };
    let seal = Psp::seal().issued_to(&OWN);
    assert_eq!(told(sent(&rule(Some(seal.clone())), &obwac(), &body)), None);
    let invalid = Some(Reason::SigningCertificateInvalid);
    assert_eq!(told(sent(&rule(None), &obwac(), &body)), invalid);
    // The seal is in order, and of `PSDGB-FCA-123456`, which this statement does not name.
    let other = request(
        statement(|claims| drop(claims.remove("organisation_competent_authority_claims"))),
        |_| {},
    );
    let certificate = obtransport(ORG, SOFTWARE);
    assert_eq!(told(sent(&rule(Some(seal)), &certificate, &other)), UNAPPROVED);
}

#[test]
fn a_clock_moves_the_statement_out_of_its_time() {
    let body = request(
        statement(|claims| drop(claims.insert("iat".to_owned(), (NOW - 1800).into()))),
        |_| {},
    );
    assert_eq!(told(sent(&rule(), &obwac(), &body)), None);
    let older = request(
        statement(|claims| drop(claims.insert("iat".to_owned(), (NOW - 1801).into()))),
        |_| {},
    );
    let invalid = Some(Reason::SoftwareStatementInvalid);
    assert_eq!(told(sent(&rule(), &obwac(), &older)), invalid);
}

//! The certificate behind the key: each case changes one thing about a QSealC that is in order.

use openssl::hash::MessageDigest;
use openssl::x509::X509Builder;
use rustls_pki_types::CertificateDer;

use super::*;
use crate::cert::test_pki::{Authority, DAY, ISSUING, NOW as TODAY, ROOT, revoked};
use crate::cert::{Anchors, Trust};
use crate::eidas::test_psp::{Psp, listed_for_seals, listed_for_websites};
use crate::eidas::{Block, Blocked, IdentifyPsp, Kind, StopList};
use crate::revocation::Revocation;

/// What is demanded: the issuing authority, and its list without entries.
fn certificates() -> SigningCertificates {
    demanding(&ISSUING, ISSUING.lists(|_| {}))
}

fn demanding(anchor: &Authority, list: Vec<u8>) -> SigningCertificates {
    let anchors = Anchors::of([anchor.der()]).unwrap();
    let lists = Revocation::by_lists([list]).unwrap();
    SigningCertificates::trusted_by(Trust::seals(anchors, lists), IdentifyPsp::from_certificate())
}

fn rule(certificates: SigningCertificates) -> VerifySignature {
    VerifySignature::detached_jws(ObieSigning::V3_1_4).certified_by(certificates)
}

fn seal() -> CertificateDer<'static> {
    Psp::seal().issued_to(test_keys::rsa_2048())
}

/// The client with these certificates behind its key.
fn certified(chain: &[CertificateDer<'static>]) -> Client {
    let key = key("k1", test_keys::rsa_2048()).certified_by(chain.to_vec()).unwrap();
    client().signs_with(KeySet::of([key]).unwrap(), [Algorithm::Ps256])
}

fn signed(
    certificates: SigningCertificates,
    client: Client,
    message: &Message,
    now: u64,
) -> Result<SignedMessage, Reason> {
    let body = BodyBytes::new(message.received().to_vec().into());
    let registered = RegisteredClient::assertion(Arc::new(client));
    let verdict = rule(certificates).check((&body, &registered), &mut message.request(), &at(now));
    crate::gate::test_support::judged(verdict).map_err(|why| why.reason())
}

fn judged_at(
    certificates: SigningCertificates,
    seal: CertificateDer<'static>,
    now: u64,
) -> Option<Reason> {
    let message = Message::by(ObieSigning::V3_1_4);
    signed(certificates, certified(&[seal]), &message, now).err()
}

fn reason(certificates: SigningCertificates, seal: CertificateDer<'static>) -> Option<Reason> {
    judged_at(certificates, seal, TODAY)
}

const INVALID: Option<Reason> = Some(Reason::SigningCertificateInvalid);

#[test]
fn a_seal_in_order_is_accepted_and_named() {
    let message = Message::by(ObieSigning::V3_1_4);
    let seal = seal();
    let chain = std::slice::from_ref(&seal);
    let signed = signed(certificates(), certified(chain), &message, TODAY).unwrap();
    assert!(signed.is_signed());
    assert_eq!(signed.certificate().unwrap().der(), &seal);
    let organisation = signed.organisation().unwrap();
    assert_eq!(organisation.organization_identifier(), "PSDGB-FCA-123456");
    assert_eq!(organisation.kind(), Kind::QSeal);
    let mut line = Audit::default();
    signed.audit(&mut line);
    assert_eq!(line.get("signing_thumbprint").map(str::len), Some(64));
}

#[test]
fn a_key_without_a_certificate_is_refused_although_the_signature_holds() {
    let message = Message::by(ObieSigning::V3_1_4);
    assert_eq!(signed(certificates(), client(), &message, TODAY).err(), INVALID);
    assert_eq!(plain(ObieSigning::V3_1_4, &message), SIGNED);
}

#[test]
fn a_website_certificate_seals_nothing() {
    let web = Psp::web().issued_to(test_keys::rsa_2048());
    assert_eq!(reason(certificates(), web.clone()), INVALID);
    assert_eq!(reason(certificates().allow_unidentified(), web), INVALID);
}

#[test]
fn a_seal_of_another_authority_is_refused() {
    let rogue = Authority::root("Issuing");
    let edit = |builder: &mut X509Builder| Psp::seal().write(builder);
    let seal = rogue.issues_by_openssl(test_keys::rsa_2048(), MessageDigest::sha256(), edit);
    assert_eq!(reason(certificates(), seal), INVALID);
}

#[test]
fn the_certificates_behind_the_first_lead_to_an_anchor_further_up() {
    let message = Message::by(ObieSigning::V3_1_4);
    let demanded = || {
        let anchors = Anchors::of([ROOT.der()]).unwrap();
        let lists = Revocation::by_lists([ROOT.lists(|_| {}), ISSUING.lists(|_| {})]).unwrap();
        let trust = Trust::seals(anchors, lists);
        SigningCertificates::trusted_by(trust, IdentifyPsp::from_certificate())
    };
    let whole = certified(&[seal(), ISSUING.der()]);
    assert!(signed(demanded(), whole, &message, TODAY).is_ok());
    assert_eq!(signed(demanded(), certified(&[seal()]), &message, TODAY).err(), INVALID);
}

#[test]
fn a_seal_is_judged_with_every_message_by_its_time() {
    let (certificates, seal) = (certificates(), seal());
    let expired = Some(Reason::SigningCertificateExpired);
    for (now, expected) in
        [(TODAY, None), (TODAY + 2 * DAY, expired), (TODAY, None), (TODAY - 2 * DAY, expired)]
    {
        assert_eq!(judged_at(certificates.clone(), seal.clone(), now), expected, "{now}");
    }
}

#[test]
fn a_revoked_seal_is_refused_and_one_of_unknown_status_too() {
    let list = ISSUING.lists(|list| list.revoked_certs.push(revoked(&seal())));
    let refused = reason(demanding(&ISSUING, list), seal());
    assert_eq!(refused, Some(Reason::SigningCertificateRevoked));
    let unknown = reason(demanding(&ISSUING, ROOT.lists(|_| {})), seal());
    assert_eq!(unknown, Some(Reason::RevocationUnknown));
}

#[test]
fn a_certificate_that_identifies_nobody_is_refused_unless_it_is_allowed() {
    let silent = || Psp { statements: None, ..Psp::seal() }.issued_to(test_keys::rsa_2048());
    assert_eq!(reason(certificates(), silent()), INVALID);
    let message = Message::by(ObieSigning::V3_1_4);
    let relaxed = certificates().allow_unidentified();
    let passed = signed(relaxed.clone(), certified(&[silent()]), &message, TODAY).unwrap();
    assert!(passed.certificate().is_some() && passed.organisation().is_none());
    // What is stated must be in order, and trust is due as ever.
    let other = Psp::seal().named("PSDDE-BAFIN-123456").issued_to(test_keys::rsa_2048());
    assert_eq!(reason(relaxed.clone(), other), INVALID);
    let edit = |_: &mut X509Builder| {};
    let rogue = Authority::root("Issuing");
    let rogue = rogue.issues_by_openssl(test_keys::rsa_2048(), MessageDigest::sha256(), edit);
    assert_eq!(reason(relaxed, rogue), INVALID);
}

#[test]
fn a_policy_of_qualified_certificates_is_one_for_seals_too() {
    let demanding = |services| {
        let anchors = Anchors::of([ISSUING.der()]).unwrap();
        let trust = Trust::seals(anchors, Revocation::danger_off());
        SigningCertificates::trusted_by(trust, IdentifyPsp::eu_qualified(services))
    };
    let qualified = || Psp::qualified_seal().issued_to(test_keys::rsa_2048());
    let message = Message::by(ObieSigning::V3_1_4);
    let listed = demanding(listed_for_seals());
    let passed = signed(listed.clone(), certified(&[qualified()]), &message, TODAY).unwrap();
    assert!(passed.organisation().unwrap().qualification().is_some());
    // Without QcCompliance, and by an authority that is listed for websites alone.
    assert_eq!(reason(listed, seal()), INVALID);
    assert_eq!(reason(demanding(listed_for_websites()), qualified()), INVALID);
}

#[test]
fn a_provider_on_the_stop_list_seals_nothing_from_the_next_message_on() {
    let list = StopList::default();
    let certificates = certificates().blocked_by(list.clone());
    assert_eq!(reason(certificates.clone(), seal()), None);
    let who = Blocked::Organisation("PSDGB-FCA-123456".parse().unwrap());
    list.block(Block::of(who));
    assert_eq!(reason(certificates, seal()), Some(Reason::CertificateBlocked));
}

#[test]
fn keys_that_come_later_bring_their_certificates() {
    struct Later(KeySet);

    impl KeySource for Later {
        fn find(&self, kid: &str, _: UnixTime) -> KeyLookup {
            let found = self.0.get(kid).cloned();
            KeyLookup::Later(Box::pin(async { Ok(found) }))
        }
    }
    let message = Message::by(ObieSigning::V3_1_4);
    for (chain, expected) in [(vec![seal()], None), (vec![], INVALID)] {
        let key = key("k1", test_keys::rsa_2048()).certified_by(chain).unwrap();
        let keys = Later(KeySet::of([key]).unwrap());
        let client = client().signs_with(keys, [Algorithm::Ps256]);
        assert_eq!(signed(certificates(), client, &message, TODAY).err(), expected);
    }
}

#[test]
fn a_wrong_signature_is_answered_before_the_certificate_is_looked_at() {
    let mut message = Message::by(ObieSigning::V3_1_4);
    message.body = Some(b"{}".to_vec());
    assert_eq!(
        signed(certificates(), client(), &message, TODAY).err(),
        Some(Reason::SignatureInvalid)
    );
}

#[test]
fn a_message_that_need_not_be_signed_needs_no_certificate() {
    let mut message = Message::by(ObieSigning::V3_1_4);
    message.method = Method::GET;
    message.lines = |_| vec![];
    let passed = signed(certificates(), client(), &message, TODAY).unwrap();
    assert!(!passed.is_signed() && passed.certificate().is_none());
}

//! What a configuration can demand besides its profile: a stop list, certificates behind
//! signatures, one organisation.

use std::fs;

use tower_open_banking::eidas::{Block, Blocked};
use tower_open_banking::jose::KeySet;
use tower_open_banking::reject::Reason;

use crate::config::{FILES, good, open, set, strings, unset};
use crate::support::bank::{App, CLIENT_KID, MIXED_KID, Preset, SILENT_KID};
use crate::support::clock;
use crate::support::payment::{Payment, Signature};
use crate::support::pki::Qwac;

/// The number of a certificate of the demo provider that the stop list names.
pub(crate) const BLOCKED: u64 = 4800;

pub(crate) fn of_serial(serial: u64) -> Qwac {
    Qwac { serial, ..Qwac::default() }
}

/// The same with everything that a configuration can demand besides.
pub(crate) fn strict(preset: Preset) -> toml::Table {
    let mut table = good(preset);
    set(&mut table, "stop_list", "stop.json");
    if preset.is_signed() {
        set(&mut table, "client.0.keys", "sealed.jwks");
        set(&mut table, "client.0.organization_identifier", "PSDGB-FCA-123456");
        set(&mut table, "client.1.organization_identifier", "PSDFR-ACPR-54321");
        set(&mut table, "signature.certificates.anchors", strings(["ca.pem"]));
        set(&mut table, "signature.certificates.crls", strings(["ca.crl"]));
        set(&mut table, "signature.certificates.revocation", "crl");
        set(&mut table, "signature.require_one_organisation", true);
    }
    table
}

/// A preset, the step that is demanded besides, and what it stops.
type Attack = (Preset, &'static str, fn(&mut Payment));

/// What the further demands of a configuration stop.
pub(crate) const ATTACKS: [Attack; 6] = [
    (Preset::Uk314, "RefuseBlocked", |payment| payment.certify(|qwac| qwac.serial = BLOCKED)),
    (Preset::Berlin, "RefuseBlocked", |payment| payment.certify(|qwac| qwac.serial = BLOCKED)),
    (Preset::Fapi1, "RefuseBlocked", |payment| payment.certify(|qwac| qwac.serial = BLOCKED)),
    (Preset::Uk314, "RequireOneOrganisation", |payment| payment.kid = MIXED_KID),
    (Preset::Wso2, "RequireOneOrganisation", |payment| payment.kid = MIXED_KID),
    (Preset::Berlin, "ReadPsuHeaders", |payment| drop(payment.headers.remove("psu-ip-address"))),
];

#[tokio::test]
async fn each_further_demand_stops_its_attack_and_without_it_that_attack_passes() {
    for (preset, step, attack) in ATTACKS {
        let good = Payment::good(preset, "key-1");
        let whole = App::behind(open(strict(preset)).unwrap().payments().clock(clock));
        let refused = whole.answer(good.clone().with(attack).request()).await;
        assert!(refused.status.is_client_error() && whole.ran() == 0, "{preset:?} {step}");
        assert_eq!(whole.answer(good.clone().request()).await.payment_id(), "pay-1");
        let mut table = strict(preset);
        set(&mut table, &format!("steps.{step}"), false);
        let without = App::behind(open(table).unwrap().payments().clock(clock));
        let passed = without.answer(good.with(attack).request()).await;
        assert_eq!(passed.payment_id(), "pay-1", "{preset:?} {step} {:?}", passed.rejection);
    }
}

#[tokio::test]
async fn a_drill_without_signatures_still_compares_the_transport_certificate() {
    let mut table = strict(Preset::Uk314);
    set(&mut table, "steps.VerifySignature", false);
    set(&mut table, "steps.MatchClient", false);
    let app = App::behind(open(table).unwrap().payments().clock(clock));
    let unsigned = |payment: &mut Payment| payment.signature = Signature::None;
    let good = Payment::good(Preset::Uk314, "key-1").with(unsigned);
    assert_eq!(app.answer(good.clone().request()).await.payment_id(), "pay-1");
    let other = good.with(|payment| payment.certificate = Qwac::of_another());
    let answer = app.answer(other.request()).await;
    assert_eq!(answer.reason(), Some((Reason::OrganisationMismatch, None)));
}

#[tokio::test]
async fn a_key_without_a_certificate_signs_nothing_where_certificates_are_judged() {
    let mut table = strict(Preset::Uk314);
    set(&mut table, "client.0.keys", "tpp.jwks");
    let app = App::behind(open(table).unwrap().payments().clock(clock));
    let answer = app.answer(Payment::good(Preset::Uk314, "key-1").request()).await;
    assert_eq!(answer.reason(), Some((Reason::SigningCertificateInvalid, None)));
    assert_eq!(answer.code(), "UK.OBIE.Signature.Invalid");
}

#[tokio::test]
async fn a_certificate_that_identifies_nobody_signs_only_where_that_is_allowed() {
    let payment = Payment::good(Preset::Uk314, "key-1").with(|payment| payment.kid = SILENT_KID);
    let mut table = strict(Preset::Uk314);
    let app = App::behind(open(table.clone()).unwrap().payments().clock(clock));
    let answer = app.answer(payment.request()).await;
    assert_eq!(answer.reason(), Some((Reason::SigningCertificateInvalid, None)));
    set(&mut table, "signature.allow_unidentified", true);
    let app = App::behind(open(table).unwrap().payments().clock(clock));
    assert_eq!(app.answer(payment.request()).await.payment_id(), "pay-1");
}

#[tokio::test]
async fn the_stop_list_names_signing_certificates_as_well() {
    let setup = open(strict(Preset::Uk314)).unwrap();
    let app = App::behind(setup.payments().clock(clock));
    let keys = KeySet::parse(&fs::read(FILES.join("sealed.jwks")).unwrap()).unwrap();
    let seal = *keys.get(CLIENT_KID).unwrap().certificate().unwrap().thumbprint();
    setup.stop_list().unwrap().block(Block::of(Blocked::Thumbprint(seal)));
    let answer = app.answer(Payment::good(Preset::Uk314, "key-1").request()).await;
    assert_eq!(answer.reason(), Some((Reason::CertificateBlocked, None)));
}

#[tokio::test]
async fn the_stop_list_of_a_running_gate_can_be_changed() {
    let setup = open(strict(Preset::Berlin)).unwrap();
    let app = App::behind(setup.payments().clock(clock));
    let payment = || Payment::good(Preset::Berlin, "").request();
    assert_eq!(app.answer(payment()).await.status, 201);
    let who = Blocked::Organisation("PSDGB-FCA-123456".parse().unwrap());
    setup.stop_list().unwrap().block(Block::of(who.clone()));
    let refused = app.answer(payment()).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (401, "CERTIFICATE_BLOCKED".into()));
    assert!(setup.stop_list().unwrap().lift(&who));
    assert_eq!(app.answer(payment()).await.status, 201);
    assert!(open(good(Preset::Berlin)).unwrap().stop_list().is_none());
}

#[test]
fn a_demand_that_could_not_be_kept_is_refused_with_its_key() {
    type Change = fn(&mut toml::Table);
    let cases: [(Preset, Change, &str); 9] = [
        (Preset::Uk314, |t| set(t, "stop_list", "absent"), "stop_list: "),
        (Preset::Uk314, |t| set(t, "stop_list", "nobody.json"), "stop_list: "),
        (
            Preset::Uk314,
            |t| drop(t["signature"].as_table_mut().unwrap().remove("certificates")),
            "signature.require_one_organisation: signature.certificates is due for it",
        ),
        (
            Preset::Uk314,
            |t| {
                set(t, "signature.require_one_organisation", false);
                set(t, "signature.allow_unidentified", true);
                drop(t["signature"].as_table_mut().unwrap().remove("certificates"));
            },
            "signature.allow_unidentified: signature.certificates is due for it",
        ),
        (
            Preset::Uk314,
            |t| unset(t, "client.1.organization_identifier"),
            "client[1].organization_identifier: due for signature.require_one_organisation",
        ),
        (
            Preset::Uk314,
            |t| {
                // Half of a place in the directory is none.
                unset(t, "client.0.organization_identifier");
                unset(t, "client.0.software_id");
            },
            "client[0].organization_identifier: due for signature.require_one_organisation",
        ),
        (
            Preset::Uk314,
            |t| set(t, "client.0.organization_identifier", "PSDGB_FCA_1"),
            "client[0].organization_identifier: not an organization identifier",
        ),
        (
            Preset::Uk314,
            |t| set(t, "signature.certificates.anchors", strings([])),
            "signature.certificates.anchors: no anchor",
        ),
        (
            Preset::Berlin,
            |t| {
                set(t, "signature.certificates.anchors", strings(["ca.pem"]));
                set(t, "signature.certificates.revocation", "off");
            },
            "signature.certificates: the profile has no message signatures",
        ),
    ];
    for (preset, change, why) in cases {
        let mut table = strict(preset);
        change(&mut table);
        let said = open(table).err().unwrap_or_default();
        assert!(said.starts_with(why), "{why}: {said}");
    }
}

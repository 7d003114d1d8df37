//! Any two presets differ in at least one request, and this is one.

use http::StatusCode;
use serde_json::Value;
use tower_open_banking::eidas::{IdentifyPsp, RequireRole};
use tower_open_banking::profile::{Bank, berlin};
use tower_open_banking::reject::Reason;

use crate::support::answer::Answer;
use crate::support::bank::{App, Preset, bank};
use crate::support::clock;
use crate::support::payment::{INTERACTION_ID, Payment, Signature, order};
use crate::support::pki::{Authority, PSP_AI, QcType, REVOKED};

/// What two presets answer to one request.
async fn both(
    presets: [Preset; 2],
    request: impl Fn(&mut Payment),
    signed_as: Preset,
) -> [Answer; 2] {
    let payment = Payment::good(signed_as, "key-1").with(request);
    let [first, second] = presets.map(App::of);
    [first.answer(payment.request()).await, second.answer(payment.request()).await]
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn paid() -> (u16, String) {
    refused(201, "")
}

#[tokio::test]
async fn every_preset_accepts_its_own_payment_and_answers_under_the_same_interaction_id() {
    for preset in Preset::ALL {
        let app = App::of(preset);
        let payment = Payment::good(preset, "key-1");
        let answer = app.answer(payment.request()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{preset:?} {:?}", answer.rejection);
        assert_eq!(answer.payment_id(), "pay-1");
        assert_eq!(answer.header(preset.id_header()), INTERACTION_ID);
        assert_eq!(answer.is_signed(preset.signing()), preset.is_signed(), "{preset:?}");
        let replay = app.answer(payment.request()).await;
        // Berlin Group has no key by which a repeated payment could be known.
        let (id, ran) = if preset.is_once() { ("pay-1", 1) } else { ("pay-2", 2) };
        assert_eq!((replay.payment_id(), app.ran()), (id.into(), ran), "{preset:?}");
        assert_eq!(replay.is_signed(preset.signing()), preset.is_signed(), "{preset:?}");
    }
}

#[tokio::test]
async fn uk_3_1_3_takes_an_unencoded_signature_that_uk_3_1_4_refuses() {
    let [older, newer] = both([Preset::Uk313, Preset::Uk314], |_| (), Preset::Uk313).await;
    assert_eq!(said(&older), paid());
    assert_eq!(said(&newer), refused(400, "UK.OBIE.Signature.InvalidClaim"));
    assert_eq!(newer.json()["Errors"][0]["Path"], "b64");
}

#[tokio::test]
async fn uk_3_1_3_has_long_error_codes_where_uk_4_0_has_short_ones() {
    let wrong = |payment: &mut Payment| payment.set("x-fapi-customer-ip-address", "localhost");
    let [older, newer] = both([Preset::Uk313, Preset::Uk40], wrong, Preset::Uk313).await;
    assert_eq!(said(&older), refused(400, "UK.OBIE.Header.Invalid"));
    assert_eq!(older.json()["Code"], "400 BadRequest");
    assert_eq!(said(&newer), refused(400, "U006"));
    assert_eq!(newer.json()["Code"], Value::Null);
    for answer in [&older, &newer] {
        assert_eq!(answer.json()["Id"], answer.header("x-fapi-interaction-id"));
    }
}

#[tokio::test]
async fn uk_3_1_3_demands_the_signature_that_fapi1_does_not_know() {
    let unsigned = |payment: &mut Payment| payment.signature = Signature::None;
    let [uk, fapi] = both([Preset::Uk313, Preset::Fapi1], unsigned, Preset::Uk313).await;
    assert_eq!(said(&uk), refused(400, "UK.OBIE.Signature.Missing"));
    assert!(uk.is_signed(Preset::Uk313.signing()));
    assert_eq!(said(&fapi), paid());
    assert_eq!(fapi.header("x-jws-signature"), "");
}

#[tokio::test]
async fn wso2_takes_the_signature_without_b64_that_uk_3_1_3_refuses() {
    let [uk, wso2] = both([Preset::Uk313, Preset::Wso2], |_| (), Preset::Wso2).await;
    assert_eq!(said(&uk), refused(400, "UK.OBIE.Signature.MissingClaim"));
    assert_eq!(uk.json()["Errors"][0]["Path"], "b64");
    assert_eq!(said(&wso2), paid());
}

#[tokio::test]
async fn uk_4_0_explains_an_expired_token_in_a_body_and_uk_3_1_4_does_not() {
    let expired = |payment: &mut Payment| payment.claim("exp", 1_789_999_999);
    let [older, newer] = both([Preset::Uk314, Preset::Uk40], expired, Preset::Uk314).await;
    assert_eq!((said(&older), older.body.len()), (refused(401, ""), 0));
    assert_eq!(said(&newer), refused(401, "U028"));
    for answer in [&older, &newer] {
        let challenge = "Bearer realm=\"open-banking\", error=\"invalid_token\"";
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
}

#[tokio::test]
async fn uk_3_1_4_demands_the_role_that_fapi1_does_not_know() {
    let powerless = |payment: &mut Payment| payment.certify(|qwac| qwac.roles = &[PSP_AI]);
    let [uk, fapi] = both([Preset::Uk314, Preset::Fapi1], powerless, Preset::Uk314).await;
    assert_eq!(said(&uk), refused(403, "Role.Missing"));
    assert_eq!(said(&fapi), paid());
}

/// The same key with another order, after the first was paid.
async fn reused(preset: Preset) -> Answer {
    let app = App::of(preset);
    let paid = app.answer(Payment::good(preset, "key-1").request()).await;
    assert_eq!(paid.status, StatusCode::CREATED);
    let other = Payment::good(preset, "key-1").with(|payment| payment.body = order("1.00"));
    let answer = app.answer(other.request()).await;
    assert_eq!(app.ran(), 1);
    answer
}

#[tokio::test]
async fn a_reused_key_is_400_in_uk_3_1_4_and_401_in_wso2() {
    let uk = reused(Preset::Uk314).await;
    assert_eq!(said(&uk), refused(400, "UK.OBIE.Rules.ResourceAlreadyExists"));
    let wso2 = reused(Preset::Wso2).await;
    assert_eq!(said(&wso2), refused(401, "900400"));
    assert_ne!(wso2.header("www-authenticate"), "");
}

#[tokio::test]
async fn a_reused_key_is_400_in_uk_4_0_and_422_in_fapi1() {
    assert_eq!(said(&reused(Preset::Uk40).await), refused(400, "U029"));
    assert_eq!(said(&reused(Preset::Fapi1).await), refused(422, "invalid_request"));
}

#[tokio::test]
async fn a_revoked_certificate_is_explained_by_wso2_and_not_by_uk_4_0() {
    let revoked = |payment: &mut Payment| payment.certify(|qwac| qwac.serial = REVOKED);
    let [uk, wso2] = both([Preset::Uk40, Preset::Wso2], revoked, Preset::Uk40).await;
    assert_eq!((said(&uk), uk.body.len()), (refused(401, ""), 0));
    assert_eq!(said(&wso2), refused(401, "200009"));
}

#[tokio::test]
async fn a_missing_scope_is_an_oauth_error_in_fapi1_and_a_gateway_code_in_wso2() {
    let narrow = |payment: &mut Payment| payment.claim("scope", "accounts");
    let [fapi, wso2] = both([Preset::Fapi1, Preset::Wso2], narrow, Preset::Wso2).await;
    assert_eq!(said(&fapi), refused(403, "insufficient_scope"));
    assert_eq!(said(&wso2), refused(403, "900910"));
    for answer in [&fapi, &wso2] {
        let challenge = answer.header("www-authenticate");
        assert!(challenge.ends_with("error=\"insufficient_scope\", scope=\"payments\""));
    }
}

#[tokio::test]
async fn berlin_group_names_the_defect_of_a_certificate_that_uk_4_0_does_not() {
    type Case = (fn(&mut Payment), &'static str);
    let cases: [Case; 5] = [
        (|payment| payment.is_presented = false, "CERTIFICATE_MISSING"),
        (|payment| payment.certify(|qwac| qwac.serial = REVOKED), "CERTIFICATE_REVOKE"),
        (|payment| payment.certify(|qwac| qwac.years = (2020, 2021)), "CERTIFICATE_EXPIRED"),
        (|payment| payment.certify(|qwac| qwac.issuer = Authority::Rogue), "CERTIFICATE_INVALID"),
        (|payment| payment.certify(|qwac| qwac.qc_type = QcType::Seal), "CERTIFICATE_INVALID"),
    ];
    for (commit, code) in cases {
        let [berlin, uk] = both([Preset::Berlin, Preset::Uk40], commit, Preset::Uk40).await;
        assert_eq!(said(&berlin), refused(401, code));
        assert!(berlin.header("www-authenticate").starts_with("Bearer realm="));
        assert_eq!((said(&uk), uk.body.len()), (refused(401, ""), 0));
    }
}

#[tokio::test]
async fn berlin_group_demands_request_id_and_address_that_uk_4_0_does_not_know() {
    for (name, place) in [("x-request-id", "x-request-id"), ("psu-ip-address", "psu-ip-address")] {
        let without = |payment: &mut Payment| drop(payment.headers.remove(name));
        let [berlin, uk] = both([Preset::Berlin, Preset::Uk40], without, Preset::Uk40).await;
        assert_eq!(said(&berlin), refused(400, "FORMAT_ERROR"));
        assert_eq!(berlin.json()["tppMessages"][0]["path"], place);
        assert_eq!(berlin.header("x-request-id").len(), 36);
        assert_eq!(berlin.header("x-fapi-interaction-id"), "");
        assert_eq!(said(&uk), paid());
    }
}

#[tokio::test]
async fn a_missing_role_or_scope_is_401_in_berlin_group_and_403_in_wso2() {
    let powerless = |payment: &mut Payment| payment.certify(|qwac| qwac.roles = &[PSP_AI]);
    let [berlin, wso2] = both([Preset::Berlin, Preset::Wso2], powerless, Preset::Wso2).await;
    assert_eq!(said(&berlin), refused(401, "ROLE_INVALID"));
    assert_eq!(said(&wso2), refused(403, "200004"));
    let narrow = |payment: &mut Payment| payment.claim("scope", "accounts");
    let [berlin, wso2] = both([Preset::Berlin, Preset::Wso2], narrow, Preset::Wso2).await;
    assert_eq!(said(&berlin), refused(401, "TOKEN_INVALID"));
    assert_eq!(said(&wso2), refused(403, "900910"));
    assert_eq!(berlin.header("www-authenticate"), wso2.header("www-authenticate"));
}

#[tokio::test]
async fn berlin_group_does_not_read_the_signature_that_uk_3_1_4_demands() {
    let unsigned = |payment: &mut Payment| payment.signature = Signature::None;
    let [berlin, uk] = both([Preset::Berlin, Preset::Uk314], unsigned, Preset::Uk314).await;
    assert_eq!(said(&berlin), paid());
    assert_eq!(said(&uk), refused(400, "UK.OBIE.Signature.Missing"));
}

#[tokio::test]
async fn berlin_group_identifies_providers_by_the_policy_that_it_is_given() {
    let gate = |identify| {
        berlin::payments(&Bank { identify, ..bank() }, RequireRole::payment_initiation())
    };
    let seal = |payment: &mut Payment| payment.certify(|qwac| qwac.qc_type = QcType::Seal);
    let request = || Payment::good(Preset::Berlin, "").with(seal).request();
    let policy = IdentifyPsp::from_certificate;
    let strict = App::behind(gate(policy()).clock(clock)).answer(request()).await;
    assert_eq!(said(&strict), refused(401, "CERTIFICATE_INVALID"));
    let lenient = App::behind(gate(policy().allow_seal()).clock(clock)).answer(request()).await;
    assert_eq!(said(&lenient), paid());
}

#[tokio::test]
async fn berlin_group_demands_an_address_for_consents_and_not_for_funds() {
    let without = |payment: &mut Payment| drop(payment.headers.remove("psu-ip-address"));
    let bank = Bank { identify: IdentifyPsp::from_certificate(), ..bank() };
    let accounts = berlin::accounts(&bank, RequireRole::account_information());
    let consent = Payment::good(Preset::Berlin, "").with(without).with(|payment| {
        payment.path = "/v1/consents".into();
    });
    let refusal = App::behind(accounts.clock(clock)).answer(consent.request()).await;
    assert_eq!(refusal.reason(), Some((Reason::HeaderMissing, Some("psu-ip-address"))));
    let role = RequireRole::card_based_instruments().scopes(["payments"]);
    let funds = berlin::funds_confirmations(&bank, role);
    let confirmation = consent.with(|payment| payment.path = "/v1/funds-confirmations".into());
    let answer = App::behind(funds.clock(clock)).answer(confirmation.request()).await;
    assert_eq!(said(&answer), paid());
}

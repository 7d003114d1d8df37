//! The steps of every preset, and the floor below which no gate is built.

use tower_open_banking::eidas::{PermittedRole, PspIdentity, StopList};
use tower_open_banking::gate::{BuildError, Evidence, GateBuilder};
use tower_open_banking::idempotency::ClaimedKey;
use tower_open_banking::profile::Bank;
use tower_open_banking::signature::{RequireOneOrganisation, SignedMessage};
use tower_open_banking::token::{BoundToken, PermittedScope};

use crate::support::bank::{Preset, bank, consenting_bank};

const BEGIN: &[&str] = &["EchoInteractionId"];
const SIGN: &[&str] = &["SignResponse"];
const CERTIFICATE: &[&str] = &["PresentCertificate", "TrustCertificate"];
const PSP: &[&str] = &["IdentifyPsp"];
const TOKEN: &[&str] = &["VerifyToken", "BindToken", "MatchClient"];
const ROLE: &[&str] = &["RequireRole"];
const SCOPE: &[&str] = &["RequireScope"];
const HEADERS: &[&str] = &["ReadFapiHeaders", "NegotiateMedia"];
const PSU_HEADERS: &[&str] = &["ReadPsuHeaders", "NegotiateMedia"];
const SIGNED: &[&str] = &["VerifySignature"];
const ONCE: &[&str] = &["RunOnce"];

fn steps(gate: GateBuilder) -> Vec<&'static str> {
    gate.build().unwrap().steps().collect()
}

#[test]
fn the_payments_of_every_preset_go_this_way() {
    for preset in Preset::ALL {
        let way = match preset {
            Preset::Fapi1 => [BEGIN, CERTIFICATE, TOKEN, SCOPE, HEADERS, ONCE].concat(),
            Preset::Berlin => [BEGIN, CERTIFICATE, PSP, TOKEN, ROLE, PSU_HEADERS].concat(),
            _ => [BEGIN, SIGN, CERTIFICATE, PSP, TOKEN, ROLE, HEADERS, SIGNED, ONCE].concat(),
        };
        assert_eq!(steps(preset.payments(&bank())), way, "{preset:?}");
    }
}

#[test]
fn the_accounts_of_every_preset_go_this_way() {
    for preset in Preset::ALL {
        let way = match preset {
            Preset::Fapi1 => [BEGIN, CERTIFICATE, TOKEN, SCOPE, HEADERS].concat(),
            Preset::Berlin => [BEGIN, CERTIFICATE, PSP, TOKEN, ROLE, PSU_HEADERS].concat(),
            _ => [BEGIN, CERTIFICATE, PSP, TOKEN, ROLE, HEADERS].concat(),
        };
        assert_eq!(steps(preset.accounts(&bank())), way, "{preset:?}");
    }
}

#[test]
fn a_stop_list_and_one_organisation_stand_behind_what_they_build_on() {
    let bank = Bank {
        stop_list: Some(StopList::default()),
        one_organisation: Some(RequireOneOrganisation::by_name()),
        ..bank()
    };
    for preset in Preset::ALL {
        let steps = steps(preset.payments(&bank));
        let behind = |step: &str| {
            let place = steps.iter().position(|known| *known == step);
            place.map(|place| (steps[place - 1], steps[place + 1]))
        };
        let names = if preset == Preset::Fapi1 { "TrustCertificate" } else { "IdentifyPsp" };
        assert_eq!(behind("RefuseBlocked"), Some((names, "VerifyToken")), "{preset:?}");
        let between = preset.is_signed().then_some(("VerifySignature", "RunOnce"));
        assert_eq!(behind("RequireOneOrganisation"), between, "{preset:?}");
    }
}

#[test]
fn orders_are_matched_before_their_key_is_taken_and_consents_used_up_behind_it() {
    for preset in Preset::ALL {
        let steps = steps(preset.payments(&consenting_bank()));
        let once = ["MatchConsent", "RunOnce", "ExclusiveResource"];
        assert_eq!(steps.ends_with(&once), preset.is_once(), "{preset:?}");
        assert_eq!(steps.contains(&"MatchConsent"), preset.is_once(), "{preset:?}");
    }
    let unmatched = Bank { match_consent: None, ..consenting_bank() };
    let error = Preset::Uk314.payments(&unmatched).build().unwrap_err().to_string();
    assert!(error.contains("ExclusiveResource, needs MatchedConsent"), "{error}");
}

fn leaves<E: Evidence>(gate: GateBuilder) -> bool {
    match gate.must_leave::<E>().build() {
        Ok(_) => true,
        Err(BuildError::FloorMissing { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_gate_below_the_floor_is_not_built() {
    for preset in Preset::ALL {
        let has_roles = preset != Preset::Fapi1;
        let (payments, accounts) = (|| preset.payments(&bank()), || preset.accounts(&bank()));
        for gate in [&payments, &accounts] as [&dyn Fn() -> GateBuilder; 2] {
            assert!(leaves::<BoundToken>(gate()), "{preset:?}");
            assert_eq!(leaves::<PspIdentity>(gate()), has_roles, "{preset:?}");
            assert_eq!(leaves::<PermittedRole>(gate()), has_roles, "{preset:?}");
            assert_eq!(leaves::<PermittedScope>(gate()), !has_roles, "{preset:?}");
        }
        assert_eq!(leaves::<ClaimedKey>(payments()), preset.is_once(), "{preset:?}");
        assert!(!leaves::<ClaimedKey>(accounts()));
        assert_eq!(leaves::<SignedMessage>(payments()), preset.is_signed(), "{preset:?}");
        assert!(!leaves::<SignedMessage>(accounts()));
    }
}

#[test]
fn the_floor_says_what_is_missing() {
    let gate = Preset::Fapi1.payments(&bank()).must_leave::<BoundToken>();
    let error = gate.must_leave::<SignedMessage>().build().unwrap_err();
    assert_eq!(error.to_string(), "the gate must leave SignedMessage, and no step does");
}

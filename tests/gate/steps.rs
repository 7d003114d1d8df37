//! The steps of every preset, and the floor below which no gate is built.

use tower_open_banking::eidas::{PermittedRole, PspIdentity};
use tower_open_banking::gate::{BuildError, Evidence, GateBuilder};
use tower_open_banking::idempotency::ClaimedKey;
use tower_open_banking::signature::SignedMessage;
use tower_open_banking::token::{BoundToken, PermittedScope};

use crate::support::bank::{Preset, bank};

const BEGIN: &[&str] = &["EchoInteractionId"];
const SIGN: &[&str] = &["SignResponse"];
const CERTIFICATE: &[&str] = &["PresentCertificate", "TrustCertificate"];
const PSP: &[&str] = &["IdentifyPsp"];
const TOKEN: &[&str] = &["VerifyToken", "BindToken", "MatchClient"];
const ROLE: &[&str] = &["RequireRole"];
const SCOPE: &[&str] = &["RequireScope"];
const HEADERS: &[&str] = &["ReadFapiHeaders", "NegotiateMedia"];
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
            _ => [BEGIN, CERTIFICATE, PSP, TOKEN, ROLE, HEADERS].concat(),
        };
        assert_eq!(steps(preset.accounts(&bank())), way, "{preset:?}");
    }
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
        let uk = preset != Preset::Fapi1;
        let (payments, accounts) = (|| preset.payments(&bank()), || preset.accounts(&bank()));
        for gate in [&payments, &accounts] as [&dyn Fn() -> GateBuilder; 2] {
            assert!(leaves::<BoundToken>(gate()), "{preset:?}");
            assert_eq!(leaves::<PspIdentity>(gate()), uk, "{preset:?}");
            assert_eq!(leaves::<PermittedRole>(gate()), uk, "{preset:?}");
            assert_eq!(leaves::<PermittedScope>(gate()), !uk, "{preset:?}");
        }
        assert!(leaves::<ClaimedKey>(payments()) && !leaves::<ClaimedKey>(accounts()));
        assert_eq!(leaves::<SignedMessage>(payments()), uk, "{preset:?}");
        assert!(!leaves::<SignedMessage>(accounts()));
    }
}

#[test]
fn the_floor_says_what_is_missing() {
    let gate = Preset::Fapi1.payments(&bank()).must_leave::<BoundToken>();
    let error = gate.must_leave::<SignedMessage>().build().unwrap_err();
    assert_eq!(error.to_string(), "the gate must leave SignedMessage, and no step does");
}

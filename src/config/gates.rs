//! The gates of each profile, before any step is switched off.

use super::Profile;
use super::load::version;
use super::setup::{Parts, Setup};
use crate::eidas::RequireRole;
use crate::gate::GateBuilder;
use crate::profile::{Bank, berlin, fapi1, fapi2, obie, wso2};
use crate::token::RequireScope;

impl Setup {
    pub(super) fn all_payments(&self) -> GateBuilder {
        let role = || RequireRole::payment_initiation().scopes(&self.scopes.payment_initiation);
        let scope = || RequireScope::all(&self.scopes.payment_initiation);
        let bank = match &self.parts {
            Parts::Bank(bank) => bank,
            Parts::Fapi2(server) => return fapi2::payments(server, scope()),
        };
        match (&self.messages, self.profile) {
            (Some((verify, sign)), Profile::Wso2) => {
                wso2::payments(bank, role(), verify.clone(), sign.clone())
            }
            (Some((verify, sign)), profile) => {
                obie::payments(version(profile), bank, role(), verify.clone(), sign.clone())
            }
            (None, Profile::BerlinGroup) => berlin::payments(bank, role()),
            (None, _) => fapi1::payments(bank, scope()),
        }
    }

    pub(super) fn all_accounts(&self) -> GateBuilder {
        let (role, scopes) = (RequireRole::account_information(), &self.scopes.account_information);
        match (&self.parts, self.profile) {
            (Parts::Fapi2(server), _) => fapi2::resources(server, RequireScope::all(scopes)),
            (Parts::Bank(bank), Profile::BerlinGroup) => {
                berlin::accounts(bank, role.scopes(scopes))
            }
            (Parts::Bank(bank), profile) => unsigned(bank, profile, role, scopes),
        }
    }

    pub(super) fn all_funds_confirmations(&self) -> GateBuilder {
        let (role, scopes) =
            (RequireRole::card_based_instruments(), &self.scopes.card_based_instruments);
        match (&self.parts, self.profile) {
            (Parts::Fapi2(server), _) => fapi2::resources(server, RequireScope::all(scopes)),
            (Parts::Bank(bank), Profile::BerlinGroup) => {
                berlin::funds_confirmations(bank, role.scopes(scopes))
            }
            (Parts::Bank(bank), profile) => unsigned(bank, profile, role, scopes),
        }
    }
}

fn unsigned(bank: &Bank, profile: Profile, role: RequireRole, scopes: &[String]) -> GateBuilder {
    match profile {
        Profile::Fapi1Advanced => fapi1::resources(bank, RequireScope::all(scopes)),
        Profile::Wso2 => wso2::unsigned(bank, role.scopes(scopes)),
        profile => obie::unsigned(version(profile), bank, role.scopes(scopes)),
    }
}

//! The roles of TS 119 495.
use std::fmt;

use crate::cert::Oid;

/// A role of a payment service provider, known by its object identifier (ETSI TS 119 495,
/// 5.1 and Annex A).
///
/// A role in a certificate is the issuer's word at the time of issue: it does not say that the
/// authority has not withdrawn it since.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum PspRole {
    /// `PSP_AI`: account information.
    AccountInformation,
    /// `PSP_AS`: account servicing. Not a third party's role.
    AccountServicing,
    /// `PSP_IC`: issuing of card-based payment instruments.
    CardBasedInstruments,
    /// `PSP_CB`: an international central bank.
    InternationalCentralBank,
    /// `PSP_PA`: an international public authority.
    InternationalPublicAuthority,
    /// `PSP_PI`: payment initiation.
    PaymentInitiation,
    /// Registered elsewhere or made up (GEN-5.2.2-4): it grants nothing.
    Unknown(Oid),
    /// No role; must be the only entry.
    Unspecified,
    /// `VOP_RS`: asks for the verification of a payee.
    VopRequester,
    /// `VOP_VS`: verifies a payee.
    VopVerifier,
}

impl PspRole {
    /// The role an object identifier stands for.
    #[must_use]
    pub fn from_oid(oid: Oid) -> Self {
        ROLES
            .iter()
            .find(|(known, ..)| *known == oid)
            .map_or(Self::Unknown(oid), |(_, role, _)| *role)
    }

    /// The name that belongs to the object identifier (REG-5.2.2-5); none for an unknown one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        ROLES.iter().find(|(_, role, _)| *role == self).map(|(_, _, name)| *name)
    }
}

/// Writes the name, or the dotted identifier of an unknown role.
impl fmt::Display for PspRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.name()) {
            (Self::Unknown(oid), _) => oid.fmt(f),
            (_, name) => f.write_str(name.unwrap_or_default()),
        }
    }
}

const ROLES: [(Oid, PspRole, &str); 9] = [
    (Oid::literal("0.4.0.19495.1.0"), PspRole::Unspecified, "Unspecified"),
    (Oid::literal("0.4.0.19495.1.1"), PspRole::AccountServicing, "PSP_AS"),
    (Oid::literal("0.4.0.19495.1.2"), PspRole::PaymentInitiation, "PSP_PI"),
    (Oid::literal("0.4.0.19495.1.3"), PspRole::AccountInformation, "PSP_AI"),
    (Oid::literal("0.4.0.19495.1.4"), PspRole::CardBasedInstruments, "PSP_IC"),
    (Oid::literal("0.4.0.19495.1.5"), PspRole::InternationalCentralBank, "PSP_CB"),
    (Oid::literal("0.4.0.19495.1.6"), PspRole::InternationalPublicAuthority, "PSP_PA"),
    (Oid::literal("0.4.0.19495.1.51"), PspRole::VopRequester, "VOP_RS"),
    (Oid::literal("0.4.0.19495.1.52"), PspRole::VopVerifier, "VOP_VS"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_role_is_found_by_its_identifier() {
        for (oid, role, name) in ROLES {
            assert_eq!(PspRole::from_oid(oid), role);
            assert_eq!(role.to_string(), name);
        }
    }

    #[test]
    fn an_unknown_role_keeps_its_identifier_and_has_no_name() {
        for dotted in ["0.4.0.19495.1", "0.4.0.19495.1.3.999", "0.4.0.19495.1.7", "1.2.3"] {
            let role = PspRole::from_oid(dotted.parse().unwrap());
            assert_eq!(role, PspRole::Unknown(dotted.parse().unwrap()));
            assert_eq!((role.name(), role.to_string().as_str()), (None, dotted));
        }
    }
}

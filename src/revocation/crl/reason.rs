//! Why a certificate was revoked.

/// `CRLReason` of RFC 5280, 5.3.1, for the log: whatever the reason, revoked is revoked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CrlReason {
    AaCompromise = 10,
    AffiliationChanged = 3,
    CaCompromise = 2,
    CertificateHold = 6,
    CessationOfOperation = 5,
    KeyCompromise = 1,
    PrivilegeWithdrawn = 9,
    RemoveFromCrl = 8,
    Superseded = 4,
    Unspecified = 0,
}

impl CrlReason {
    /// By its number in the standard, which has no seven and ends with ten.
    pub(crate) fn of(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => return None,
        })
    }

    pub(super) fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_their_numbers() {
        let known = (0..=u8::MAX).filter_map(CrlReason::of).count();
        assert_eq!(known, 10);
        for code in 0..=u8::MAX {
            assert!(CrlReason::of(code).is_none_or(|reason| reason.code() == code), "{code}");
        }
    }
}

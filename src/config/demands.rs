//! What a configuration demands besides its profile.

use std::path::Path;

use super::load::Files;
use super::{ConfigError, Signature};
use crate::cert::Trust;
use crate::eidas::{IdentifyPsp, StopList};
use crate::revocation::Revocation;
use crate::signature::{RequireOneOrganisation, SigningCertificates};

impl Files<'_> {
    /// What is demanded of the certificates behind message signatures, and how their revocation is
    /// told.
    pub(super) fn signing_certificates(
        &self,
        signature: &Signature,
        identify: &IdentifyPsp,
        stop_list: Option<&StopList>,
    ) -> Result<Option<(SigningCertificates, Revocation)>, ConfigError> {
        let Some(trust) = &signature.certificates else {
            return match signature.allow_unidentified {
                true => Err(ConfigError::value("signature.allow_unidentified", NO_CERTIFICATES)),
                false => Ok(None),
            };
        };
        let (anchors, revocation) = self.material("signature.certificates", trust)?;
        let trust = Trust::seals(anchors, revocation.clone());
        let mut rule = SigningCertificates::trusted_by(trust, identify.clone());
        if signature.allow_unidentified {
            rule = rule.allow_unidentified();
        }
        if let Some(list) = stop_list {
            rule = rule.blocked_by(list.clone());
        }
        Ok(Some((rule, revocation)))
    }

    pub(super) fn stop_list(&self, path: Option<&Path>) -> Result<Option<StopList>, ConfigError> {
        let blocks = path.map(|path| self.parsed("stop_list", path, StopList::read)).transpose()?;
        Ok(blocks.map(StopList::of))
    }
}

/// Whether certificates, token and client are compared, in a profile that signs.
pub(super) fn one_organisation(
    signature: &Signature,
) -> Result<Option<RequireOneOrganisation>, ConfigError> {
    match (signature.require_one_organisation, &signature.certificates) {
        (true, Some(_)) => Ok(Some(RequireOneOrganisation::by_name())),
        (true, None) => {
            Err(ConfigError::value("signature.require_one_organisation", NO_CERTIFICATES))
        }
        (false, _) => Ok(None),
    }
}

/// What is wrong with a key that only means something with others.
const NO_CERTIFICATES: &str = "signature.certificates is due for it";

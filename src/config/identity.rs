//! How a configuration identifies providers.

use std::time::Duration;

use super::load::Files;
use super::{ConfigError, Identity, IdentityPolicy, Profile};
use crate::eidas::IdentifyPsp;
use crate::eidas::trusted_list::{QualifiedServices, TrustedServices};

impl Files<'_> {
    /// The services of the trusted lists, where the policy asks them.
    pub(super) fn qualified_services(
        &self,
        identity: &Identity,
    ) -> Result<Option<QualifiedServices>, ConfigError> {
        if identity.policy != Some(IdentityPolicy::EuQualified) {
            let unused = [
                ("trusted_services", identity.trusted_services.is_some()),
                ("max_age", identity.max_age.is_some()),
                ("allow_stale", identity.allow_stale.is_some()),
            ];
            return match unused.iter().find(|(_, is_set)| *is_set) {
                Some((key, _)) => {
                    let key = format!("identity.{key}");
                    Err(ConfigError::value(key, "only with policy = \"eu-qualified\""))
                }
                None => Ok(None),
            };
        }
        let due = || ConfigError::value(FILE, "due with policy = \"eu-qualified\"");
        let path = identity.trusted_services.as_ref().ok_or_else(due)?;
        let services = self.parsed(FILE, path, TrustedServices::from_json)?;
        let max_age = Duration::from_secs(identity.max_age.unwrap_or(WEEK));
        let services = QualifiedServices::new(services, max_age);
        Ok(Some(match identity.allow_stale {
            Some(seconds) => services.allow_stale(Duration::from_secs(seconds)),
            None => services,
        }))
    }
}

impl Identity {
    /// The rule; the services are those of the same table.
    pub(super) fn rule(
        &self,
        profile: Profile,
        services: Option<&QualifiedServices>,
    ) -> Result<IdentifyPsp, ConfigError> {
        if self.policy.is_some() && matches!(profile, Profile::Fapi1Advanced | Profile::Fapi2) {
            return Err(ConfigError::value("identity.policy", "the profile has no roles"));
        }
        Ok(match (services, self.policy, profile) {
            (Some(services), ..) => IdentifyPsp::eu_qualified(services.clone()),
            (_, Some(IdentityPolicy::Certificate), _) | (_, None, Profile::BerlinGroup) => {
                IdentifyPsp::from_certificate()
            }
            _ => IdentifyPsp::from_uk_directory(),
        })
    }
}

const FILE: &str = "identity.trusted_services";
const WEEK: u64 = 7 * 86_400;

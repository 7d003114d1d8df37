//! Software statements: what a directory says of a provider's software.

use std::fmt;

use serde::Deserialize;
use serde::de::MapAccess;

use super::metadata::MetadataError;
use crate::jose::{Members, NumericDate, parse_object};

/// A software statement assertion (UK DCR 3.2, "Software Statement"; RFC 7591, 2.3), typed.
///
/// As evidence it comes inside a [`RegistrationRequest`](super::RegistrationRequest) only, verified.
#[derive(Clone, Default)]
pub struct SoftwareStatement {
    pub(super) issuer: Option<String>,
    pub(super) issued_at: Option<NumericDate>,
    pub(super) expires_at: Option<NumericDate>,
    pub(super) id: Option<String>,
    pub(super) software_id: String,
    pub(super) software_client_name: Option<String>,
    pub(super) software_mode: Option<String>,
    pub(super) software_roles: Vec<String>,
    pub(super) software_redirect_uris: Vec<String>,
    pub(super) software_jwks_endpoint: Option<String>,
    pub(super) org_id: String,
    pub(super) org_name: Option<String>,
    pub(super) org_status: Option<String>,
    pub(super) authorities: Vec<CompetentAuthority>,
}

/// An authority that authorised the organisation.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct CompetentAuthority {
    /// Which, such as `FCAGBR`.
    #[serde(default)]
    pub authority_id: String,
    /// Under which number.
    #[serde(default)]
    pub registration_id: String,
}

impl CompetentAuthority {
    /// The organizationIdentifier that its certificates have (ETSI TS 119 495, 5.2.1), where the
    /// authority is one that the UK directory names.
    pub fn organization_identifier(&self) -> Option<String> {
        let known = self.authority_id == "FCAGBR" && !self.registration_id.is_empty();
        known.then(|| format!("PSDGB-FCA-{}", self.registration_id))
    }
}

impl SoftwareStatement {
    pub(super) fn parse(json: &[u8]) -> Result<Self, MetadataError> {
        parse_object(json).map(|(statement, _)| statement).map_err(MetadataError::from)
    }

    /// Its id in the directory (`jti`).
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The software.
    pub fn software_id(&self) -> &str {
        &self.software_id
    }

    /// What it is called.
    pub fn software_client_name(&self) -> Option<&str> {
        self.software_client_name.as_deref()
    }

    /// `Live` or `Test`.
    pub fn software_mode(&self) -> Option<&str> {
        self.software_mode.as_deref()
    }

    /// Whether the software has this role, such as `AISP`.
    pub fn has_role(&self, role: &str) -> bool {
        self.software_roles.iter().any(|own| own == role)
    }

    /// Where its keys are published. The directory vouches for the address; whether the bank calls it
    /// is for its [`SoftwareKeys`](super::SoftwareKeys) to say.
    pub fn software_jwks_endpoint(&self) -> Option<&str> {
        self.software_jwks_endpoint.as_deref()
    }

    /// Whether the software may be redirected to.
    pub fn may_redirect_to(&self, uri: &str) -> bool {
        self.software_redirect_uris.iter().any(|own| own == uri)
    }

    /// The organisation, in the directory.
    pub fn org_id(&self) -> &str {
        &self.org_id
    }

    /// What it is called.
    pub fn org_name(&self) -> Option<&str> {
        self.org_name.as_deref()
    }

    /// Who authorised it.
    pub fn authorities(&self) -> &[CompetentAuthority] {
        &self.authorities
    }
}

impl Members for SoftwareStatement {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "iss" => self.issuer = Some(values.next_value()?),
            "iat" => self.issued_at = Some(values.next_value()?),
            "exp" => self.expires_at = Some(values.next_value()?),
            "jti" => self.id = Some(values.next_value()?),
            "software_id" => self.software_id = values.next_value()?,
            "software_client_name" => self.software_client_name = values.next_value()?,
            "software_mode" => self.software_mode = values.next_value()?,
            "software_roles" => self.software_roles = values.next_value()?,
            "software_redirect_uris" => self.software_redirect_uris = values.next_value()?,
            "software_jwks_endpoint" => self.software_jwks_endpoint = values.next_value()?,
            "org_id" => self.org_id = values.next_value()?,
            "org_name" => self.org_name = values.next_value()?,
            "org_status" => self.org_status = values.next_value()?,
            "organisation_competent_authority_claims" => {
                self.authorities = match values.next_value::<Authorities>()? {
                    Authorities::One(one) => vec![one],
                    Authorities::Several(several) => several,
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The directory has written one and a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Authorities {
    Several(Vec<CompetentAuthority>),
    One(CompetentAuthority),
}

impl fmt::Debug for SoftwareStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareStatement")
            .field("software_id", &self.software_id)
            .field("org_id", &self.org_id)
            .finish_non_exhaustive()
    }
}

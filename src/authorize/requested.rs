//! The parameter `claims`, as far as a bank needs it.

use std::fmt;

use serde::Serialize;
use serde::de::MapAccess;

use crate::jose::{Members, Strict};

/// `claims` (OpenID Connect Core, 5.5), as far as a bank needs it.
#[derive(Clone, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RequestedClaims {
    /// Of the ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<RequestedMembers>,
    /// Of the answer of the userinfo endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<RequestedMembers>,
}

/// What is asked of an ID token or of userinfo.
#[derive(Clone, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RequestedMembers {
    /// `openbanking_intent_id`: the consent to authorise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openbanking_intent_id: Option<RequestedClaim>,
    /// `acr`: how the user must have been authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<RequestedClaim>,
}

/// One claim that is asked for (OpenID Connect Core, 5.5.1).
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RequestedClaim {
    /// `essential`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub essential: Option<bool>,
    /// `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `values`, in order of preference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl RequestedClaim {
    /// This value and no other, essential.
    pub fn of(value: impl Into<String>) -> Self {
        Self { essential: Some(true), value: Some(value.into()), values: Vec::new() }
    }
}

impl Members for RequestedClaims {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        let members = match name {
            "id_token" => &mut self.id_token,
            "userinfo" => &mut self.userinfo,
            _ => return Ok(false),
        };
        *members = values.next_value::<Option<Strict<_>>>()?.map(|Strict(members)| members);
        Ok(true)
    }
}

impl Members for RequestedMembers {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        let claim = match name {
            "openbanking_intent_id" => &mut self.openbanking_intent_id,
            "acr" => &mut self.acr,
            _ => return Ok(false),
        };
        // `null` asks for the claim and says nothing more of it (OpenID Connect Core, 5.5.1).
        let asked = values.next_value::<Option<Strict<_>>>()?;
        *claim = Some(asked.map(|Strict(asked)| asked).unwrap_or_default());
        Ok(true)
    }
}

impl Members for RequestedClaim {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "essential" => self.essential = Some(values.next_value()?),
            "value" => self.value = Some(values.next_value()?),
            "values" => self.values = values.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl fmt::Debug for RequestedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestedClaims").finish_non_exhaustive()
    }
}

impl fmt::Debug for RequestedMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestedMembers").finish_non_exhaustive()
    }
}

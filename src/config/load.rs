//! From the structs to the parts of a gate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::fetch::Over;
use super::keys::Keys;
use super::sender::{due, useless};
use super::{Client, Config, ConfigError, Profile, SenderConstraint, Signature, Signing, Token};
use crate::cert::{CertificateMatch, Clients, NameOrder, RegisteredName};
use crate::crypto::{Algorithm, SigningKey};
use crate::eidas::OrganizationId;
use crate::profile::obie;
use crate::signature::{ObieSigning, ResponseSigner, TrustAnchors, VerifySignature};
use crate::token::{TokenAudience, TokenIssuer, VerifyToken};

/// Reads files relative to the configuration's own place.
pub(super) struct Files<'a>(pub(super) &'a Path);

impl Files<'_> {
    fn read(&self, key: &str, path: &Path) -> Result<(PathBuf, Vec<u8>), ConfigError> {
        let path = self.0.join(path);
        match std::fs::read(&path) {
            Ok(bytes) => Ok((path, bytes)),
            Err(source) => Err(ConfigError::File { key: key.to_owned(), path, source }),
        }
    }

    pub(super) fn parsed<T, E: ToString>(
        &self,
        key: &str,
        path: &Path,
        parse: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        let (path, bytes) = self.read(key, path)?;
        parse(&bytes).map_err(|why| ConfigError::Content {
            key: key.to_owned(),
            path,
            why: why.to_string(),
        })
    }

    pub(super) fn token(&self, token: &Token, over: &Over) -> Result<VerifyToken, ConfigError> {
        for (key, text) in [("token.issuer", &token.issuer), ("token.audience", &token.audience)] {
            if text.is_empty() {
                return Err(ConfigError::value(key, "empty"));
            }
        }
        let (file, uri) = (token.keys.as_deref(), token.jwks_uri.as_deref());
        let keys = self.keys(&Keys { table: "token", file, uri }, over)?;
        if let Some(introspection) = &token.introspection {
            return introspection.rule(self, token, keys, over);
        }
        let keys = keys.ok_or_else(|| ConfigError::value("token.keys", "due, or `jwks_uri`"))?;
        let issuer = TokenIssuer(token.issuer.clone());
        let audience = TokenAudience(token.audience.clone());
        let rule = VerifyToken::issued_by(issuer, audience, keys);
        Ok(if token.allow_untyped { rule.allow_untyped() } else { rule })
    }

    pub(super) fn clients(&self, config: &Config, over: &Over) -> Result<Clients, ConfigError> {
        if config.trust.as_ref().is_some_and(|trust| trust.anchors.len() > 1) {
            // A subject name alone can be had from any of the authorities.
            for client in config.client.iter().filter(|client| client.issuer_dn.is_none()) {
                let client = &client.client_id;
                tracing::warn!(%client, "several anchors are trusted and issuer_dn is not set");
            }
        }
        let nameless = |client: &Client| {
            let in_directory = client.organisation_id.is_some() && client.software_id.is_some();
            !in_directory && client.organization_identifier.is_none()
        };
        if config.signature.require_one_organisation
            && let Some(index) = config.client.iter().position(nameless)
        {
            let key = format!("client[{index}].organization_identifier");
            return Err(ConfigError::value(key, "due for signature.require_one_organisation"));
        }
        let clients: Result<Vec<_>, _> = config
            .client
            .iter()
            .enumerate()
            .map(|(index, client)| self.client(index, client, config, over))
            .collect();
        Clients::of(clients?).map_err(|error| ConfigError::value("client", error))
    }

    fn client(
        &self,
        index: usize,
        client: &Client,
        config: &Config,
        over: &Over,
    ) -> Result<crate::cert::Client, ConfigError> {
        let profile = config.profile;
        let key = |name: &str| format!("client[{index}].{name}");
        if client.client_id.is_empty() {
            return Err(ConfigError::value(key("client_id"), "empty"));
        }
        let certificate = match (config.constraint()?, &client.subject_dn, &client.issuer_dn) {
            (SenderConstraint::Dpop, Some(_), _) => return Err(useless(key("subject_dn"))),
            (_, Some(subject), issuer) => {
                // Directories print names in either order (rule of the UK and Brasil directories).
                let order = match profile {
                    Profile::BerlinGroup | Profile::Fapi1Advanced | Profile::Fapi2 => {
                        NameOrder::AsWritten
                    }
                    _ => NameOrder::AllowReversed,
                };
                let name = |name: &str, text: &str| {
                    RegisteredName::parse(text, order)
                        .map_err(|error| ConfigError::value(key(name), error))
                };
                let issuer = issuer.as_deref().map(|text| name("issuer_dn", text)).transpose()?;
                CertificateMatch::SubjectDn { subject: name("subject_dn", subject)?, issuer }
            }
            (SenderConstraint::Certificate, None, _) => return Err(due(key("subject_dn"))),
            (_, None, None) => CertificateMatch::NoCertificate,
            (_, None, Some(_)) => return Err(useless(key("issuer_dn"))),
        };
        let mut registered = crate::cert::Client::new(&client.client_id, certificate);
        if let (Some(organisation), Some(software)) = (&client.organisation_id, &client.software_id)
        {
            registered = registered.in_directory(organisation, software);
        }
        if let Some(identifier) = &client.organization_identifier {
            OrganizationId::parse(identifier)
                .map_err(|error| ConfigError::value(key("organization_identifier"), error))?;
            registered = registered.identified_by(identifier);
        }
        let algorithms = algorithms(&client.algorithms)
            .map_err(|why| ConfigError::value(key("algorithms"), why))?;
        if signed(profile) && !algorithms.contains(&Algorithm::Ps256) {
            return Err(ConfigError::value(key("algorithms"), "none is allowed by the profile"));
        }
        let table = format!("client[{index}]");
        let (file, uri) = (client.keys.as_deref(), client.jwks_uri.as_deref());
        match self.keys(&Keys { table: &table, file, uri }, over)? {
            Some(keys) => Ok(registered.signs_with(keys, algorithms)),
            None if signed(profile) => {
                let why = "due in a profile with message signatures";
                Err(ConfigError::value(key("keys"), why))
            }
            None => Ok(registered),
        }
    }

    pub(super) fn signer(
        &self,
        signing: &Signing,
        rules: ObieSigning,
    ) -> Result<ResponseSigner, ConfigError> {
        let key = self.parsed("signing.key", &signing.key, SigningKey::from_pem)?;
        let (kid, issuer, anchor) = (&signing.kid, &signing.issuer, &signing.trust_anchor);
        for (key, text) in
            [("signing.kid", kid), ("signing.issuer", issuer), ("signing.trust_anchor", anchor)]
        {
            if text.is_empty() {
                return Err(ConfigError::value(key, "empty"));
            }
        }
        ResponseSigner::new(rules, key, kid, issuer, anchor)
            .map_err(|error| ConfigError::value("signing.key", error))
    }
}

/// Whether a profile has message signatures.
pub(super) fn signed(profile: Profile) -> bool {
    !matches!(profile, Profile::BerlinGroup | Profile::Fapi1Advanced | Profile::Fapi2)
}

/// The version of the UK profile whose rules a profile follows.
pub(super) fn version(profile: Profile) -> obie::Version {
    match profile {
        Profile::Uk3_1_3 => obie::Version::V3_1_3,
        Profile::BerlinGroup
        | Profile::Fapi1Advanced
        | Profile::Fapi2
        | Profile::Uk3_1_4
        | Profile::Wso2 => obie::Version::V3_1_4,
        Profile::Uk4_0 => obie::Version::V4_0,
        Profile::Uk4_0_1 => obie::Version::V4_0_1,
    }
}

pub(super) fn verify(
    signature: &Signature,
    signing: &Signing,
    profile: Profile,
) -> VerifySignature {
    let mut rule = VerifySignature::detached_jws(version(profile).signing())
        .trust_anchors(TrustAnchors::named([&signing.trust_anchor]));
    if let Some(seconds) = signature.max_age {
        rule = rule.max_age(Duration::from_secs(seconds));
    }
    for member in &signature.allow_members {
        rule = rule.allow_member(member);
    }
    if signature.danger_waiver_007 { rule.danger_waiver_007() } else { rule }
}

/// Refuses unknown and weak names; an empty list is the caller's to judge.
pub(super) fn algorithms(names: &[String]) -> Result<Arc<[Algorithm]>, String> {
    names
        .iter()
        .map(|name| match Algorithm::from_name(name) {
            Some(Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512) => {
                Err(format!("{name} is too weak"))
            }
            Some(algorithm) => Ok(algorithm),
            None => Err(format!("{name} is not a signature algorithm")),
        })
        .collect()
}

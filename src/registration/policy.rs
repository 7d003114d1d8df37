//! What a client may be, given its software statement.

use super::metadata::ClientMetadata;
use super::statement::SoftwareStatement;
use crate::authorize::{ResponseType, is_https};
use crate::cert::{Certificate, NameOrder, RegisteredName};
use crate::client_auth::{AuthenticationMethod, GrantType};
use crate::crypto::Algorithm;
use crate::reject::{Reason, Rejection};

/// What a bank lets clients register.
#[derive(Clone, Debug)]
pub struct RegistrationPolicy {
    methods: Vec<AuthenticationMethod>,
    algorithms: Vec<Algorithm>,
    scopes: Vec<(String, Option<String>)>,
}

impl RegistrationPolicy {
    /// UK Read/Write: `private_key_jwt` and `tls_client_auth`; PS256 and ES256 (FAPI 1.0 Advanced,
    /// 8.6); `openid` for all, `accounts` for the role AISP, `payments` for PISP,
    /// `fundsconfirmations` for CBPII.
    pub fn obie() -> Self {
        let roles = [
            ("openid", None),
            ("accounts", Some("AISP")),
            ("payments", Some("PISP")),
            ("fundsconfirmations", Some("CBPII")),
        ];
        let own = |(scope, role): (&str, Option<&str>)| (scope.to_owned(), role.map(str::to_owned));
        Self {
            methods: vec![AuthenticationMethod::PrivateKeyJwt, AuthenticationMethod::TlsClientAuth],
            algorithms: vec![Algorithm::Ps256, Algorithm::Es256],
            scopes: roles.map(own).into(),
        }
    }

    /// Restricts the methods by which clients authenticate to these.
    #[must_use]
    pub fn methods(mut self, methods: impl AsRef<[AuthenticationMethod]>) -> Self {
        self.methods.retain(|method| methods.as_ref().contains(method));
        self
    }

    /// Restricts the algorithms to these.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl AsRef<[Algorithm]>) -> Self {
        self.algorithms.retain(|algorithm| algorithms.as_ref().contains(algorithm));
        self
    }

    pub(super) fn accepted(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// What of a request is allowed, decided.
    pub(super) fn judge(
        &self,
        metadata: &ClientMetadata,
        statement: &SoftwareStatement,
        certificate: &Certificate,
    ) -> Result<Allowed, Rejection> {
        if let Some(name) = metadata.refused {
            return Err(invalid(name).detail("not taken"));
        }
        redirect_uris(metadata, statement)?;
        let jwks = (&metadata.jwks_uri, &statement.software_jwks_endpoint);
        if jwks.0.is_some() && jwks.0 != jwks.1 {
            return Err(invalid("jwks_uri").detail("not that of the software statement"));
        }
        let method = self.method(metadata)?;
        let subject = match method {
            AuthenticationMethod::TlsClientAuth => Some(subject(metadata, certificate)?),
            _ => None,
        };
        self.signs(&metadata.id_token_signed_response_alg, "id_token_signed_response_alg")?;
        let objects = "request_object_signing_alg";
        let object = self.signs(&metadata.request_object_signing_alg, objects)?;
        let assertion = match method {
            AuthenticationMethod::PrivateKeyJwt => {
                let name = "token_endpoint_auth_signing_alg";
                Some(self.signs(&metadata.token_endpoint_auth_signing_alg, name)?)
            }
            _ => None,
        };
        let mut algorithms = vec![object];
        algorithms.extend(assertion.filter(|algorithm| *algorithm != object));
        let grants = grants(metadata)?;
        let scopes = self.scopes(metadata, statement)?;
        Ok(Allowed { method, subject, algorithms, grants, scopes })
    }

    fn method(&self, metadata: &ClientMetadata) -> Result<AuthenticationMethod, Rejection> {
        let name = metadata.token_endpoint_auth_method.as_deref();
        let known = self.methods.iter().find(|method| Some(method.as_str()) == name);
        known.copied().ok_or_else(|| invalid("token_endpoint_auth_method"))
    }

    fn signs(
        &self,
        algorithm: &Option<String>,
        name: &'static str,
    ) -> Result<Algorithm, Rejection> {
        let named = algorithm.as_deref().and_then(Algorithm::from_name);
        let known = named.filter(|algorithm| self.algorithms.contains(algorithm));
        known.ok_or_else(|| invalid(name))
    }

    /// Those that were asked for, or all that the roles of the software have.
    fn scopes(
        &self,
        metadata: &ClientMetadata,
        statement: &SoftwareStatement,
    ) -> Result<Vec<String>, Rejection> {
        let due = |role: &Option<String>| role.as_ref().is_none_or(|role| statement.has_role(role));
        let possible = self.scopes.iter().filter(|(_, role)| due(role)).map(|(scope, _)| scope);
        let possible: Vec<String> = possible.cloned().collect();
        let Some(asked) = &metadata.scope else { return Ok(possible) };
        let asked: Vec<&str> = asked.split(' ').filter(|name| !name.is_empty()).collect();
        match asked.iter().all(|name| possible.iter().any(|scope| scope == name)) {
            true if !asked.is_empty() => Ok(asked.into_iter().map(str::to_owned).collect()),
            _ => Err(invalid("scope").detail("unknown, or not of the software's roles")),
        }
    }
}

/// What a request comes to.
pub(super) struct Allowed {
    pub(super) method: AuthenticationMethod,
    pub(super) subject: Option<RegisteredName>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) grants: Vec<GrantType>,
    pub(super) scopes: Vec<String>,
}

fn redirect_uris(
    metadata: &ClientMetadata,
    statement: &SoftwareStatement,
) -> Result<(), Rejection> {
    let refused =
        |why| Rejection::new(Reason::RedirectUriInvalid).place("redirect_uris").detail(why);
    let uris = &metadata.redirect_uris;
    if uris.is_empty() {
        return Err(refused("none"));
    }
    if !uris.iter().all(|uri| is_https(uri)) {
        return Err(refused("not an https URI of a host"));
    }
    match uris.iter().all(|uri| statement.may_redirect_to(uri)) {
        true => Ok(()),
        false => Err(refused("not in the software statement")),
    }
}

/// The subject that the client wants to be known by: it shows a certificate of it here.
fn subject(
    metadata: &ClientMetadata,
    certificate: &Certificate,
) -> Result<RegisteredName, Rejection> {
    let refused = |why| invalid("tls_client_auth_subject_dn").detail(why);
    let text = metadata.tls_client_auth_subject_dn.as_deref().ok_or_else(|| refused("none"))?;
    // The UK directory prints both orders.
    let name = RegisteredName::parse(text, NameOrder::AllowReversed);
    let name = name.map_err(|_| refused("not a distinguished name"))?;
    match name.matches(certificate.subject()) {
        true => Ok(name),
        false => Err(refused("not the subject of the certificate")),
    }
}

fn grants(metadata: &ClientMetadata) -> Result<Vec<GrantType>, Rejection> {
    let grants: Option<Vec<GrantType>> =
        metadata.grant_types.iter().map(|name| GrantType::named(name)).collect();
    let grants =
        grants.filter(|grants| !grants.is_empty()).ok_or_else(|| invalid("grant_types"))?;
    let codes = grants.contains(&GrantType::AuthorizationCode);
    if grants.contains(&GrantType::RefreshToken) && !codes {
        return Err(invalid("grant_types").detail("refresh_token without authorization_code"));
    }
    let fits = |name: &String| {
        let kind = ResponseType::named(name);
        codes && matches!(kind, Some(ResponseType::Code | ResponseType::CodeIdToken))
    };
    match metadata.response_types.iter().all(fits) {
        true => Ok(grants),
        false => Err(invalid("response_types")),
    }
}

fn invalid(name: &'static str) -> Rejection {
    Rejection::new(Reason::ClientMetadataInvalid).place(name)
}

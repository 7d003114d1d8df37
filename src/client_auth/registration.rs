//! What a client registered at the authorization server.

/// How a client authenticates: the one value of `token_endpoint_auth_method`. FAPI has no secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AuthenticationMethod {
    /// A signed assertion (OpenID Connect Core 1.0, section 9; RFC 7523).
    PrivateKeyJwt,
    /// A certificate of its own JWK set (RFC 8705, section 2.2).
    SelfSignedTlsClientAuth,
    /// A certificate that an authority issued to it (RFC 8705, section 2.1).
    TlsClientAuth,
}

impl AuthenticationMethod {
    /// As metadata name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::TlsClientAuth => "tls_client_auth",
        }
    }
}

/// A grant type (RFC 6749). Implicit, password and assertion grants are in no profile here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GrantType {
    /// A code of the authorisation endpoint.
    AuthorizationCode,
    /// The client for itself.
    ClientCredentials,
    /// A refresh token.
    RefreshToken,
}

impl GrantType {
    /// The grant of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::AuthorizationCode, Self::ClientCredentials, Self::RefreshToken]
            .into_iter()
            .find(|grant| grant.as_str() == name)
    }

    /// As requests and metadata name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// To what the access tokens of a client are bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SenderConstraint {
    /// The certificate of its connection (RFC 8705, section 3).
    Certificate,
    /// The key of its DPoP proofs (RFC 9449).
    Dpop,
}

/// What a client registered at the authorization server (RFC 7591, section 2). A new one may do
/// nothing: no grant, no scope, no redirection URI.
#[derive(Clone, Debug)]
pub struct Registration {
    authentication: AuthenticationMethod,
    constraint: SenderConstraint,
    grants: Vec<GrantType>,
    scopes: Vec<String>,
    redirect_uris: Vec<String>,
}

impl Registration {
    /// A client that authenticates so and whose tokens are bound so.
    pub fn new(authentication: AuthenticationMethod, constraint: SenderConstraint) -> Self {
        Self {
            authentication,
            constraint,
            grants: Vec::new(),
            scopes: Vec::new(),
            redirect_uris: Vec::new(),
        }
    }

    /// Its grant types.
    #[must_use]
    pub fn grants(mut self, grants: impl IntoIterator<Item = GrantType>) -> Self {
        self.grants.extend(grants);
        self
    }

    /// The scopes that it may ask for.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Its redirection URIs, compared character by character.
    #[must_use]
    pub fn redirect_uris<S: Into<String>>(mut self, uris: impl IntoIterator<Item = S>) -> Self {
        self.redirect_uris.extend(uris.into_iter().map(Into::into));
        self
    }

    /// How it authenticates.
    pub fn authentication(&self) -> AuthenticationMethod {
        self.authentication
    }

    /// To what its access tokens are bound.
    pub fn constraint(&self) -> SenderConstraint {
        self.constraint
    }

    /// Whether it registered this grant type.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    /// Whether it may ask for this scope.
    pub fn may_ask_for(&self, scope: &str) -> bool {
        self.scopes.iter().any(|registered| registered == scope)
    }

    /// Whether it registered this redirection URI.
    pub fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_registration_may_do_nothing() {
        let new = Registration::new(AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Dpop);
        assert!(!new.may_use(GrantType::ClientCredentials));
        assert!(!new.may_ask_for("openid") && !new.may_ask_for(""));
        assert!(!new.may_redirect_to("https://tpp/cb") && !new.may_redirect_to(""));
    }

    #[test]
    fn names_and_uris_are_compared_character_by_character() {
        let client = Registration::new(AuthenticationMethod::TlsClientAuth, SenderConstraint::Dpop)
            .grants([GrantType::AuthorizationCode])
            .scopes(["accounts"])
            .redirect_uris(["https://tpp/cb"]);
        assert!(client.may_use(GrantType::AuthorizationCode));
        assert!(!client.may_use(GrantType::RefreshToken));
        assert!(client.may_ask_for("accounts") && !client.may_ask_for("Accounts"));
        for near in ["https://tpp/cb/", "https://TPP/cb", "https://tpp/cb?x", "https://tpp/c"] {
            assert!(!client.may_redirect_to(near), "{near}");
        }
        assert!(client.may_redirect_to("https://tpp/cb"));
        assert_eq!(GrantType::named("refresh_token"), Some(GrantType::RefreshToken));
        for other in ["implicit", "password", "Refresh_token", ""] {
            assert_eq!(GrantType::named(other), None);
        }
    }
}

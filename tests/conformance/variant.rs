//! In which ways the suite runs a plan.

use std::fmt;

/// One of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Variant {
    /// As the server's file has it.
    pub profile: &'static str,
    pub authentication: Authentication,
    pub pushed: bool,
    pub jarm: bool,
    pub dpop: bool,
    pub openid: bool,
}

/// How clients authenticate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Authentication {
    PrivateKeyJwt,
    TlsClientAuth,
}

pub const MTLS: Authentication = Authentication::TlsClientAuth;

pub const FAPI1: Variant = Variant {
    profile: "fapi1-advanced",
    authentication: Authentication::PrivateKeyJwt,
    pushed: false,
    jarm: false,
    dpop: false,
    openid: true,
};
pub const UK: Variant = Variant { profile: "uk", ..FAPI1 };
pub const FAPI2: Variant = Variant { profile: "fapi2", pushed: true, ..FAPI1 };

impl Variant {
    pub fn by(self, authentication: Authentication) -> Self {
        Self { authentication, ..self }
    }

    pub fn pushed(self) -> Self {
        Self { pushed: true, ..self }
    }

    pub fn jarm(self) -> Self {
        Self { jarm: true, ..self }
    }

    pub fn dpop(self) -> Self {
        Self { dpop: true, ..self }
    }

    pub fn plain_oauth(self) -> Self {
        Self { openid: false, ..self }
    }

    pub fn fapi2(&self) -> bool {
        self.profile == FAPI2.profile
    }

    pub fn jwt(&self) -> bool {
        self.authentication == Authentication::PrivateKeyJwt
    }

    pub fn uk(&self) -> bool {
        self.profile == UK.profile
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |is: bool, yes, no| if is { yes } else { no };
        write!(f, "{} {}", self.profile, word(self.jwt(), "private_key_jwt", "tls_client_auth"))?;
        if self.fapi2() {
            let openid = word(self.openid, "openid", "plain_oauth");
            return write!(f, " {} {openid}", word(self.dpop, "dpop", "certificate"));
        }
        write!(f, " {}", word(self.pushed, "pushed", "by_value"))?;
        write!(f, " {}", word(self.jarm, "jarm", "plain_response"))
    }
}

//! The bank's authorization server, as far as a demonstration needs one: it signs access tokens.

use openssl::pkey::{PKeyRef, Private};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Anything, jws, now};

/// The claims of a token for this client, bound to the certificate of this thumbprint.
pub fn claims(client_id: &str, thumbprint: &str, scope: &str, seconds: u64) -> Value {
    json!({
        "iss": "https://auth.bank.example",
        "aud": "https://api.bank.example",
        "exp": now() + seconds,
        "iat": now(),
        "jti": Uuid::new_v4().to_string(),
        "sub": client_id,
        "client_id": client_id,
        "scope": scope,
        "cnf": { "x5t#S256": thumbprint },
    })
}

/// The header of an access token (RFC 9068).
pub fn header() -> Value {
    json!({ "alg": "PS256", "typ": "at+jwt", "kid": ISSUER_KID })
}

/// Signs.
pub fn sign(header: &Value, claims: &Value, key: &PKeyRef<Private>) -> Anything<String> {
    jws::compact(header, claims.to_string().as_bytes(), key)
}

/// The name of the key in `authorization-server.jwks.json`.
pub const ISSUER_KID: &str = "issuer-1";

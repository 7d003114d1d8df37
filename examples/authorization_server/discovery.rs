//! The discovery document (OpenID Connect Discovery 1.0; RFC 8414; RFC 8705, section 5).

use serde_json::{Value, json};

use tower_open_banking::config::ServerProfile;

/// What the server says of itself. One origin serves everything: a certificate is asked for and not
/// demanded, so there are no aliases for mutual TLS.
pub fn document(issuer: &str, profile: ServerProfile) -> Value {
    let at = |path: &str| format!("{issuer}/{path}");
    let fapi2 = matches!(profile, ServerProfile::Fapi2 | ServerProfile::Fapi2MessageSigning);
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "pushed_authorization_request_endpoint": at("par"),
        "introspection_endpoint": at("introspect"),
        "revocation_endpoint": at("revoke"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "require_pushed_authorization_requests": fapi2,
        "authorization_response_iss_parameter_supported": true,
        // The only claims that can be asked for are those of the UK.
        "claims_parameter_supported": !fapi2,
        "claims_supported": ["acr", "auth_time", "iss", "sub", "openbanking_intent_id"],
        "acr_values_supported": ["urn:openbanking:psd2:sca", "urn:openbanking:psd2:ca"],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": SIGNING,
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "id_token_signing_alg_values_supported": ["PS256"],
        "authorization_signing_alg_values_supported": ["PS256"],
        "request_object_signing_alg_values_supported": SIGNING,
        "request_parameter_supported": !fapi2,
        "request_uri_parameter_supported": false,
        "scopes_supported": ["openid", "accounts", "payments"],
        "subject_types_supported": ["public"],
        "tls_client_certificate_bound_access_tokens": true,
        "introspection_signing_alg_values_supported": ["PS256"],
    });
    let (types, modes) = match fapi2 {
        true => (json!(["code"]), json!(["query"])),
        false => (
            json!(["code", "code id_token"]),
            json!(["fragment", "jwt", "query.jwt", "fragment.jwt"]),
        ),
    };
    document["response_types_supported"] = types;
    document["response_modes_supported"] = modes;
    for endpoint in ["token", "introspection", "revocation"] {
        document[format!("{endpoint}_endpoint_auth_methods_supported")] =
            json!(["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"]);
        document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")] = json!(SIGNING);
    }
    document
}

const SIGNING: [&str; 3] = ["PS256", "ES256", "EdDSA"];

//! Makes everything that a server and its clients need, as files.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use serde_json::json;
use tower_open_banking::crypto::Algorithm;

use super::Anything;
use super::pki::{Authority, Keys, certificate_jwk, subject_dn};

/// A client to write.
struct Role {
    name: &'static str,
    authentication: &'static str,
    constraint: &'static str,
    algorithm: Algorithm,
}

const ROLES: [Role; 7] = [
    Role { name: "client-1", ..JWT },
    Role { name: "client-2", ..JWT },
    Role { name: "mtls-1", ..MTLS },
    Role { name: "mtls-2", ..MTLS },
    Role { name: "self-signed-1", authentication: SELF_SIGNED, ..MTLS },
    Role { name: "dpop-1", ..DPOP },
    Role { name: "dpop-2", ..DPOP },
];
const SELF_SIGNED: &str = "self_signed_tls_client_auth";
const JWT: Role = Role {
    name: "",
    authentication: "private_key_jwt",
    constraint: "certificate",
    algorithm: Algorithm::Ps256,
};
const MTLS: Role = Role { authentication: "tls_client_auth", ..JWT };
const DPOP: Role = Role { constraint: "dpop", algorithm: Algorithm::Es256, ..JWT };

/// Writes `server.toml` and what it names, and the keys of the clients.
pub fn folder(folder: &Path) -> Result<(), String> {
    write(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn write(folder: &Path) -> Anything<()> {
    // Private keys lie in it: for nobody else to read.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let put = |name: &str, text: &str| fs::write(folder.join(name), text);
    let authority = Authority::new("Demo Authority")?;
    put("authority.pem", &authority.certificate.pem())?;
    put("authority.crl.pem", &authority.revocation_list()?)?;
    let server = authority.issue_server()?;
    put("server.pem", &server.certificate.pem())?;
    put("server.key", &server.key.serialize_pem())?;
    put("signing.key", &Keys::new(Algorithm::Ps256, "server-1")?.pem)?;

    let mut toml = include_str!("server.toml").to_owned();
    for role in &ROLES {
        let identity = authority.issue_client(role.name)?;
        put(&format!("{}.pem", role.name), &identity.certificate.pem())?;
        put(&format!("{}.key", role.name), &identity.key.serialize_pem())?;
        let keys = Keys::new(role.algorithm, &format!("{}-sig", role.name))?;
        put(&format!("{}-signing.key", role.name), &keys.pem)?;
        put(
            &format!("{}.private.jwks.json", role.name),
            &json!({ "keys": [keys.private] }).to_string(),
        )?;
        let mut public = vec![keys.public];
        if role.authentication == SELF_SIGNED {
            public.push(certificate_jwk(&identity, &format!("{}-tls", role.name))?);
        }
        let set = json!({ "keys": public });
        put(&format!("{}.jwks.json", role.name), &set.to_string())?;
        write!(toml, "{}", entry(role))?;
    }
    put("server.toml", &toml)?;
    Ok(())
}

fn entry(role: &Role) -> String {
    let Role { name, authentication, constraint, algorithm } = role;
    // A name is of use to those whose certificates have an issuer.
    let subject = match (*authentication, *constraint) {
        (SELF_SIGNED, _) | ("private_key_jwt", "dpop") => String::new(),
        _ => format!("subject_dn = \"{}\"\n", subject_dn(name)),
    };
    format!(
        "\n[[client]]\nclient_id = \"{name}\"\nauthentication = \"{authentication}\"\n\
         constraint = \"{constraint}\"\n{subject}keys = \"{name}.jwks.json\"\n\
         algorithms = [\"{}\"]\ngrants = [\"authorization_code\", \"client_credentials\", \
         \"refresh_token\"]\nredirect_uris = [\"https://{name}.example/callback\"]\n\
         scopes = [\"openid\", \"accounts\", \"payments\"]\n",
        algorithm.name(),
    )
}

//! TLS, from the side of OpenSSL: one socket serves every endpoint.

use std::net::TcpStream;

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode, SslVersion};

use super::expect::want;
use super::world::World;
use super::{Anything, Verdict};

/// TLS 1.2 with the ciphers of FAPI 1.0 Advanced, 8.5, or TLS 1.3, which is preferred.
pub fn is_of_fapi(world: &World) -> Verdict {
    let all = "ALL:@SECLEVEL=0";
    for old in [SslVersion::TLS1, SslVersion::TLS1_1] {
        refused(world, old, all, "alert")?;
    }
    // With the same offer but the version.
    connect(world, SslVersion::TLS1_2, all)?;
    for cipher in PERMITTED {
        let version = connect(world, SslVersion::TLS1_2, cipher)?;
        want(version == "TLSv1.2", format!("{cipher}: {version}"))?;
    }
    let others = format!("{all}:!{}", PERMITTED.join(":!"));
    refused(world, SslVersion::TLS1_2, &others, "handshake failure")?;
    let version = connect(world, SslVersion::TLS1_3, "ALL")?;
    want(version == "TLSv1.3", format!("{version} is preferred"))
}

/// The server itself must say so: an alert, and not an error of this end.
fn refused(world: &World, newest: SslVersion, ciphers: &str, alert: &str) -> Verdict {
    match connect(world, newest, ciphers) {
        Ok(version) => Err(format!("{version} with {ciphers} is accepted").into()),
        Err(error) => want(error.to_string().contains(alert), format!("{newest:?}: {error}")),
    }
}

fn connect(world: &World, newest: SslVersion, ciphers: &str) -> Anything<String> {
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_verify(SslVerifyMode::NONE);
    connector.set_min_proto_version(None)?;
    connector.set_max_proto_version(Some(newest))?;
    connector.set_cipher_list(ciphers)?;
    let stream = TcpStream::connect(&world.address)?;
    let stream =
        connector.build().connect("localhost", stream).map_err(|error| error.to_string())?;
    Ok(stream.ssl().version_str().to_owned())
}

const PERMITTED: [&str; 2] = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"];

use std::path::Path;
use std::sync::LazyLock;
use std::{env, fs, process};

use super::*;

/// A configuration that is complete but for the edit.
fn over(lines: &str) -> Result<bool, String> {
    let text = format!(
        "profile = \"fapi1-advanced\"\n\
         client_certificate = {{ source = \"tls\" }}\n\
         trust = {{ anchors = [], revocation = \"off\" }}\n{lines}"
    );
    let config: Config = toml::from_str(&text).map_err(|error| error.to_string())?;
    let over = Files(&FOLDER).over(&config);
    over.map(|over| over.is_some()).map_err(|error| error.to_string())
}

const FETCHED: &str = "token = { issuer = \"i\", audience = \"a\", jwks_uri = \"https://as\" }";
const FROM_FILE: &str = "token = { issuer = \"i\", audience = \"a\", keys = \"as.jwks\" }";
const CLIENT: &str = "[[client]]\nclient_id = \"tpp\"\nsubject_dn = \"CN=a\"";

static FOLDER: LazyLock<Box<Path>> = LazyLock::new(|| {
    let folder = env::temp_dir().join(format!("config-fetch-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder.into()
});

#[test]
fn nothing_is_set_up_where_nothing_is_fetched() {
    assert_eq!(over(FROM_FILE), Ok(false));
    let said = over(&format!("{FROM_FILE}\nfetch = {{}}")).unwrap_err();
    assert!(said.starts_with("fetch: has no effect"), "{said}");
}

#[cfg(not(feature = "fetch"))]
#[test]
fn a_key_that_would_be_fetched_names_the_feature_that_is_missing() {
    let said = over(FETCHED).unwrap_err();
    assert_eq!(said, "token.jwks_uri: made without the feature `fetch`");
    let introspected = "token = { issuer = \"i\", audience = \"a\", \
        introspection = { endpoint = \"https://as\", client_id = \"rs\" } }";
    let said = over(introspected).unwrap_err();
    assert_eq!(said, "token.introspection.endpoint: made without the feature `fetch`");
    let client = format!("{FROM_FILE}\n{CLIENT}\njwks_uri = \"https://tpp\"");
    let said = over(&client).unwrap_err();
    assert_eq!(said, "client[0].jwks_uri: made without the feature `fetch`");
}

#[cfg(all(feature = "fetch", not(feature = "tokio-rustls")))]
#[test]
fn a_key_that_would_be_fetched_names_the_feature_that_is_missing() {
    let said = over(FETCHED).unwrap_err();
    assert!(said.starts_with("token.jwks_uri: made without the feature `tokio-rustls`"), "{said}");
}

#[cfg(all(feature = "fetch", feature = "tokio-rustls"))]
mod https {
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::crypto::aws_lc_rs::default_provider;
    use rustls::server::WebPkiClientVerifier;
    use rustls::{RootCertStore, ServerConfig};
    use rustls_pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::fetch::{FetchError, FetchRequest};

    fn identity(file: &str) -> CertifiedKey<rcgen::KeyPair> {
        let _ = default_provider().install_default();
        let identity = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(FOLDER.join(file), identity.cert.pem()).unwrap();
        let key = identity.signing_key.serialize_pem();
        fs::write(FOLDER.join(file).with_extension("key"), key).unwrap();
        identity
    }

    /// A server of this identity that asks for the certificate of the other; its port.
    async fn serve(own: &CertifiedKey<rcgen::KeyPair>, of_client: Option<&Path>) -> u16 {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match of_client {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                let pem = fs::read(FOLDER.join(path)).unwrap();
                roots.add(crate::cert::pem::first_certificate(&pem).unwrap()).unwrap();
                let provider = Arc::new(default_provider());
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let config = builder.with_single_cert(vec![own.cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(connection).await else { continue };
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkeys";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        });
        port
    }

    async fn get(port: u16, lines: &str) -> Result<String, FetchError> {
        let lines = format!("allow_hosts = [\"localhost\"]\nallow_ports = [{port}]\n{lines}");
        let fetch: Fetch = toml::from_str(&lines).unwrap();
        let over = Files(&FOLDER).client_for("token.jwks_uri", &fetch).unwrap();
        let uri = format!("https://localhost:{port}/").parse().unwrap();
        let answer = over.fetch(FetchRequest::get(uri, 100)).await?;
        Ok(String::from_utf8(answer.body().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_server_that_the_roots_certify_is_asked_and_no_other() {
        let server = identity("server.pem");
        identity("stranger.pem");
        let port = serve(&server, None).await;
        assert_eq!(get(port, "roots = [\"server.pem\"]").await.as_deref(), Ok("keys"));
        let refused = get(port, "roots = [\"stranger.pem\"]").await;
        assert!(matches!(refused, Err(FetchError::Connect(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn a_server_that_asks_for_a_certificate_is_shown_it() {
        let server = identity("asking.pem");
        identity("client.pem");
        let port = serve(&server, Some(Path::new("client.pem"))).await;
        let roots = "roots = [\"asking.pem\"]";
        let shown = format!("{roots}\ncertificate = \"client.pem\"\nkey = \"client.key\"");
        assert_eq!(get(port, &shown).await.as_deref(), Ok("keys"));
        assert!(get(port, roots).await.is_err());
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        identity("own.pem");
        identity("others.pem");
        let lines = |fetch: &str| over(&format!("{FETCHED}\n[fetch]\n{fetch}"));
        assert_eq!(lines("roots = [\"own.pem\"]"), Ok(true));
        assert!(over(FETCHED).unwrap_err().starts_with("fetch.roots: due"));
        let client = format!("{FROM_FILE}\n{CLIENT}\njwks_uri = \"https://tpp\"");
        assert!(over(&client).unwrap_err().starts_with("fetch.roots: due"));
        for (fetch, said) in [
            ("roots = [\"none.pem\"]", "fetch.roots: "),
            ("roots = [\"own.key\"]", "fetch.roots: "),
            ("roots = [\"own.pem\"]\ncertificate = \"own.pem\"", "fetch.key: due"),
            ("roots = [\"own.pem\"]\nkey = \"own.key\"", "fetch.certificate: due"),
            (
                "roots = [\"own.pem\"]\ncertificate = \"own.pem\"\nkey = \"others.key\"",
                "fetch.key: ",
            ),
            ("roots = [\"own.pem\"]\nallow_networks = [\"all\"]", "fetch.allow_networks: "),
            ("root = [\"own.pem\"]", ""),
        ] {
            let error = lines(fetch).unwrap_err();
            assert!(error.starts_with(said), "{fetch}: {error}");
        }
    }
}

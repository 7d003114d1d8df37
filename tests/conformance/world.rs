//! The server of one variant, and two clients of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openssl::pkey::{PKey, Private};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower_open_banking::pki_types::UnixTime;

use super::Anything;
use super::http::{Http, Reply};
use super::jwt;
use super::server::{Server, write};
use super::variant::Variant;

pub struct World {
    pub variant: Variant,
    pub issuer: String,
    /// Where it listens.
    pub address: String,
    pub discovery: Value,
    pub key_set: Value,
    pub clients: [Client; 2],
    /// Shows no certificate.
    pub bare: Http,
    /// The name of the accounts.
    pub accounts: String,
    runtime: Runtime,
    ahead: Arc<AtomicU64>,
    folder: PathBuf,
}

/// A client: the second differs from the first as the suite's does.
pub struct Client {
    pub id: String,
    pub kid: String,
    pub key: PKey<Private>,
    pub dpop: PKey<Private>,
    pub redirect_uri: String,
    pub second: bool,
    /// With its certificate, where it has one.
    pub http: Http,
    /// With its certificate in any case.
    pub certified: Http,
}

impl World {
    pub fn new(variant: Variant) -> Self {
        let folder = std::env::temp_dir().join(format!("conformance-{}", uuid::Uuid::new_v4()));
        write::folder(&folder).unwrap();
        let file = folder.join("server.toml");
        configure(&file, &variant);
        let runtime = Runtime::new().unwrap();
        let ahead = Arc::new(AtomicU64::new(0));
        let clock = ahead.clone();
        let clock = move || {
            let ahead = Duration::from_secs(clock.load(Ordering::SeqCst));
            UnixTime::since_unix_epoch(
                SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + ahead,
            )
        };
        let server = runtime.block_on(Server::open_by(&file, Arc::new(clock)));
        let server = server.unwrap_or_else(|error| panic!("{error}"));
        let announced = |name: &str| {
            let line = server.announcement().lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().to_owned()
        };
        let (issuer, address) = (announced("issuer "), announced("listening https://"));
        runtime.spawn(server.serve(std::future::pending()));

        let root = fs::read(folder.join("authority.pem")).unwrap();
        let bare = Http::new(&root, None).unwrap();
        let get = |path: &str| {
            let url = format!("{issuer}/{path}");
            runtime.block_on(bare.get(&url, &[])).unwrap().json().unwrap()
        };
        let well_known = match variant.openid {
            true => ".well-known/openid-configuration",
            false => ".well-known/oauth-authorization-server",
        };
        let (discovery, key_set) = (get(well_known), get("jwks"));
        let kind = if variant.jwt() { "client" } else { "mtls" };
        let client = |second: bool| {
            Client::read(&folder, &format!("{kind}-{}", 1 + u8::from(second)), second, &variant)
        };
        let accounts = match variant.uk() {
            true => format!("{issuer}/open-banking/v3.1/aisp/accounts"),
            false => format!("{issuer}/accounts"),
        };
        let clients = [client(false), client(true)];
        Self {
            variant,
            issuer,
            address,
            discovery,
            key_set,
            clients,
            bare,
            accounts,
            runtime,
            ahead,
            folder,
        }
    }

    /// The server's time.
    pub fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        now + self.ahead.load(Ordering::SeqCst)
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Waits for an answer.
    pub fn wait(&self, answer: impl Future<Output = Anything<Reply>>) -> Anything<Reply> {
        self.runtime.block_on(answer)
    }

    /// An endpoint, as discovery names it.
    pub fn endpoint(&self, name: &str) -> String {
        let url = self.discovery[format!("{name}_endpoint")].as_str();
        url.unwrap_or_else(|| panic!("no {name}_endpoint")).to_owned()
    }

    pub fn first(&self) -> &Client {
        &self.clients[0]
    }

    pub fn second(&self) -> &Client {
        &self.clients[1]
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Client {
    fn read(folder: &Path, name: &str, second: bool, variant: &Variant) -> Self {
        let read = |file: String| fs::read(folder.join(file)).unwrap();
        let root = read("authority.pem".to_owned());
        let (chain, key) = (read(format!("{name}.pem")), read(format!("{name}.key")));
        let certified = Http::new(&root, Some((&chain, &key))).unwrap();
        let http = match variant.jwt() && variant.dpop {
            true => Http::new(&root, None).unwrap(),
            false => certified.clone(),
        };
        Self {
            id: name.to_owned(),
            kid: format!("{name}-sig"),
            key: PKey::private_key_from_pem(&read(format!("{name}-signing.key"))).unwrap(),
            dpop: jwt::p256(),
            redirect_uri: REDIRECT_URIS[usize::from(second)].to_owned(),
            second,
            http,
            certified,
        }
    }
}

fn configure(file: &Path, variant: &Variant) {
    let mut content: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    content.insert("listen".to_owned(), "127.0.0.1:0".into());
    content.insert("profile".to_owned(), variant.profile.into());
    for client in content["client"].as_array_mut().unwrap() {
        let client = client.as_table_mut().unwrap();
        client.insert("redirect_uris".to_owned(), REDIRECT_URIS.to_vec().into());
        if variant.dpop {
            client.insert("constraint".to_owned(), "dpop".into());
            if client["authentication"].as_str() == Some("private_key_jwt") {
                client.remove("subject_dn");
            }
        }
    }
    fs::write(file, content.to_string()).unwrap();
}

/// Both are registered for both clients.
const REDIRECT_URIS: [&str; 2] =
    ["https://tpp.example/callback", "https://tpp.example/callback?dummy1=lorem&dummy2=ipsum"];

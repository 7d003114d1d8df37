//! The whole engine, and the client that fetches for it, against the responder and the lists of
//! OpenSSL, over HTTP on the loopback interface.

use std::fs;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::cert::{Certificate, pem};
use crate::context::{Clock, SystemClock};
use crate::fetch::HttpFetch;
use crate::revocation::ocsp::openssl_responder::{Authority, Responder};

/// Leads the hosts that the certificates name to servers on this machine, and counts.
#[derive(Clone, Default)]
struct Hosts {
    ports: Arc<Mutex<HashMap<&'static str, u16>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hosts {
    fn lead(&self, host: &'static str, port: u16) {
        self.ports.lock().unwrap().insert(host, port);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Fetch for Hosts {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let host = request.uri().host().unwrap().to_owned();
        self.asked.lock().unwrap().push(host.clone());
        // Nothing listens there: whoever is down.
        let port = self.ports.lock().unwrap().get(host.as_str()).copied().unwrap_or(1);
        let uri = format!("http://localhost:{port}{}", request.uri().path()).parse().unwrap();
        let there = match request.body() {
            None => FetchRequest::get(uri, request.limit()),
            Some((kind, body)) => FetchRequest::post(uri, kind, body.clone(), request.limit()),
        };
        HttpFetch::new().allow_host("localhost").allow_port(port).fetch(there)
    }
}

/// An authority with the hosts that its certificates name.
struct World {
    ca: Authority,
    hosts: Hosts,
    now: u64,
}

impl World {
    fn new() -> Option<Self> {
        let ca = Authority::new()?;
        ca.issue("responder", "responder_without_check");
        Some(Self { ca, hosts: Hosts::default(), now: SystemClock.now().as_secs() })
    }

    fn issue(&self, name: &str) -> Arc<Path> {
        self.path(self.ca.issue(name, "client_with_addresses"))
    }

    fn path(&self, certificate: Certificate) -> Arc<Path> {
        let issuer = Arc::new(self.ca.issuer.clone());
        let link = Link { certificate: Arc::new(certificate), issuer };
        Arc::new(Path::assertion(vec![link]))
    }

    fn revoke(&self, name: &str, reason: &str) {
        let file = format!("{name}.pem");
        self.ca.run(&["ca", "-batch", "-revoke", &file, "-crl_reason", reason]);
    }

    fn respond(&self, signer: &str, options: &[&str]) -> Responder {
        let responder = self.ca.serve(signer, options);
        self.hosts.lead("ocsp.example", responder.port);
        responder
    }

    /// The list as it is now.
    fn list(&self) -> Vec<u8> {
        self.ca.run(&["ca", "-gencrl", "-out", "list.pem"]);
        let text = fs::read(self.ca.path("list.pem")).unwrap();
        pem::all_revocation_lists(&text).unwrap().remove(0)
    }

    async fn publish(&self, list: Vec<u8>) {
        let listener = TcpListener::bind("localhost:0").await.unwrap();
        self.hosts.lead("ca.example", listener.local_addr().unwrap().port());
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", list.len());
        let answer = [head.into_bytes(), list].concat();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let _ = connection.read(&mut [0; 4096]).await;
                let _ = connection.write_all(&answer).await;
            }
        });
    }

    fn engine(&self) -> RevocationBuilder {
        Revocation::builder().ocsp_over(self.hosts.clone()).lists_over(self.hosts.clone())
    }

    async fn verdict(
        &self,
        revocation: &Revocation,
        path: &Arc<Path>,
        later: u64,
    ) -> Result<(), Reason> {
        let verdict = match revocation.check(path, at(self.now + later)) {
            Checked::Good { .. } => Ok(()),
            Checked::Refused(rejection) => Err(rejection),
            Checked::Ask(asked) => asked.await.map(|_| ()),
        };
        verdict.map_err(|rejection| rejection.reason())
    }
}

const DOWN: Result<(), Reason> = Err(Reason::RevocationUnknown);
const GONE: Result<(), Reason> = Err(Reason::CertificateRevoked);

#[tokio::test]
async fn the_responder_tells_good_revoked_and_unknown() {
    let Some(world) = World::new() else { return };
    let (kept, lost) = (world.issue("kept"), world.issue("lost"));
    world.revoke("lost", "keyCompromise");
    let unlisted = world.issue("unlisted");
    let _responder = world.respond("responder", &["-ndays", "1"]);
    for settings in
        [OcspSettings::new(), OcspSettings::new().sha256(), OcspSettings::new().require_nonce()]
    {
        let revocation = world.engine().ocsp(settings).build().unwrap();
        assert_eq!(world.verdict(&revocation, &kept, 0).await, Ok(()), "{settings:?}");
        assert_eq!(world.verdict(&revocation, &kept, 60).await, Ok(()));
        assert_eq!(world.hosts.asked(), ["ocsp.example"], "once for two verdicts");
        assert_eq!(world.verdict(&revocation, &lost, 0).await, GONE, "{settings:?}");
        world.hosts.asked();
    }
    // A database that does not know it.
    fs::write(world.ca.path("index.txt"), "").unwrap();
    let _responder = world.respond("responder", &["-ndays", "1"]);
    let revocation = world.engine().build().unwrap();
    let unknown = Err(Reason::CertificateStatusUnknown);
    assert_eq!(world.verdict(&revocation, &unlisted, 0).await, unknown);
    world.publish(world.list()).await;
    let revocation = world.engine().build().unwrap();
    assert_eq!(world.verdict(&revocation, &unlisted, 0).await, Ok(()));
    assert!(world.hosts.asked().ends_with(&["ocsp.example".into(), "ca.example".into()]));
}

#[tokio::test]
async fn while_the_responder_is_down_the_list_tells() {
    let Some(world) = World::new() else { return };
    let (kept, lost) = (world.issue("kept"), world.issue("lost"));
    world.revoke("lost", "superseded");
    let revocation = world.engine().build().unwrap();
    assert_eq!(world.verdict(&revocation, &kept, 0).await, DOWN);
    assert_eq!(world.hosts.asked(), ["ocsp.example", "ca.example"]);
    assert_eq!(world.verdict(&revocation, &kept, 29).await, DOWN);
    assert_eq!(world.hosts.asked(), [""; 0], "not again for half a minute");
    world.publish(world.list()).await;
    assert_eq!(world.verdict(&revocation, &kept, 30).await, Ok(()));
    assert_eq!(world.verdict(&revocation, &lost, 30).await, GONE);
}

#[tokio::test]
async fn an_answer_out_of_date_serves_soft_fail_alone() {
    let Some(world) = World::new() else { return };
    let client = world.issue("client");
    let responder = world.respond("responder", &["-nmin", "10"]);
    let revocation = world.engine().build().unwrap();
    let max_stale = Duration::from_secs(HOUR);
    let soft = revocation.under(RevocationPolicy::SoftFail { max_stale });
    assert_eq!(world.verdict(&revocation, &client, 0).await, Ok(()));
    drop(responder);
    assert_eq!(world.verdict(&revocation, &client, 1200).await, DOWN);
    assert_eq!(world.verdict(&soft, &client, 1200).await, Ok(()));
    assert_eq!(world.verdict(&soft, &client, 1200 + HOUR).await, DOWN);
}

#[tokio::test]
async fn answers_and_lists_by_another_key_are_none() {
    let (Some(world), Some(other)) = (World::new(), World::new()) else { return };
    let client = world.issue("client");
    for file in ["ca.pem", "ca.key"] {
        fs::copy(other.ca.path(file), world.ca.path(&format!("other-{file}"))).unwrap();
    }
    let _responder = world.respond("other-ca", &["-ndays", "1"]);
    world.publish(other.list()).await;
    let revocation = world.engine().build().unwrap();
    assert_eq!(world.verdict(&revocation, &client, 0).await, DOWN);
    assert_eq!(world.hosts.asked(), ["ocsp.example", "ca.example"]);
}

#[tokio::test]
async fn an_old_answer_that_is_played_back_lifts_no_revocation() {
    let Some(world) = World::new() else { return };
    let client = world.issue("client");
    // Recorded while it was good, and good for days.
    let recorded = Arc::new(Mutex::new(None));
    let _responder = world.respond("responder", &["-ndays", "4"]);
    let (hosts, record) = (world.hosts.clone(), recorded.clone());
    let recording = move |request: FetchRequest| -> BoxFuture<'static, _> {
        let (answer, record) = (hosts.fetch(request), record.clone());
        Box::pin(async move {
            let answer = answer.await;
            *record.lock().unwrap() = answer.clone().ok();
            answer
        })
    };
    let settings = OcspSettings::new().without_nonce();
    let first = Revocation::builder().ocsp_over(recording).ocsp(settings).build().unwrap();
    assert_eq!(world.verdict(&first, &client, 0).await, Ok(()));
    let recorded = recorded.lock().unwrap().take().unwrap();
    // What the responder says from the next second on is newer.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.revoke("client", "keyCompromise");
    let _responder = world.respond("responder", &["-nmin", "1"]);
    let replaying = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (hosts, switch) = (world.hosts.clone(), replaying.clone());
    let attacked = move |request: FetchRequest| -> BoxFuture<'static, _> {
        match switch.load(std::sync::atomic::Ordering::SeqCst) {
            true => Box::pin(std::future::ready(Ok(recorded.clone()))),
            false => hosts.fetch(request),
        }
    };
    let second = |settings| {
        Revocation::builder().ocsp_over(attacked.clone()).ocsp(settings).build().unwrap()
    };
    let revocation = second(settings);
    assert_eq!(world.verdict(&revocation, &client, 2).await, GONE);
    replaying.store(true, std::sync::atomic::Ordering::SeqCst);
    for later in [3, 120, DAY] {
        assert_eq!(world.verdict(&revocation, &client, later).await, GONE, "{later}");
    }
    // Whoever never heard of the revocation is helped by the nonce alone.
    assert_eq!(world.verdict(&second(settings), &client, 3).await, Ok(()));
    let demanding = second(OcspSettings::new().require_nonce());
    assert_eq!(world.verdict(&demanding, &client, 3).await, DOWN);
}

#[tokio::test]
async fn lists_of_the_tool_are_replaced_and_not_rolled_back() {
    let Some(world) = World::new() else { return };
    let client = world.issue("client");
    let old = world.list();
    let revocation = Revocation::by_lists([old.clone()]).unwrap();
    assert_eq!(world.verdict(&revocation, &client, 0).await, Ok(()));
    world.revoke("client", "certificateHold");
    assert_eq!(revocation.replace_lists([world.list()]).unwrap(), ALL_TAKEN);
    assert_eq!(world.verdict(&revocation, &client, 0).await, GONE);
    assert_eq!(revocation.replace_lists([old]).unwrap(), [0]);
    assert_eq!(world.verdict(&revocation, &client, 0).await, GONE);
}

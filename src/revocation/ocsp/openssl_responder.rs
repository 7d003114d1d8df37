//! Against the responder of OpenSSL, over HTTP on the loopback interface.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, fs};

use super::test_responses::{HOUR, tlv};
use super::*;
use crate::cert::pem;
use crate::cert::test_pki::DAY;
use crate::context::{Clock, SystemClock};

#[test]
fn good_revoked_and_unknown_are_told_apart() {
    let Some(ca) = Authority::new() else { return };
    let (kept, lost) = (ca.issue("kept", "client"), ca.issue("lost", "client"));
    ca.run(&["ca", "-batch", "-revoke", "lost.pem", "-crl_reason", "keyCompromise"]);
    let delegate = ca.issue("responder", "responder_without_check");
    let unlisted = ca.issue_unlisted("unlisted");
    for (by_key, hash) in [(false, IdHash::Sha1), (true, IdHash::Sha256)] {
        let by_key: &[&str] = if by_key { &["-resp_key_id"] } else { &[] };
        let responder = ca.serve("responder", &[&["-ndays", "1"], by_key].concat());
        let told = |certificate| ca.read(certificate, &responder.ask(&ca, certificate, hash));

        let answer = told(&kept).unwrap();
        assert_eq!(answer.status, Status::Good);
        assert_eq!(answer.next_update.unwrap().as_secs(), answer.this_update.as_secs() + DAY);
        assert_eq!(Some(answer.good_until), answer.next_update);
        assert!(answer.delegate.is_none());
        let status = told(&lost).unwrap().status;
        assert!(matches!(status, Status::Revoked { reason: Some(1), .. }), "{status:?}");
        assert_eq!(told(&unlisted).unwrap().status, Status::Unknown);
        // A word on another certificate, and one on the responder itself.
        let other = responder.ask(&ca, &kept, hash);
        assert_eq!(ca.read(&lost, &other).unwrap_err(), OcspError::NotForThisCertificate);
        assert_eq!(told(&delegate).unwrap().status, Status::Good);
    }
}

#[test]
fn the_issuer_itself_and_a_delegate_without_nocheck_are_told_apart() {
    let Some(ca) = Authority::new() else { return };
    let client = ca.issue("client", "client");
    let delegate = ca.issue("responder", "responder");
    let responder = ca.serve("responder", &["-nmin", "5"]);
    let answer = ca.read(&client, &responder.ask(&ca, &client, IdHash::Sha1)).unwrap();
    assert_eq!(answer.delegate.unwrap().der(), delegate.der());
    let issuer = ca.serve("ca", &["-nmin", "5", "-resp_no_certs"]);
    let answer = ca.read(&client, &issuer.ask(&ca, &client, IdHash::Sha1)).unwrap();
    assert!(answer.delegate.is_none());
}

#[test]
fn a_responder_of_another_authority_or_without_the_purpose_is_refused() {
    let (Some(ca), Some(other)) = (Authority::new(), Authority::new()) else { return };
    let client = ca.issue("client", "client");
    other.issue("responder", "responder_without_check");
    for name in ["ca", "responder"] {
        for end in ["pem", "key"] {
            let (from, to) = (format!("{name}.{end}"), format!("other-{name}.{end}"));
            fs::copy(other.path(&from), ca.path(&to)).unwrap();
        }
    }
    for (signer, error) in [
        // The same names, with other keys.
        ("other-ca", OcspError::BadSignature),
        ("other-responder", OcspError::SignerNotAuthorized(SignerFault::OtherKey)),
        ("client", OcspError::SignerNotAuthorized(SignerFault::NotForOcsp)),
    ] {
        let responder = ca.serve(signer, &["-ndays", "1"]);
        let response = responder.ask(&ca, &client, IdHash::Sha1);
        assert_eq!(ca.read(&client, &response).unwrap_err(), error, "{signer}");
    }
    let responder = ca.serve("ca", &["-ndays", "1", "-badsig"]);
    let response = responder.ask(&ca, &client, IdHash::Sha1);
    assert_eq!(ca.read(&client, &response).unwrap_err(), OcspError::BadSignature);
}

#[test]
fn answers_age() {
    let Some(ca) = Authority::new() else { return };
    let client = ca.issue("client", "client");
    for (options, lasts) in
        [(&["-nmin", "1"][..], 60 + SKEW.as_secs()), (&["-ndays", "100"], 4 * DAY), (&[], HOUR)]
    {
        let responder = ca.serve("ca", options);
        let (nonce, response) = responder.ask(&ca, &client, IdHash::Sha1);
        let read_at = |second: u64| {
            let now = UnixTime::since_unix_epoch(Duration::from_secs(second));
            read(&response, &Reading { sent_nonce: Some(&nonce), ..ca.reading(&client, now) })
        };
        let this = read_at(SystemClock.now().as_secs()).unwrap().this_update.as_secs();
        assert!(read_at(this + lasts).is_ok());
        assert_eq!(read_at(this + lasts + 1).unwrap_err(), OcspError::Stale);
        assert_eq!(read_at(this - 2 * HOUR).unwrap_err(), OcspError::FromTheFuture);
    }
}

#[test]
fn an_old_answer_played_back_is_refused_by_its_nonce() {
    let Some(ca) = Authority::new() else { return };
    let client = ca.issue("client", "client");
    let (_, old) = ca.serve("ca", &["-ndays", "1"]).ask(&ca, &client, IdHash::Sha1);
    ca.run(&["ca", "-batch", "-revoke", "client.pem"]);
    let (nonce, new) = ca.serve("ca", &["-ndays", "1"]).ask(&ca, &client, IdHash::Sha1);

    let answer = ca.read(&client, &(nonce, new)).unwrap();
    assert!(matches!(answer.status, Status::Revoked { .. }));
    let replay = ca.read(&client, &(nonce, old.clone()));
    assert_eq!(replay.unwrap_err(), OcspError::NonceMismatch);
    // Without a nonce only time tells: why there is a greatest age.
    let now = SystemClock.now();
    assert_eq!(read(&old, &ca.reading(&client, now)).unwrap().status, Status::Good);
    let later = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs() + 2 * DAY));
    assert_eq!(read(&old, &ca.reading(&client, later)).unwrap_err(), OcspError::Stale);
}

#[test]
fn refusals_of_a_responder_are_no_information() {
    let Some(ca) = Authority::new() else { return };
    let client = ca.issue("client", "client");
    let now = SystemClock.now();
    // It ends rather than to say one of them: it is asked how it reads them.
    for (code, status, text) in [
        (1, ResponseStatus::MalformedRequest, "malformedrequest (1)"),
        (2, ResponseStatus::InternalError, "internalerror (2)"),
        (3, ResponseStatus::TryLater, "trylater (3)"),
        (5, ResponseStatus::SigRequired, "sigrequired (5)"),
        (6, ResponseStatus::Unauthorized, "unauthorized (6)"),
    ] {
        let response = tlv(0x30, &[&[0x0a, 1, code]]);
        fs::write(ca.path("response.der"), &response).unwrap();
        let told = ca.run(&["ocsp", "-respin", "response.der"]);
        assert!(told.contains(text), "{told}");
        let error = read(&response, &ca.reading(&client, now)).unwrap_err();
        assert_eq!(error, OcspError::NoInformation(status));
    }
}

/// An authority of the command line tool in a folder of its own.
pub(in super::super) struct Authority {
    folder: PathBuf,
    pub(in super::super) issuer: Issuer,
}

impl Authority {
    /// `None`, and a word on it, where the tool is not installed.
    pub(in super::super) fn new() -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let tool = Command::new("openssl").arg("version").stdout(Stdio::null()).status();
        if !tool.is_ok_and(|status| status.success()) {
            println!("left out: the responder of OpenSSL, because `openssl` is not installed");
            return None;
        }
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("ocsp-{}-{number}", id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("ca.cnf"), CONFIGURATION).unwrap();
        fs::write(folder.join("index.txt"), "").unwrap();
        fs::write(folder.join("number"), "01").unwrap();
        key(&folder, "ca", &["-x509", "-subj", "/C=GB/CN=Authority", "-out", "ca.pem"]);
        let issuer = Issuer::of(&certificate(&folder, "ca"));
        Some(Self { folder, issuer })
    }

    pub(in super::super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(in super::super) fn issue(&self, name: &str, section: &str) -> Certificate {
        self.request(name);
        let (from, to) = (format!("{name}.csr"), format!("{name}.pem"));
        self.run(&["ca", "-batch", "-notext", "-extensions", section, "-in", &from, "-out", &to]);
        certificate(&self.folder, name)
    }

    /// Signs a certificate that the responder will find nowhere.
    pub(in super::super) fn issue_unlisted(&self, name: &str) -> Certificate {
        self.request(name);
        let (from, to) = (format!("{name}.csr"), format!("{name}.pem"));
        let authority = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "77"];
        self.run(&[&["x509", "-req", "-in", &from, "-out", &to][..], &authority].concat());
        certificate(&self.folder, name)
    }

    fn request(&self, name: &str) {
        let (subject, to) = (format!("/CN={name}"), format!("{name}.csr"));
        key(&self.folder, name, &["-subj", &subject, "-out", &to]);
    }

    pub(in super::super) fn run(&self, arguments: &[&str]) -> String {
        run(&self.folder, arguments)
    }

    /// Starts a responder that signs with the key of that name, on a port that was free.
    pub(in super::super) fn serve(&self, signer: &str, options: &[&str]) -> Responder {
        let (certificate, key) = (format!("{signer}.pem"), format!("{signer}.key"));
        let mut tool = tool(&self.folder);
        tool.args(["ocsp", "-index", "index.txt", "-CA", "ca.pem", "-port", "0"]);
        tool.args(["-rsigner", &certificate, "-rkey", &key]).args(options);
        let mut child = tool.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut responder = Responder { child, output, port: 0 };
        // `ACCEPT [::]:43481 PID=7742`, once it listens.
        let mut line = String::new();
        responder.output.read_line(&mut line).unwrap();
        let address = line.split_whitespace().nth(1).unwrap_or_default();
        let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        responder.port = port.unwrap_or_else(|| panic!("the responder does not start: {line:?}"));
        responder
    }

    fn reading<'a>(&'a self, certificate: &'a Certificate, now: UnixTime) -> Reading<'a> {
        Reading::new(certificate, &self.issuer, now)
    }

    fn read(
        &self,
        certificate: &Certificate,
        (nonce, response): &([u8; 32], Vec<u8>),
    ) -> Result<Answer, OcspError> {
        let how = Reading {
            sent_nonce: Some(nonce),
            nonce: NoncePolicy::Required,
            ..self.reading(certificate, SystemClock.now())
        };
        read(response, &how)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A new key, and a request or a certificate for it.
fn key(folder: &Path, name: &str, options: &[&str]) {
    let key = format!("{name}.key");
    let new = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    run(folder, &[&new[..], &["-nodes", "-keyout", &key], options].concat());
}

fn certificate(folder: &Path, name: &str) -> Certificate {
    let text = fs::read(folder.join(format!("{name}.pem"))).unwrap();
    Certificate::from_der(&pem::first_certificate(&text).unwrap()).unwrap()
}

/// What the tool prints.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = tool(folder).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    // It calls a response without an answer a failure.
    assert!(output.status.success() || arguments[0] == "ocsp", "{arguments:?}: {text}");
    text
}

fn tool(folder: &Path) -> Command {
    let mut tool = Command::new("openssl");
    tool.current_dir(folder).env("OPENSSL_CONF", "ca.cnf").stdin(Stdio::null());
    tool
}

pub(in super::super) struct Responder {
    child: Child,
    /// Kept open: the tool would end when it writes to nobody.
    output: BufReader<ChildStdout>,
    pub(in super::super) port: u16,
}

impl Responder {
    /// The nonce that was sent, and the response.
    fn ask(&self, ca: &Authority, certificate: &Certificate, hash: IdHash) -> ([u8; 32], Vec<u8>) {
        let nonce = crypto::random().unwrap();
        let request = request(certificate, &ca.issuer, hash, Some(nonce)).unwrap();
        (nonce, self.post(request.der()))
    }

    fn post(&self, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "POST / HTTP/1.0\r\nContent-Type: application/ocsp-request\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let end = response.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let body = response.split_off(end + 4);
        let head = String::from_utf8(response).unwrap();
        assert!(head.contains(" 200 "), "{head}");
        assert!(head.contains("application/ocsp-response"), "{head}");
        body
    }
}

/// Whatever became of the test.
impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long the tool may take; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

const CONFIGURATION: &str = "
[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 100
crlnumber = number
default_crl_days = 1
policy = names
x509_extensions = client
[names]
commonName = supplied
[req]
distinguished_name = subject
[subject]
[client]
basicConstraints = critical, CA:FALSE
[client_with_addresses]
basicConstraints = critical, CA:FALSE
authorityInfoAccess = OCSP;URI:http://ocsp.example/
crlDistributionPoints = URI:http://ca.example/issuing.crl
[responder]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = OCSPSigning
[responder_without_check]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = OCSPSigning
noCheck = ignored
";

//! The engine from outside: paths in, verdicts out, over a network that is a table.

mod answers;
mod asking;
mod exempt;
mod fetched_lists;
mod files;
#[cfg(feature = "fetch")]
mod openssl;
mod refresher;
mod responders;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rcgen::{CertificateParams, CrlDistributionPoint, CustomExtension};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::ocsp::test_responses::{TestResponse, oid, revoked as status_revoked, tlv};
use super::*;
use crate::cert::test_pki::{Authority, DAY, ISSUING, NOW, date, read, revoked};
use crate::cert::{Issuer, Link};
use crate::fetch::{Fetch, FetchError, FetchRequest, Fetched};
use crate::reject::Reason;

const OCSP: &str = "http://ocsp.example/";
const LIST: &str = "http://ca.example/issuing.crl";
const HOUR: u64 = 3600;

const NO_DATA: Result<u64, Reason> = Err(Reason::RevocationUnknown);
const REVOKED: Result<u64, Reason> = Err(Reason::CertificateRevoked);
const UNKNOWN: Result<u64, Reason> = Err(Reason::CertificateStatusUnknown);

/// The network: what each address answers, and how often it was asked.
#[derive(Clone, Default)]
struct Web(Arc<Mutex<Places>>);

#[derive(Default)]
struct Places {
    answers: HashMap<String, Result<Fetched, FetchError>>,
    asked: Vec<String>,
}

impl Web {
    fn put(&self, url: &str, answer: Result<Fetched, FetchError>) {
        self.0.lock().unwrap().answers.insert(url.to_owned(), answer);
    }

    /// An answer of a responder.
    fn answers(&self, der: Vec<u8>) {
        self.put(OCSP, Ok(fetched("application/ocsp-response", der)));
    }

    fn lists(&self, der: Vec<u8>) {
        self.put(LIST, Ok(fetched("application/pkix-crl", der)));
    }

    fn is_down(&self) {
        self.0.lock().unwrap().answers.clear();
    }

    /// What was asked since this was last called.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

impl Fetch for Web {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let (places, url) = (self.0.clone(), request.uri().to_string());
        Box::pin(async move {
            let mut places = places.lock().unwrap();
            places.asked.push(url.clone());
            places.answers.get(&url).cloned().unwrap_or(Err(FetchError::Timeout))
        })
    }
}

fn fetched(media_type: &'static str, body: Vec<u8>) -> Fetched {
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(media_type))];
    Fetched::new(StatusCode::OK, &HeaderMap::from_iter(headers), Bytes::from(body))
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// A client that names a responder and a list.
fn client() -> CertificateDer<'static> {
    client_with(|_| {})
}

fn client_with(edit: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
    ISSUING.issues(|parameters| {
        // Without one it is made of the key, which all clients share.
        parameters.serial_number = Some(crate::crypto::random::<16>().unwrap().to_vec().into());
        parameters.crl_distribution_points = vec![at_uri(LIST)];
        parameters.custom_extensions = vec![responder_at(OCSP)];
        edit(parameters);
    })
}

fn at_uri(uri: &str) -> CrlDistributionPoint {
    CrlDistributionPoint { uris: vec![uri.to_owned()] }
}

fn responder_at(uri: &str) -> CustomExtension {
    let place = tlv(0x30, &[&oid("1.3.6.1.5.5.7.48.1"), &tlv(0x86, &[uri.as_bytes()])]);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tlv(0x30, &[&place]))
}

/// The path from a client to this authority as its anchor.
fn path_to(authority: &Authority, leaf: &CertificateDer<'_>) -> Arc<Path> {
    let issuer = Arc::new(Issuer::from_der(&authority.der()).unwrap());
    Arc::new(Path::assertion(vec![Link { certificate: Arc::new(read(leaf)), issuer }]))
}

fn path(leaf: &CertificateDer<'_>) -> Arc<Path> {
    path_to(&ISSUING, leaf)
}

/// The verdict, the asking included.
fn verdict(revocation: &Revocation, path: &Arc<Path>, now: u64) -> Result<u64, Reason> {
    let verdict = match revocation.check(path, at(now)) {
        Checked::Good { until } => Ok(until),
        Checked::Refused(rejection) => Err(rejection),
        Checked::Ask(asked) => asked.now_or_never().expect("the table answers at once"),
    };
    verdict.map(|until| until.as_secs()).map_err(|rejection| rejection.reason())
}

/// A list from this second, for a day, with a number.
fn list(this_update: u64, number: u64, names: &[&CertificateDer<'_>]) -> Vec<u8> {
    list_by(&ISSUING, this_update, number, names)
}

fn list_by(
    authority: &Authority,
    this_update: u64,
    number: u64,
    names: &[&CertificateDer<'_>],
) -> Vec<u8> {
    authority.lists(|parameters| {
        parameters.this_update = date(this_update);
        parameters.next_update = date(this_update + DAY);
        parameters.crl_number = number.into();
        parameters.revoked_certs = names.iter().map(|der| revoked(der)).collect();
    })
}

/// An answer from this second, for an hour, with a `CertStatus`.
fn answer(leaf: &CertificateDer<'_>, this_update: u64, status: &[u8]) -> Vec<u8> {
    let response = TestResponse::good(&ISSUING, &read(leaf));
    let response = TestResponse { produced_at: this_update, ..response };
    let response = response.saying(|single| {
        single.this_update = this_update;
        single.next_update = Some(this_update + HOUR);
        single.status = status.to_vec();
    });
    response.signed_by(&ISSUING)
}

fn over(web: &Web) -> RevocationBuilder {
    Revocation::builder().ocsp_over(web.clone()).lists_over(web.clone())
}

const ALL_TAKEN: [usize; 0] = [];

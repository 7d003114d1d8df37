mod certificate;
mod corpus;
mod damage;
mod extensions;
mod form;
mod nonce;
mod question;
mod signer;
mod times;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::test_responses::*;
use super::*;
use crate::cert::Oid;
use crate::cert::test_pki::{Authority, DAY, ISSUING, NOW, ROOT, read as parsed};

/// A client of the issuing authority.
static CLIENT: LazyLock<Certificate> = LazyLock::new(|| client(&[0x7f; 20]));
static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer::from_der(&ISSUING.der()).unwrap());

fn client(serial: &[u8]) -> Certificate {
    parsed(&ISSUING.issues(|parameters| parameters.serial_number = Some(serial.to_vec().into())))
}

fn reading() -> Reading<'static> {
    Reading::new(&CLIENT, &ISSUER, at(NOW))
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// In order, and signed by the issuer itself once [`verdict`] gets it.
fn good() -> TestResponse {
    TestResponse::good(&ISSUING, &CLIENT)
}

/// By a delegate that is in order, not yet signed.
fn delegated(delegate: &Authority) -> TestResponse {
    TestResponse::delegated(&ISSUING, &CLIENT, delegate)
}

/// What the issuer's response comes to.
fn verdict(response: &TestResponse) -> Result<Status, OcspError> {
    said(&response.signed_by(&ISSUING))
}

fn said(response: &[u8]) -> Result<Status, OcspError> {
    read(response, &reading()).map(|answer| answer.status)
}

const PASSES: Result<Status, OcspError> = Ok(Status::Good);

//! The question.

use base64::{Engine, engine::general_purpose::STANDARD};
use der::{Encode, Sequence};

use super::certificate_id::{CertId, Hashes, IdHash};
use super::extension::Extension;
use super::nonce;
use crate::cert::{Certificate, Issuer};
use crate::crypto::{sha1_for_identification, sha256};

/// Asks about one certificate, unsigned.
///
/// # Errors
///
/// When the issuer's key cannot be read.
pub(crate) fn request(
    certificate: &Certificate,
    issuer: &Issuer,
    hash: IdHash,
    nonce: Option<[u8; nonce::SENT]>,
) -> Result<Request, RequestError> {
    let der = encode(certificate, issuer, hash, nonce).map_err(|_| RequestError)?;
    Ok(Request { der, nonce })
}

/// An encoded `OCSPRequest` (RFC 6960, 4.1.1).
#[derive(Clone, Debug)]
pub(crate) struct Request {
    der: Vec<u8>,
    nonce: Option<[u8; nonce::SENT]>,
}

impl Request {
    /// The body of a POST of `application/ocsp-request`.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The nonce, for [`Reading::sent_nonce`](super::Reading).
    pub(crate) fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_ref().map(<[u8; nonce::SENT]>::as_slice)
    }

    /// The address to GET instead, which caches understand (RFC 6960, A.1).
    ///
    /// `None` when it is not shorter than 255 bytes, counted as in RFC 5019, 5, with scheme and
    /// host; or when the responder's address has a query, behind which no path can be put.
    pub(crate) fn get_url(&self, responder: &str) -> Option<String> {
        // The standard alphabet, whose other characters have a meaning in a path.
        let encoded = STANDARD.encode(&self.der);
        let encoded = encoded.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let url = format!("{}/{encoded}", responder.trim_end_matches('/'));
        (url.len() < LONGEST_GET && !responder.contains(['?', '#'])).then_some(url)
    }
}

/// The certificate cannot be asked about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the issuer's key cannot be read")]
pub(crate) struct RequestError;

fn encode(
    certificate: &Certificate,
    issuer: &Issuer,
    hash: IdHash,
    nonce: Option<[u8; nonce::SENT]>,
) -> der::Result<Vec<u8>> {
    match hash {
        IdHash::Sha1 => {
            let hashes = Hashes::of(certificate, issuer, sha1_for_identification)?;
            encode_id(CertId::new(hash, &hashes.name, &hashes.key, certificate.serial())?, nonce)
        }
        IdHash::Sha256 => {
            let hashes = Hashes::of(certificate, issuer, sha256)?;
            encode_id(CertId::new(hash, &hashes.name, &hashes.key, certificate.serial())?, nonce)
        }
    }
}

fn encode_id(id: CertId<'_>, nonce: Option<[u8; nonce::SENT]>) -> der::Result<Vec<u8>> {
    let value = nonce.map(nonce::extension_value).transpose()?;
    let extensions = value.as_ref().map(|value| vec![Extension::new(nonce::NONCE, value)]);
    OcspRequest { tbs: TbsRequest { list: vec![SingleRequest { id }], extensions } }.to_der()
}

#[derive(Sequence)]
struct OcspRequest<'a> {
    tbs: TbsRequest<'a>,
}

#[derive(Sequence)]
struct TbsRequest<'a> {
    list: Vec<SingleRequest<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension<'a>>>,
}

#[derive(Sequence)]
struct SingleRequest<'a> {
    id: CertId<'a>,
}

const LONGEST_GET: usize = 255;

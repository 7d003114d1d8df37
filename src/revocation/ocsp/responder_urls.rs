//! Where to ask.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Sequence, Tag, TagNumber, Tagged};
use http::Uri;

use crate::cert::{Certificate, Oid};

/// The responders that a certificate names in its authority information access (RFC 5280,
/// 4.2.2.1), each once, in their order; `http` and `https` only.
///
/// An extension that cannot be read names none. The certificate must have been verified before:
/// these are addresses that an outsider makes this host connect to.
pub(crate) fn responder_urls(certificate: &Certificate) -> Vec<String> {
    let Some(extension) = certificate.extension(AUTHORITY_INFO_ACCESS) else { return Vec::new() };
    let places = Vec::<AccessDescription<'_>>::from_der(extension.value()).unwrap_or_default();
    let mut urls = Vec::new();
    for url in places.iter().filter_map(responder_url) {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

fn responder_url(place: &AccessDescription<'_>) -> Option<String> {
    let responder = place.method == OCSP && place.location.tag() == URI;
    let text = responder.then(|| std::str::from_utf8(place.location.value()).ok())??;
    let uri: Uri = text.parse().ok()?;
    // The scheme of a parsed address is compared without regard to case.
    let fetchable = ["http", "https"].map(Some).contains(&uri.scheme_str()) && uri.host().is_some();
    fetchable.then(|| text.to_owned())
}

#[derive(Sequence)]
struct AccessDescription<'a> {
    method: ObjectIdentifier,
    location: AnyRef<'a>,
}

const AUTHORITY_INFO_ACCESS: Oid = Oid::literal("1.3.6.1.5.5.7.1.1");
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// `uniformResourceIdentifier [6]` of GeneralName.
const URI: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(6) };

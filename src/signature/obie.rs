//! The JOSE header of the UK Read/Write profile, by version.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::cert::{Client, Name};
use crate::jose::{CriticalError, Header, HeaderError, JwsError, obie};
use crate::reject::{Reason, Rejection};

/// Which rules a version of the profile has for the header ("Message Signing", step 1 to 3).
///
/// The version comes from the configuration of the route, never from the message: a path with
/// `/v3.1/` does not tell 3.1.3 from 3.1.4.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ObieSigning {
    /// 3.1.0 to 3.1.3: `b64` is mandatory, `false` and critical.
    V3_1_0,
    /// 3.1.4 and later, also 4.0: `b64` must not be there.
    V3_1_4,
}

impl ObieSigning {
    /// The members that `crit` must name: these and no other.
    pub(crate) fn critical(self) -> &'static [&'static str] {
        match self {
            Self::V3_1_0 => &["b64", obie::IAT, obie::ISS, obie::TAN],
            Self::V3_1_4 => &[obie::IAT, obie::ISS, obie::TAN],
        }
    }
}

/// The trust anchors whose word counts in `tan`: DNS names, compared without case.
#[derive(Clone, Debug)]
pub struct TrustAnchors(Vec<String>);

impl TrustAnchors {
    /// `openbanking.org.uk`, the directory of Open Banking UK.
    pub fn obie() -> Self {
        Self(vec!["openbanking.org.uk".to_owned()])
    }

    /// Anchors by name. An empty list accepts no message.
    pub fn named<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// The header's rules, as one value.
#[derive(Clone, Debug)]
pub(super) struct HeaderRules {
    pub(super) signing: ObieSigning,
    pub(super) anchors: TrustAnchors,
    /// How old `iat` may be; the profile names no limit.
    pub(super) max_age: Option<Duration>,
    /// Members besides those of the profile that some providers send, and which are ignored.
    pub(super) tolerated: Vec<String>,
}

impl HeaderRules {
    /// Judges the header of a message that `client` sent.
    pub(super) fn judge(
        &self,
        header: &Header,
        client: &Client,
        content_type: Option<&str>,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        header.key_id().ok_or_else(|| missing("kid"))?;
        let iat = header.obie_issued_at().ok_or_else(|| missing(obie::IAT))?;
        let iss = header.obie_issuer().ok_or_else(|| missing(obie::ISS))?;
        let tan = header.obie_trust_anchor().ok_or_else(|| missing(obie::TAN))?;
        if header.typ().is_some_and(|typ| typ != "JOSE") {
            return Err(wrong("typ", "not JOSE"));
        }
        match (header.cty(), content_type) {
            (Some(cty), _) if !same_media_type(cty, content_type) => {
                return Err(wrong("cty", "not the media type of the body"));
            }
            // Optional for JSON, mandatory for every other payload.
            (None, Some(other)) if essence(other) != "application/json" => {
                return Err(missing("cty"));
            }
            _ => {}
        }
        match (self.signing, header.b64()) {
            (ObieSigning::V3_1_0, Some(false)) | (ObieSigning::V3_1_4, None) => {}
            (ObieSigning::V3_1_0, None) => return Err(missing("b64")),
            (ObieSigning::V3_1_0, Some(true)) => return Err(wrong("b64", "true")),
            (ObieSigning::V3_1_4, Some(_)) => return Err(wrong("b64", "there since 3.1.4")),
        }
        self.critical(header)?;
        let only = |name: &str| MEMBERS.contains(&name) || self.tolerated.iter().any(|t| t == name);
        if !header.names().all(only) {
            // The name is the sender's; the place on the wire is not.
            return Err(Rejection::new(Reason::SignatureClaimInvalid)
                .place("JOSE header")
                .detail("a member that the profile does not know"));
        }
        if iat.seconds() > now.as_secs().saturating_add(SKEW.as_secs()) {
            return Err(wrong(obie::IAT, "in the future"));
        }
        let age = now.as_secs().saturating_sub(iat.seconds());
        if self.max_age.is_some_and(|max_age| age > max_age.as_secs()) {
            return Err(wrong(obie::IAT, "too old"));
        }
        if !self.anchors.contains(tan) {
            return Err(wrong(obie::TAN, "not trusted"));
        }
        match is_issuer(iss, client) {
            true => Ok(()),
            false => Err(wrong(obie::ISS, "not the authenticated client")),
        }
    }

    fn critical(&self, header: &Header) -> Result<(), Rejection> {
        let named = header.critical();
        let wanted = self.signing.critical();
        if named.is_empty() {
            return Err(missing("crit"));
        }
        // Duplicates are refused while the header is read, so equal length and inclusion is
        // equality of sets.
        let equal =
            named.len() == wanted.len() && named.iter().all(|name| wanted.contains(&name.as_str()));
        match equal {
            true => Ok(()),
            false => Err(wrong("crit", "not exactly the members of the profile")),
        }
    }
}

/// `{organisation}/{software}` of the directory, or the subject name of a certificate that the
/// client is registered with.
fn is_issuer(iss: &str, client: &Client) -> bool {
    if let (Some(organisation), Some(software)) = (client.organisation_id(), client.software_id()) {
        let mut parts = iss.splitn(2, '/');
        if parts.next() == Some(organisation) && parts.next() == Some(software) {
            return true;
        }
    }
    match client.certificate() {
        crate::cert::CertificateMatch::SubjectDn { subject, .. } => {
            Name::parse(iss).is_ok_and(|name| subject.matches(&name))
        }
        _ => false,
    }
}

/// A media type without its parameters.
fn essence(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `cty` is `json` or a media type; it must be the body's.
fn same_media_type(cty: &str, content_type: Option<&str>) -> bool {
    let cty = match essence(cty) {
        // RFC 7515, 4.1.10: without a slash `application/` is understood.
        bare if !bare.contains('/') => format!("application/{bare}"),
        full => full,
    };
    content_type.is_some_and(|content_type| essence(content_type) == cty)
}

/// What a failure of the JOSE layer is called by a version of the profile.
pub(super) fn rejection(error: JwsError, signing: ObieSigning) -> Rejection {
    let named = |reason, place: String| Rejection::new(reason).place(place);
    let mandatory = |name: &String| signing.critical().contains(&name.as_str());
    let base = match &error {
        JwsError::Malformed => Rejection::new(Reason::SignatureMalformed),
        JwsError::Header(header) => match header {
            HeaderError::Missing(member) => named(Reason::SignatureClaimMissing, (*member).into()),
            // A member that is missing is named, not the list that rightly names it.
            HeaderError::Critical(CriticalError::Absent(member)) if mandatory(member) => {
                named(Reason::SignatureClaimMissing, member.clone())
            }
            HeaderError::Critical(CriticalError::UnencodedNotCritical)
                if signing == ObieSigning::V3_1_4 =>
            {
                named(Reason::SignatureClaimInvalid, "b64".into())
            }
            HeaderError::Critical(_) => named(Reason::SignatureClaimInvalid, "crit".into()),
            HeaderError::UnsupportedAlgorithm => named(Reason::SignatureClaimInvalid, "alg".into()),
            HeaderError::Wrong(member) if MEMBERS.contains(&member.as_str()) => {
                named(Reason::SignatureClaimInvalid, member.clone())
            }
            _ => Rejection::new(Reason::SignatureMalformed),
        },
        JwsError::AlgorithmNotAccepted(_) | JwsError::KeyForOtherAlgorithm => {
            named(Reason::SignatureClaimInvalid, "alg".into())
        }
        JwsError::NotUnderstood(_) | JwsError::Unencoded => {
            named(Reason::SignatureClaimInvalid, "crit".into())
        }
        JwsError::OtherKey => named(Reason::SignatureClaimInvalid, "kid".into()),
        JwsError::Verify(_) => Rejection::new(Reason::SignatureInvalid),
    };
    base.source(error)
}

fn missing(member: &'static str) -> Rejection {
    Rejection::new(Reason::SignatureClaimMissing).place(member)
}

fn wrong(member: &'static str, why: &'static str) -> Rejection {
    Rejection::new(Reason::SignatureClaimInvalid).place(member).detail(why)
}

const SKEW: Duration = Duration::from_secs(60);
const MEMBERS: &[&str] =
    &["alg", "kid", "typ", "cty", "b64", "crit", obie::IAT, obie::ISS, obie::TAN];

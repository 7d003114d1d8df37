use serde::de::{Error, MapAccess};

use super::{
    CriticalError, Jwk, NumericDate, base64url, critical,
    object::{self, Members, ObjectError, Strict},
};
use crate::crypto::Algorithm;

/// The members the Open Banking Implementation Entity added to the JOSE header.
pub mod obie {
    /// When the message was signed.
    pub const IAT: &str = "http://openbanking.org.uk/iat";
    /// Who signed the message.
    pub const ISS: &str = "http://openbanking.org.uk/iss";
    /// The trust anchor that vouches for the signer.
    pub const TAN: &str = "http://openbanking.org.uk/tan";
}

/// Encoded, some 8 KiB of JSON: more than any header with a certificate chain.
const MAX_ENCODED: usize = 11 * 1024;
const MAX_KEY_ID: usize = 256;

/// Why a protected header was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Not base64url, padded, or with stray bits.
    #[error("the header is not base64url")]
    Base64,
    /// `crit` breaks the rules.
    #[error(transparent)]
    Critical(#[from] CriticalError),
    /// A member name twice.
    #[error("the header has {0:?} twice")]
    Duplicate(String),
    /// A required member is missing.
    #[error("the header lacks {0}")]
    Missing(&'static str),
    /// JSON, but not an object.
    #[error("the header is not an object")]
    NotAnObject,
    /// Not JSON in UTF-8, or followed by something.
    #[error("the header is not JSON")]
    NotJson,
    /// Larger than 8 KiB or 64 members.
    #[error("the header is too large")]
    TooLarge,
    /// `alg` names a symmetric or unknown algorithm, or none.
    #[error("the algorithm is not supported")]
    UnsupportedAlgorithm,
    /// A member has a value of another type, or one out of its range.
    #[error("the header has a wrong {0}")]
    Wrong(String),
}

impl HeaderError {
    /// The member at fault, where one is.
    pub fn member(&self) -> Option<&str> {
        match self {
            Self::Critical(_) => Some("crit"),
            Self::Duplicate(name) | Self::Wrong(name) => Some(name),
            Self::Missing(name) => Some(name),
            Self::UnsupportedAlgorithm => Some("alg"),
            Self::Base64 | Self::NotAnObject | Self::NotJson | Self::TooLarge => None,
        }
    }
}

/// A protected header that is well formed: one JSON object, no name twice, `alg` known, `crit` legal.
///
/// Everything in it is a claim of the sender until a signature over it verifies. What a profile
/// demands of the members (which must be there, which may, with which values) is not checked, nor
/// that critical extensions are understood. `jku`, `x5u` and `x5c` are never read; `jwk` is read for
/// DPoP and never used to verify anything here.
#[derive(Clone, Debug)]
pub struct Header {
    algorithm: Algorithm,
    fields: Fields,
    names: Vec<String>,
    json: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Fields {
    alg: Option<String>,
    kid: Option<String>,
    typ: Option<String>,
    cty: Option<String>,
    b64: Option<bool>,
    crit: Option<Vec<String>>,
    jwk: Option<Jwk>,
    iat: Option<NumericDate>,
    iss: Option<String>,
    tan: Option<String>,
}

impl Header {
    /// Reads the first part of a JWS (RFC 7515 section 4).
    ///
    /// # Errors
    ///
    /// When the header is malformed; each way has its variant.
    pub fn parse(encoded: &str) -> Result<Self, HeaderError> {
        if encoded.len() > MAX_ENCODED {
            return Err(HeaderError::TooLarge);
        }
        let json = base64url::decode(encoded).ok_or(HeaderError::Base64)?;
        let (fields, names) = object::parse::<Fields>(&json)?;
        let name = fields.alg.as_deref().ok_or(HeaderError::Missing("alg"))?;
        let algorithm = Algorithm::from_name(name).ok_or(HeaderError::UnsupportedAlgorithm)?;
        critical::check(fields.crit.as_deref(), &names, fields.b64)?;
        Ok(Self { algorithm, fields, names, json })
    }

    /// `alg`.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`: 1 to 256 bytes without control characters.
    pub fn key_id(&self) -> Option<&str> {
        self.fields.kid.as_deref()
    }

    /// `typ`, as written.
    pub fn typ(&self) -> Option<&str> {
        self.fields.typ.as_deref()
    }

    /// `cty`, as written.
    pub fn cty(&self) -> Option<&str> {
        self.fields.cty.as_deref()
    }

    /// `b64` (RFC 7797), where present.
    pub fn b64(&self) -> Option<bool> {
        self.fields.b64
    }

    /// The names in `crit`, in order; none when it is absent.
    pub fn critical(&self) -> &[String] {
        self.fields.crit.as_deref().unwrap_or_default()
    }

    /// `jwk`, as DPoP proofs carry it (RFC 9449 section 4.2). Its form is checked, its key is not.
    pub fn jwk(&self) -> Option<&Jwk> {
        self.fields.jwk.as_ref()
    }

    /// `http://openbanking.org.uk/iat`.
    pub fn obie_issued_at(&self) -> Option<NumericDate> {
        self.fields.iat
    }

    /// `http://openbanking.org.uk/iss`.
    pub fn obie_issuer(&self) -> Option<&str> {
        self.fields.iss.as_deref()
    }

    /// `http://openbanking.org.uk/tan`.
    pub fn obie_trust_anchor(&self) -> Option<&str> {
        self.fields.tan.as_deref()
    }

    /// The names of all members in order, also of those without a method here.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The decoded header, for a profile with members of its own. Names at the top are unique; names
    /// inside members without a method here may not be.
    pub fn json(&self) -> &[u8] {
        &self.json
    }
}

impl Members for Fields {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "alg" => self.alg = Some(values.next_value()?),
            "kid" => self.kid = Some(key_id(values.next_value()?)?),
            "typ" => self.typ = Some(values.next_value()?),
            "cty" => self.cty = Some(values.next_value()?),
            "b64" => self.b64 = Some(values.next_value()?),
            "crit" => self.crit = Some(values.next_value()?),
            "jwk" => self.jwk = Some(values.next_value::<Strict<Jwk>>()?.0),
            obie::IAT => self.iat = Some(values.next_value()?),
            obie::ISS => self.iss = Some(values.next_value()?),
            obie::TAN => self.tan = Some(values.next_value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn key_id<E: Error>(kid: String) -> Result<String, E> {
    if kid.is_empty() || kid.len() > MAX_KEY_ID || kid.chars().any(char::is_control) {
        return Err(E::custom("not a key id"));
    }
    Ok(kid)
}

impl From<ObjectError> for HeaderError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Duplicate(name) => Self::Duplicate(name),
            ObjectError::NotAnObject => Self::NotAnObject,
            ObjectError::NotJson => Self::NotJson,
            ObjectError::TooManyMembers => Self::TooLarge,
            ObjectError::Wrong(name) => Self::Wrong(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Header, HeaderError> {
        Header::parse(&base64url::encode(json.as_bytes()))
    }

    fn wrong(member: &str) -> HeaderError {
        HeaderError::Wrong(member.to_owned())
    }

    #[test]
    fn the_header_of_an_obie_message_is_read_whole() {
        let header = parse(
            r#"{"typ":"JOSE","cty":"application/json","http://openbanking.org.uk/iat":1596030273.582,
                "http://openbanking.org.uk/iss":"0015800001041RHAAY",
                "http://openbanking.org.uk/tan":"openbanking.org.uk",
                "crit":["http://openbanking.org.uk/iat"],"alg":"PS256","kid":"zkbo","x":{"y":[1]}}"#,
        )
        .unwrap();
        assert_eq!(header.algorithm(), Algorithm::Ps256);
        assert_eq!(header.typ(), Some("JOSE"));
        assert_eq!(header.cty(), Some("application/json"));
        assert_eq!(header.key_id(), Some("zkbo"));
        assert_eq!(header.b64(), None);
        assert_eq!(header.critical(), [obie::IAT]);
        let issued_at = header.obie_issued_at().unwrap();
        assert!(issued_at.seconds() == 1_596_030_273 && !issued_at.is_whole());
        assert_eq!(header.obie_issuer(), Some("0015800001041RHAAY"));
        assert_eq!(header.obie_trust_anchor(), Some("openbanking.org.uk"));
        let names: Vec<_> = header.names().collect();
        assert_eq!(
            names,
            ["typ", "cty", obie::IAT, obie::ISS, obie::TAN, "crit", "alg", "kid", "x"]
        );
    }

    #[test]
    fn missing_unsupported_and_mistyped_algorithms_differ() {
        assert_eq!(parse("{}").err(), Some(HeaderError::Missing("alg")));
        for alg in ["none", "HS256", "ps256", ""] {
            let json = format!(r#"{{"alg":"{alg}"}}"#);
            assert_eq!(parse(&json).err(), Some(HeaderError::UnsupportedAlgorithm));
        }
        for alg in ["null", "1", "[\"PS256\"]", "{}"] {
            let json = format!(r#"{{"alg":{alg}}}"#);
            assert_eq!(parse(&json).err(), Some(wrong("alg")), "{alg}");
        }
    }

    #[test]
    fn a_name_twice_is_refused_however_it_is_spelt() {
        for json in [
            r#"{"alg":"PS256","alg":"PS256"}"#,
            r#"{"alg":"PS256","\u0061lg":"none"}"#,
            r#"{"x":1,"alg":"PS256","x":1}"#,
            r#"{"alg":"PS256","jwk":{"kty":"EC","kty":"EC"}}"#,
        ] {
            let error = parse(json).unwrap_err();
            assert!(matches!(error, HeaderError::Duplicate(_) | HeaderError::Wrong(_)), "{json}");
        }
    }

    #[test]
    fn members_of_another_type_are_named() {
        for (json, member) in [
            (r#"{"alg":"PS256","b64":"false"}"#, "b64"),
            (r#"{"alg":"PS256","b64":0}"#, "b64"),
            (r#"{"alg":"PS256","kid":7}"#, "kid"),
            (r#"{"alg":"PS256","kid":""}"#, "kid"),
            (r#"{"alg":"PS256","kid":"a\nb"}"#, "kid"),
            (r#"{"alg":"PS256","typ":null}"#, "typ"),
            (r#"{"alg":"PS256","crit":"b64"}"#, "crit"),
            (r#"{"alg":"PS256","crit":["b64",1]}"#, "crit"),
            (r#"{"alg":"PS256","http://openbanking.org.uk/iat":"1501497671"}"#, obie::IAT),
            (r#"{"alg":"PS256","http://openbanking.org.uk/iat":1501497671000}"#, obie::IAT),
            (r#"{"alg":"PS256","http://openbanking.org.uk/iss":{}}"#, obie::ISS),
        ] {
            assert_eq!(parse(json).err(), Some(wrong(member)), "{json}");
            assert_eq!(parse(json).unwrap_err().member(), Some(member));
        }
    }

    #[test]
    fn crit_and_b64_are_checked_together() {
        let error = parse(r#"{"alg":"PS256","b64":false}"#).unwrap_err();
        assert_eq!(error, CriticalError::UnencodedNotCritical.into());
        assert_eq!(error.member(), Some("crit"));
        assert_eq!(parse(r#"{"alg":"PS256","crit":[]}"#).err(), Some(CriticalError::Empty.into()));
    }

    #[test]
    fn a_key_id_of_a_mebibyte_does_not_get_as_far_as_json() {
        let json = format!(r#"{{"alg":"PS256","kid":"{}"}}"#, "k".repeat(1024 * 1024));
        assert_eq!(parse(&json).err(), Some(HeaderError::TooLarge));
        let json = format!(r#"{{"alg":"PS256","kid":"{}"}}"#, "k".repeat(257));
        assert_eq!(parse(&json).err(), Some(wrong("kid")));
    }

    #[test]
    fn ten_thousand_nested_arrays_do_not_reach_the_stack() {
        let bomb = "[".repeat(10_000);
        let json = format!(r#"{{"alg":"PS256","x":{bomb}"#);
        assert_eq!(parse(&json).err(), Some(HeaderError::TooLarge));
        // Within the size that is read at all.
        let (open, close) = ("[".repeat(4000), "]".repeat(4000));
        assert!(parse(&format!(r#"{{"alg":"PS256","x":{open}{close}}}"#)).is_ok());
        let error = parse(&format!(r#"{{"alg":{open}{close}}}"#)).unwrap_err();
        assert_eq!(error, wrong("alg"));
        assert_eq!(parse(&open).err(), Some(HeaderError::NotAnObject));
    }

    #[test]
    fn a_header_of_very_many_members_is_refused() {
        let members: Vec<_> = (0..65).map(|n| format!(r#""m{n}":0"#)).collect();
        let json = format!("{{{}}}", members.join(","));
        assert_eq!(parse(&json).err(), Some(HeaderError::TooLarge));
    }

    #[test]
    fn what_is_not_one_json_object_in_utf8_is_refused() {
        for (bytes, error) in [
            (b"".as_slice(), HeaderError::NotJson),
            (b"{", HeaderError::NotJson),
            (br#"{"alg":"PS256"} {}"#, HeaderError::NotJson),
            (b"{\"alg\":\"PS256\"}\0", HeaderError::NotJson),
            (b"\xef\xbb\xbf{\"alg\":\"PS256\"}", HeaderError::NotJson),
            (b"{\"alg\":\"PS256\",\"kid\":\"\xff\"}", HeaderError::NotJson),
            (b"{\"alg\":\"PS256\",\"x\":\"\xff\"}", HeaderError::NotJson),
            (br#"{"alg":"PS256","kid":"\ud800"}"#, HeaderError::NotJson),
            (br#"{"alg":"PS256",}"#, HeaderError::NotJson),
            (br#"{'alg':'PS256'}"#, HeaderError::NotJson),
            (br#"["PS256"]"#, HeaderError::NotAnObject),
            (br#""PS256""#, HeaderError::NotAnObject),
            (b"null", HeaderError::NotAnObject),
        ] {
            let text = String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(Header::parse(&base64url::encode(bytes)).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn padding_and_blanks_around_the_encoding_are_refused() {
        let encoded = base64url::encode(br#"{"alg":"PS256" }"#);
        assert!(Header::parse(&encoded).is_ok());
        for text in [format!("{encoded}="), format!("{encoded} "), format!(" {encoded}")] {
            assert_eq!(Header::parse(&text).err(), Some(HeaderError::Base64), "{text:?}");
        }
    }
}

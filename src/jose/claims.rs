use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;

use super::{
    NumericDate, Thumbprint,
    object::{self, Members, ObjectError, Strict},
};

/// Why a set of claims was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// A claim twice.
    #[error("the claim {0:?} stands there twice")]
    Duplicate(String),
    /// Not one JSON object, or one of more than 64 members.
    #[error("not a claims object")]
    Malformed,
    /// A claim has a value of another type, or a date beyond the year 2100.
    #[error("the claim {0:?} has a wrong value")]
    Wrong(String),
}

/// The claims of an access token or a client assertion (RFC 7519, RFC 9068, RFC 8705), typed.
///
/// Every claim is optional here and nothing is compared: which must be there, and what they must
/// say, is for the rule that reads them. Unknown claims are left alone.
#[derive(Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Claims {
    /// `iss`.
    #[serde(rename = "iss", skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `sub`.
    #[serde(rename = "sub", skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `aud`.
    #[serde(rename = "aud", skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// `exp`.
    #[serde(rename = "exp", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<NumericDate>,
    /// `nbf`.
    #[serde(rename = "nbf", skip_serializing_if = "Option::is_none")]
    pub not_before: Option<NumericDate>,
    /// `iat`.
    #[serde(rename = "iat", skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<NumericDate>,
    /// `jti`.
    #[serde(rename = "jti", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `client_id` (RFC 9068 section 2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `scope`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// `cnf` (RFC 7800).
    #[serde(rename = "cnf", skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// `openbanking_intent_id`: the consent the token was given for.
    #[serde(rename = "openbanking_intent_id", skip_serializing_if = "Option::is_none")]
    pub intent_id: Option<String>,
}

impl Claims {
    /// Reads the payload of a JWT, after its signature verified.
    ///
    /// # Errors
    ///
    /// When it is not one JSON object, has a claim twice, or one of another type.
    pub fn parse(json: &[u8]) -> Result<Self, ClaimsError> {
        read_claims(json)
    }
}

/// Reads an object of claims beside which others stand.
pub(crate) fn read_claims<T: Members>(json: &[u8]) -> Result<T, ClaimsError> {
    object::parse(json).map(|(claims, _)| claims).map_err(|error| match error {
        ObjectError::Duplicate(name) => ClaimsError::Duplicate(name),
        ObjectError::Wrong(name) => ClaimsError::Wrong(name),
        ObjectError::NotAnObject | ObjectError::NotJson | ObjectError::TooManyMembers => {
            ClaimsError::Malformed
        }
    })
}

impl fmt::Debug for Claims {
    /// Shows whose client it is and until when; the subject and the consent are a person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Members for Claims {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "iss" => self.issuer = Some(values.next_value()?),
            "sub" => self.subject = Some(values.next_value()?),
            "aud" => self.audience = Some(values.next_value()?),
            "exp" => self.expires_at = Some(values.next_value()?),
            "nbf" => self.not_before = Some(values.next_value()?),
            "iat" => self.issued_at = Some(values.next_value()?),
            "jti" => self.id = Some(values.next_value()?),
            "client_id" => self.client_id = Some(values.next_value()?),
            "scope" => self.scope = Some(Scope(values.next_value()?)),
            "cnf" => self.confirmation = Some(values.next_value::<Strict<_>>()?.0),
            "openbanking_intent_id" => self.intent_id = Some(values.next_value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `aud`: one name or several (RFC 7519 section 4.1.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Audience(Vec<String>);

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.sole() {
            Some(only) => only.serialize(serializer),
            None => self.0.serialize(serializer),
        }
    }
}

impl Audience {
    /// One name.
    pub fn of(name: impl Into<String>) -> Self {
        Self(vec![name.into()])
    }

    /// Whether the name is among them, compared character by character.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|audience| audience == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The name, when it is the only one: a string, or an array of one.
    pub fn sole(&self) -> Option<&str> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Audience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Audience, E> {
        Ok(Audience(vec![name.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Audience, A::Error> {
        let mut audience = Vec::new();
        while let Some(name) = names.next_element()? {
            audience.push(name);
        }
        Ok(Audience(audience))
    }
}

/// `scope`: names separated by blanks (RFC 6749 section 3.3).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Scope(String);

impl Scope {
    /// Reads a parameter strictly: names of visible characters without quote and backslash, one
    /// blank between two of them, none twice.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| {
            let visible = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            !name.is_empty() && name.bytes().all(visible)
        };
        let names: Vec<_> = text.split(' ').collect();
        let once = |(index, name)| !names.iter().take(index).any(|earlier| *earlier == name);
        let whole =
            names.iter().all(|name| is_name(name)) && names.iter().copied().enumerate().all(once);
        whole.then(|| Self(text.to_owned()))
    }

    /// The names with a blank between two of them, as parameters and claims have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is among them, case-sensitively.
    pub fn contains(&self, name: &str) -> bool {
        self.names().any(|scope| scope == name)
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|name| !name.is_empty())
    }
}

/// `cnf`: what the sender of the token must prove to hold. Where both are there, both must hold.
///
/// Where neither is, the token is bound by a method this crate does not know, and must be refused.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Confirmation {
    /// `x5t#S256`: the client's certificate (RFC 8705 section 3.1).
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Thumbprint>,
    /// `jkt`: the client's DPoP key (RFC 9449 section 6.1).
    #[serde(rename = "jkt", skip_serializing_if = "Option::is_none")]
    pub key: Option<Thumbprint>,
}

impl Members for Confirmation {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "x5t#S256" => self.certificate = Some(values.next_value()?),
            "jkt" => self.key = Some(values.next_value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(json: &str) -> Option<ClaimsError> {
        Claims::parse(json.as_bytes()).err()
    }

    #[test]
    fn the_claims_of_an_access_token_are_typed() {
        let claims = Claims::parse(
            br#"{"iss":"https://as","sub":"u","aud":["https://rs","b"],"exp":1501497671.5,
                "nbf":1,"iat":2,"jti":"j","client_id":"c","scope":"openid  payments",
                "cnf":{"x5t#S256":"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"},
                "openbanking_intent_id":"58923","acr":{"any":["thing"]}}"#,
        )
        .unwrap();
        assert_eq!(claims.issuer.as_deref(), Some("https://as"));
        let audience = claims.audience.unwrap();
        assert!(audience.contains("https://rs") && !audience.contains("https://rs/"));
        assert_eq!(audience.sole(), None);
        assert_eq!(claims.expires_at.map(NumericDate::seconds), Some(1_501_497_671));
        let scope = claims.scope.unwrap();
        assert!(scope.contains("payments") && !scope.contains("payment") && !scope.contains(""));
        let confirmation = claims.confirmation.unwrap();
        assert!(confirmation.certificate.is_some() && confirmation.key.is_none());
        assert_eq!(claims.intent_id.as_deref(), Some("58923"));
    }

    #[test]
    fn a_scope_parameter_is_names_with_one_blank_between() {
        for text in ["openid", "openid payments", "a!#[]~ b:c/d"] {
            assert_eq!(Scope::parse(text).unwrap().as_str(), text);
        }
        for text in ["", " a", "a ", "a  b", "a\tb", "a\"b", "a\\b", "\u{e9}", "a b a", "a\u{7f}"] {
            assert_eq!(Scope::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn one_audience_is_sole_as_a_string_and_as_an_array() {
        for json in [r#"{"aud":"a"}"#, r#"{"aud":["a"]}"#] {
            let audience = Claims::parse(json.as_bytes()).unwrap().audience.unwrap();
            assert_eq!(audience.sole(), Some("a"));
        }
        let nobody = Claims::parse(br#"{"aud":[]}"#).unwrap().audience.unwrap();
        assert_eq!(nobody.sole(), None);
    }

    #[test]
    fn claims_of_another_type_are_named() {
        for (json, claim) in [
            (r#"{"exp":"1501497671"}"#, "exp"),
            (r#"{"exp":1501497671000}"#, "exp"),
            (r#"{"nbf":-1}"#, "nbf"),
            (r#"{"iat":null}"#, "iat"),
            (r#"{"aud":[1]}"#, "aud"),
            (r#"{"aud":null}"#, "aud"),
            (r#"{"scope":["payments"]}"#, "scope"),
            (r#"{"cnf":"x"}"#, "cnf"),
            (r#"{"cnf":{"x5t#S256":"bwcK0esc"}}"#, "cnf"),
            (r#"{"cnf":{"jkt":"x","jkt":"x"}}"#, "cnf"),
        ] {
            assert_eq!(wrong(json), Some(ClaimsError::Wrong(claim.to_owned())), "{json}");
        }
    }

    #[test]
    fn a_claim_twice_is_refused_and_what_is_no_object_too() {
        let twice = wrong(r#"{"exp":1,"iss":"a","e\u0078p":2}"#);
        assert_eq!(twice, Some(ClaimsError::Duplicate("exp".to_owned())));
        for json in ["", "[]", "{} {}", "\"a\"", "{\"iss\":\"a\"", "{\"iss\":\"\u{0}\"}"] {
            assert_eq!(wrong(json), Some(ClaimsError::Malformed), "{json:?}");
        }
    }

    #[test]
    fn an_unknown_confirmation_is_there_and_empty() {
        let claims = Claims::parse(br#"{"cnf":{"jwk":{}}}"#).unwrap();
        assert_eq!(claims.confirmation, Some(Confirmation::default()));
    }

    #[test]
    fn debug_names_no_person_and_no_consent() {
        let json = br#"{"sub":"alice","openbanking_intent_id":"consent-7","client_id":"tpp"}"#;
        let shown = format!("{:?}", Claims::parse(json).unwrap());
        assert!(shown.contains("tpp") && !shown.contains("alice") && !shown.contains("consent-7"));
    }
}

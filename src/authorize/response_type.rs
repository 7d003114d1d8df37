//! Response types and modes.

/// What the authorisation endpoint answers with (RFC 6749, 3.1.1; OAuth 2.0 Multiple Response Type
/// Encoding Practices).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResponseType {
    /// A code.
    Code,
    /// A code and an ID token, which signs it.
    CodeIdToken,
    /// The same with an access token that passes through the browser: no profile here has it.
    CodeIdTokenToken,
}

impl ResponseType {
    /// The type of this name; the order of its words does not matter (RFC 6749, 3.1.1).
    pub fn named(name: &str) -> Option<Self> {
        let mut words: Vec<&str> = name.split(' ').collect();
        words.sort_unstable();
        Some(match words.as_slice() {
            ["code"] => Self::Code,
            ["code", "id_token"] => Self::CodeIdToken,
            ["code", "id_token", "token"] => Self::CodeIdTokenToken,
            _ => return None,
        })
    }

    /// As requests name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::CodeIdToken => "code id_token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }
}

/// How the answer travels, as a request names it (OAuth 2.0 Multiple Response Type Encoding
/// Practices, 2.1; JARM, 2.3). `form_post` is in no profile here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the fragment.
    Fragment,
    /// As a signed JWT in the fragment.
    FragmentJwt,
    /// As a signed JWT, where the response type would put it.
    Jwt,
    /// In the query.
    Query,
    /// As a signed JWT in the query.
    QueryJwt,
}

impl ResponseMode {
    /// The mode of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "fragment" => Self::Fragment,
            "fragment.jwt" => Self::FragmentJwt,
            "jwt" => Self::Jwt,
            "query" => Self::Query,
            "query.jwt" => Self::QueryJwt,
            _ => return None,
        })
    }

    /// As requests name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fragment => "fragment",
            Self::FragmentJwt => "fragment.jwt",
            Self::Jwt => "jwt",
            Self::Query => "query",
            Self::QueryJwt => "query.jwt",
        }
    }
}

/// The way of an answer, decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Delivery {
    pub(super) in_fragment: bool,
    pub(super) signed: bool,
}

impl Delivery {
    /// How a request wants to be answered, also one that is refused for it: what belongs to a type
    /// with tokens never goes into a query, which servers and proxies log.
    pub(super) fn wanted(response_type: Option<&str>, mode: Option<&str>) -> Self {
        let tokens = |name: &str| name.split(' ').any(|word| matches!(word, "id_token" | "token"));
        let hybrid = response_type.is_some_and(tokens);
        let mode = mode.and_then(ResponseMode::named);
        let fragment = matches!(mode, Some(ResponseMode::Fragment | ResponseMode::FragmentJwt));
        let signed = matches!(
            mode,
            Some(ResponseMode::Jwt | ResponseMode::QueryJwt | ResponseMode::FragmentJwt)
        );
        Self { in_fragment: hybrid || fragment, signed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_words_does_not_matter_and_nothing_else_is_forgiven() {
        for name in ["code id_token", "id_token code"] {
            assert_eq!(ResponseType::named(name), Some(ResponseType::CodeIdToken));
        }
        for name in
            ["", "Code", "code ", "code  id_token", "code code", "token", "id_token", "none"]
        {
            assert_eq!(ResponseType::named(name), None, "{name:?}");
        }
        for kind in [ResponseType::Code, ResponseType::CodeIdToken, ResponseType::CodeIdTokenToken]
        {
            assert_eq!(ResponseType::named(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn every_mode_comes_back_by_its_name() {
        for mode in [
            ResponseMode::Fragment,
            ResponseMode::FragmentJwt,
            ResponseMode::Jwt,
            ResponseMode::Query,
            ResponseMode::QueryJwt,
        ] {
            assert_eq!(ResponseMode::named(mode.as_str()), Some(mode));
        }
        assert_eq!(ResponseMode::named("form_post"), None);
    }

    #[test]
    fn an_answer_to_a_type_with_tokens_never_travels_in_the_query() {
        let delivery = |kind, mode| {
            let delivery = Delivery::wanted(kind, mode);
            (delivery.in_fragment, delivery.signed)
        };
        let hybrid = Some("code id_token");
        assert_eq!(delivery(hybrid, None), (true, false));
        assert_eq!(delivery(hybrid, Some("query")), (true, false));
        assert_eq!(delivery(hybrid, Some("query.jwt")), (true, true));
        assert_eq!(delivery(Some("token"), Some("query")), (true, false));
        assert_eq!(delivery(Some("code"), None), (false, false));
        assert_eq!(delivery(Some("code"), Some("fragment")), (true, false));
        assert_eq!(delivery(Some("code"), Some("jwt")), (false, true));
        assert_eq!(delivery(Some("code"), Some("fragment.jwt")), (true, true));
        assert_eq!(delivery(Some("code"), Some("form_post")), (false, false));
        assert_eq!(delivery(None, None), (false, false));
    }
}

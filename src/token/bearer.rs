//! The access token of a request: bearer (RFC 6750) or bound to a key (RFC 9449, 7.1).

use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::header::single_text;
use crate::reject::{Challenge, Reason, Rejection, Scheme};

/// The schemes of `Authorization` under which a gate takes tokens. A token that names a DPoP key is
/// good under `DPoP` alone, every other under `Bearer` alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenSchemes {
    /// `Bearer`.
    Bearer,
    /// Either.
    BearerOrDpop,
    /// `DPoP`.
    Dpop,
}

impl TokenSchemes {
    fn scheme(self, name: &str) -> Option<Scheme> {
        let bearer = name.eq_ignore_ascii_case("Bearer") && self != Self::Dpop;
        let dpop = name.eq_ignore_ascii_case("DPoP") && self != Self::Bearer;
        if bearer { Some(Scheme::Bearer) } else { dpop.then_some(Scheme::Dpop) }
    }

    /// What a refusal asks for: the scheme that was used, or all that are taken.
    pub(super) fn challenge(self, used: Option<Scheme>) -> Challenge {
        match self {
            Self::Bearer => Challenge::Only(Scheme::Bearer),
            Self::BearerOrDpop => used.map_or(Challenge::Either, Challenge::Only),
            Self::Dpop => Challenge::Only(Scheme::Dpop),
        }
    }
}

/// Takes the token from the `Authorization` header, and from nowhere else.
///
/// FAPI 1.0 Baseline, 6.2.1 (3): a token in the query is refused, because URLs end up in logs.
pub(super) fn token(request: &Parts, schemes: TokenSchemes) -> Result<(Scheme, &str), Rejection> {
    let asks = |rejection: Rejection, used| rejection.challenge(schemes.challenge(used));
    let malformed =
        |used| asks(Rejection::new(Reason::TokenMalformed).place("Authorization"), used);
    if request.uri.query().is_some_and(names_access_token) {
        let rejection = Rejection::new(Reason::TokenMalformed).detail("token in the query");
        return Err(asks(rejection, None));
    }
    let value = single_text(&request.headers, &AUTHORIZATION)
        .map_err(|error| malformed(None).source(error))?;
    let missing = || asks(Rejection::new(Reason::TokenMissing), None);
    let value = value.ok_or_else(missing)?;
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    let Some(scheme) = schemes.scheme(scheme) else {
        return Err(missing().detail("another scheme"));
    };
    let token = token.trim_start_matches(' ');
    match is_token68(token) && token.len() <= LONGEST {
        true => Ok((scheme, token)),
        false => {
            Err(malformed(Some(scheme)).detail("not a token of RFC 6750, 2.1, or over 16 KiB"))
        }
    }
}

/// Whether some parameter of the query is called `access_token`, however its letters are escaped.
fn names_access_token(query: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        unescape(name).eq_ignore_ascii_case(b"access_token")
    })
}

fn unescape(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        rest = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => {
                    out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    tail
                }
                _ => {
                    out.push(b'%');
                    rest.get(1..).unwrap_or_default()
                }
            },
            _ => {
                out.push(*first);
                tail
            }
        };
    }
    out
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
    };
    !body.is_empty() && body.bytes().all(allowed)
}

const LONGEST: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn judged(uri: &str, values: &[&str]) -> Result<String, Reason> {
        let mut request = Request::builder().uri(uri);
        for value in values {
            request = request.header(AUTHORIZATION, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        token(&parts, TokenSchemes::Bearer)
            .map(|(_, token)| token.to_owned())
            .map_err(|why| why.reason())
    }

    #[test]
    fn one_bearer_token_in_the_header_is_taken_and_the_scheme_has_no_case() {
        assert_eq!(judged("/", &["Bearer a.b-c_d~e+f/g=="]).unwrap(), "a.b-c_d~e+f/g==");
        assert_eq!(judged("/?page=2", &["bEaReR x"]).unwrap(), "x");
    }

    #[test]
    fn no_token_and_another_scheme_are_missing() {
        for values in [&[][..], &["Basic eDp5"], &["Bearer"], &["DPoP x"], &["Bearerx"]] {
            assert_eq!(judged("/", values), Err(Reason::TokenMissing), "{values:?}");
        }
    }

    #[test]
    fn a_scheme_is_taken_where_the_gate_is_made_for_it() {
        let judged = |schemes, value: &str| {
            let request = Request::get("/").header(AUTHORIZATION, value).body(()).unwrap();
            token(&request.into_parts().0, schemes).map(|(scheme, _)| scheme).ok()
        };
        for (schemes, bearer, dpop) in [
            (TokenSchemes::Bearer, Some(Scheme::Bearer), None),
            (TokenSchemes::BearerOrDpop, Some(Scheme::Bearer), Some(Scheme::Dpop)),
            (TokenSchemes::Dpop, None, Some(Scheme::Dpop)),
        ] {
            assert_eq!(judged(schemes, "Bearer x"), bearer, "{schemes:?}");
            assert_eq!(judged(schemes, "dPoP x"), dpop, "{schemes:?}");
            assert_eq!(judged(schemes, "Basic x"), None, "{schemes:?}");
        }
    }

    #[test]
    fn two_tokens_or_a_token_elsewhere_are_malformed() {
        assert_eq!(judged("/", &["Bearer x", "Bearer x"]), Err(Reason::TokenMalformed));
        for query in ["access_token=x", "a=b&access_token", "%61ccess_token=x", "ACCESS%5Ftoken=x"]
        {
            let uri = format!("/?{query}");
            assert_eq!(judged(&uri, &["Bearer x"]), Err(Reason::TokenMalformed), "{query}");
        }
        for hostile in ["Bearer ", "Bearer a b", "Bearer \"a\"", "Bearer a,b", "Bearer =="] {
            assert_eq!(judged("/", &[hostile]), Err(Reason::TokenMalformed), "{hostile}");
        }
        let long = format!("Bearer {}", "a".repeat(LONGEST + 1));
        assert_eq!(judged("/", &[&long]), Err(Reason::TokenMalformed));
    }
}

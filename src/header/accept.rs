use http::header::{ACCEPT, HeaderMap};

use super::media_type::{MediaType, Parameter};
use super::quoted::split;
use super::visible_text;

impl MediaType {
    /// Whether the `Accept` header of a request allows an answer of this media type in UTF-8.
    ///
    /// Several lines are one list. No `Accept` and an empty one state no preference: allowed. Of
    /// the ranges that match, the most specific decides, and a weight of 0 excludes (RFC 9110,
    /// section 12.5.1). A malformed list allows nothing.
    ///
    /// Does not rank several acceptable types.
    pub fn is_accepted(&self, headers: &HeaderMap) -> bool {
        let Some(ranges) = ranges(headers) else { return false };
        let matching = ranges.iter().filter(|range| range.covers(self));
        match matching.clone().map(|range| range.precision).max() {
            None => ranges.is_empty(),
            Some(best) => {
                matching.filter(|range| range.precision == best).all(|range| !range.excluded)
            }
        }
    }
}

/// One element of the list.
struct Range {
    named: MediaType,
    precision: Precision,
    excluded: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Anything,
    MainType,
    MediaType,
    /// Named with `charset=utf-8`.
    Utf8,
    /// Named with a parameter that our answers do not have.
    Foreign,
}

impl Range {
    fn covers(&self, answer: &MediaType) -> bool {
        match self.precision {
            Precision::Anything => true,
            Precision::MainType => self.named.main == answer.main,
            Precision::MediaType | Precision::Utf8 => self.named == *answer,
            Precision::Foreign => false,
        }
    }

    fn parse(element: &str) -> Option<Self> {
        let parts = split(element, ';')?;
        let mut parts = parts.into_iter().map(str::trim);
        let named: MediaType = parts.next()?.parse().ok()?;
        let mut precision = match (&*named.main, &*named.sub) {
            ("*", "*") => Precision::Anything,
            ("*", _) => return None,
            (_, "*") => Precision::MainType,
            _ => Precision::MediaType,
        };
        let mut excluded = None;
        for part in parts.filter(|part| !part.is_empty()) {
            let parameter = Parameter::parse(part)?;
            if excluded.is_some() {
                // Extensions behind the weight are obsolete and mean nothing (RFC 9110, 12.5.1).
                continue;
            }
            if parameter.is("q") {
                excluded = Some(is_zero(&parameter.value)?);
            } else if parameter.is("charset") && parameter.says_utf8() {
                precision = precision.max(Precision::Utf8);
            } else {
                precision = Precision::Foreign;
            }
        }
        Some(Self { named, precision, excluded: excluded.unwrap_or(false) })
    }
}

/// The elements of every `Accept` line; `None` if one is malformed.
fn ranges(headers: &HeaderMap) -> Option<Vec<Range>> {
    let mut ranges = Vec::new();
    for line in headers.get_all(ACCEPT) {
        let elements = split(visible_text(line.as_bytes())?, ',')?;
        for element in elements.into_iter().map(str::trim).filter(|element| !element.is_empty()) {
            ranges.push(Range::parse(element)?);
        }
    }
    Some(ranges)
}

/// Whether a weight is 0; `None` if it is not a weight (RFC 9110, section 12.4.2).
fn is_zero(weight: &str) -> Option<bool> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let zeros = decimals.bytes().all(|digit| digit == b'0');
    let digits = decimals.len() <= 3 && decimals.bytes().all(|digit| digit.is_ascii_digit());
    match (whole, digits) {
        ("0", true) => Some(zeros),
        ("1", true) if zeros => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderValue;

    fn json_is_accepted(lines: &[&str]) -> bool {
        let headers: HeaderMap =
            lines.iter().map(|line| (ACCEPT, HeaderValue::from_str(line).unwrap())).collect();
        MediaType::JSON.is_accepted(&headers)
    }

    #[test]
    fn no_preference_allows_json() {
        assert!(json_is_accepted(&[]));
        assert!(json_is_accepted(&[""]));
    }

    #[test]
    fn a_range_that_covers_json_allows_it() {
        for list in [
            "application/json",
            "Application/JSON; charset=\"utf-8\"",
            "application/*",
            "*/*",
            "text/html, */*;q=0.1",
            "text/html;level=\"a,b;c\", application/json",
            "application/json;q=1.000;ext=1",
            "application/json;q=0.001",
            ", application/json ,",
            "*/*;q=0, application/json",
            "application/*;q=0, application/json",
            "application/json;q=0, application/json;charset=utf-8",
        ] {
            assert!(json_is_accepted(&[list]), "{list}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        assert!(json_is_accepted(&["text/html", "application/json"]));
        assert!(!json_is_accepted(&["*/*", "application/json;q=0"]));
        assert!(!json_is_accepted(&["application/json", "malformed"]));
    }

    #[test]
    fn a_list_that_excludes_json_or_is_malformed_does_not_allow_it() {
        for list in [
            "text/html",
            "text/*",
            "application/xml",
            "application/json;q=0",
            "application/json;Q=0.000",
            "*/*, application/json;q=0",
            "application/json, application/json;q=0",
            "application/*;q=0, */*",
            "application/json;charset=iso-8859-1",
            "application/json;version=2",
            "application/json;version=2;charset=utf-8",
            "application/json;q=",
            "application/json;q=2",
            "application/json;q=1.001",
            "application/json;q=0.0000",
            "application/json;q=-0",
            "application/json;q=.5",
            "application/json;charset=\"utf-8",
            "application/json, */json",
            "application/json application/xml",
            "json",
            "*",
        ] {
            assert!(!json_is_accepted(&[list]), "{list}");
        }
    }
}

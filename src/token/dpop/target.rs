//! The address of a request, as its client knows it.

use http::Uri;

use super::DpopConfigError;

/// The address under which clients reach this service: `https://api.bank.example`, perhaps with a
/// port, and with the path that a proxy or a router has taken off before the gate sees the request.
///
/// It is configured and never read from `Host`, `:authority`, `Forwarded` or `X-Forwarded-*`: with
/// those a proof for another server would be good here (RFC 9449, 4.3 (9); RFC 9700, 4.13).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExternalOrigin(String);

impl ExternalOrigin {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Another scheme than `https`, a user, a query, a fragment, or dot segments.
    pub fn parse(text: &str) -> Result<Self, DpopConfigError> {
        let (authority, path) = split(text).ok_or(DpopConfigError::Origin)?;
        let path = unescaped(path).filter(|path| !has_dots(path)).ok_or(DpopConfigError::Origin)?;
        Ok(Self(format!("https://{authority}{}", path.trim_end_matches('/'))))
    }

    /// It, in the normal form of RFC 3986, 6.2, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The target URI of a request without its query, in normal form.
    ///
    /// A path with dot segments has none. Clients resolve them before they send; a router that does
    /// not would take `/a/../b` elsewhere than the proof for `/b` was made for.
    pub(super) fn target(&self, uri: &Uri) -> Option<String> {
        let path = uri.path();
        if !path.starts_with('/') {
            return None;
        }
        let path = unescaped(path).filter(|path| !has_dots(path))?;
        Some(format!("{}{path}", self.0))
    }
}

/// Whether `htu` is the target. Query and fragment are ignored, although none should be there (RFC
/// 9449, 4.3 (9)); the rest is compared in normal form (RFC 3986, 6.2.2 and 6.2.3).
pub(super) fn is_target(htu: &str, target: &str) -> bool {
    htu == target || normal(htu).is_some_and(|htu| htu == target)
}

fn normal(uri: &str) -> Option<String> {
    let uri = uri.split(['?', '#']).next()?;
    let (authority, path) = split(uri)?;
    Some(format!("https://{authority}{}", without_dots(&unescaped(path)?)))
}

/// Authority and path of an `https` URI without query and fragment; an empty path is `/`.
fn split(uri: &str) -> Option<(String, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    Some((authority_of(authority)?, path))
}

/// Host without case, port unless it is that of the scheme. A user is no part of a target URI.
fn authority_of(text: &str) -> Option<String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let fits = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_of_name),
    };
    if !fits || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    match port {
        "" => Some(host),
        port => match port.parse::<u16>().ok()? {
            443 => Some(host),
            other => Some(format!("{host}:{other}")),
        },
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

/// A path whose escapes are in normal form: unreserved characters bare, the others in upper case.
/// None where a byte stands there that no path has, or an escape that is none.
fn unescaped(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            let fits = is_unreserved(byte) || b"/!$&'()*+,;=:@".contains(&byte);
            fits.then(|| out.push(char::from(byte)))?;
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = u8::try_from(digit()? * 16 + digit()?).ok()?;
        match is_unreserved(value) {
            true => out.push(char::from(value)),
            false => out.push_str(&format!("%{value:02X}")),
        }
    }
    Some(out)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn has_dots(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// RFC 3986, 5.2.4, for a path that begins with a slash.
fn without_dots(path: &str) -> String {
    if !has_dots(path) {
        return path.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let directory = matches!(path.rsplit('/').next(), Some("." | ".."));
    let end = if directory && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<String> {
        ExternalOrigin::parse(text).ok().map(|origin| origin.0)
    }

    #[test]
    fn an_origin_is_https_and_stands_in_normal_form() {
        for (text, is) in [
            ("https://api.bank", "https://api.bank"),
            ("HTTPS://API.Bank:443/", "https://api.bank"),
            ("https://api.bank:0443", "https://api.bank"),
            ("https://api.bank:8443/", "https://api.bank:8443"),
            ("https://api.bank/open%2dbanking/", "https://api.bank/open-banking"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(origin(text).as_deref(), Some(is), "{text}");
        }
        for text in [
            "http://api.bank",
            "api.bank",
            "",
            "https://",
            "https:///x",
            "https://user@api.bank",
            "https://api.bank:99999",
            "https://api.bank:8443a",
            "https://api.bank:+443",
            "https://api.bank?x",
            "https://api.bank/a?x",
            "https://api.bank/a#x",
            "https://api.bank#x",
            "https://api.bank/a/../b",
            "https://api.bank/%2e%2E/b",
            "https://b\u{e4}nk.example",
            "https://[::1",
            "https://[x]",
        ] {
            assert_eq!(origin(text), None, "{text}");
        }
    }

    #[test]
    fn a_target_has_the_configured_prefix_and_no_query() {
        let origin = ExternalOrigin::parse("https://api.bank/v4").unwrap();
        let target = |uri: &str| origin.target(&uri.parse().unwrap());
        assert_eq!(target("/accounts?page=2").as_deref(), Some("https://api.bank/v4/accounts"));
        assert_eq!(target("/").as_deref(), Some("https://api.bank/v4/"));
        // Of an absolute form only the path counts: the peer chose the rest.
        let absolute = target("http://evil.example/accounts");
        assert_eq!(absolute.as_deref(), Some("https://api.bank/v4/accounts"));
        for hostile in ["/a/../b", "/a/%2e%2e/b", "/a/.%2E", "/./a", "*", "/%zz", "/a%2", "/\"a\""]
        {
            let Ok(uri) = hostile.parse() else { continue };
            assert_eq!(origin.target(&uri), None, "{hostile}");
        }
    }

    #[test]
    fn what_rfc_3986_calls_equivalent_is_the_same_target() {
        let target = "https://api.bank/a/b~c%2Fd";
        for htu in [
            "https://api.bank/a/b~c%2Fd",
            "HTTPS://API.bank/a/b~c%2fd",
            "https://api.bank:443/a/b%7Ec%2Fd",
            "https://api.bank:/a/b~c%2Fd",
            "https://api.bank/x/../a/./b%7ec%2fd",
            "https://api.bank/../a/b~c%2Fd",
            "https://api.bank/a/b~c%2Fd?q=1#f",
            "https://api.bank/a/b~c%2Fd#f",
        ] {
            assert!(is_target(htu, target), "{htu}");
        }
        assert!(is_target("https://api.bank", "https://api.bank/"));
        assert!(is_target("https://api.bank/a/b/..", "https://api.bank/a/"));
        assert!(is_target("https://api.bank/a/.", "https://api.bank/a/"));
        assert!(is_target("https://api.bank/..", "https://api.bank/"));
    }

    #[test]
    fn another_address_is_not_the_target() {
        let target = "https://api.bank/a/b";
        for htu in [
            "http://api.bank/a/b",
            "https://api.bank/a/b/",
            "https://api.bank/a",
            "https://api.bank/A/b",
            "https://api.bank/a//b",
            "https://api.bank/a%2Fb",
            "https://api.bank/a/b;x",
            "https://api.bank:8443/a/b",
            "https://api.bank:80/a/b",
            "https://api.bank:+443/a/b",
            "https://api.bank./a/b",
            "https://api.bank.evil/a/b",
            "https://evil/a/b",
            "https://user@api.bank/a/b",
            "https://evil@api.bank:443/a/b",
            "https:api.bank/a/b",
            "https:/api.bank/a/b",
            "//api.bank/a/b",
            "/a/b",
            "api.bank/a/b",
            "https://api.bank\\a\\b",
            "https://api.bank/a/b ",
            " https://api.bank/a/b",
            "https://api.bank/a/b%",
            "https://api.bank?/a/b",
            "",
        ] {
            assert!(!is_target(htu, target), "{htu}");
        }
    }
}

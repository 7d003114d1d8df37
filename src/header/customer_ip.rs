use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::header::{HeaderValue, InvalidHeaderValue};

/// The address of the customer's device, as the third party claims it.
///
/// Value of `x-fapi-customer-ip-address` (FAPI 1.0 Baseline 6.2.1, clause 13): an IPv4 or IPv6
/// literal without port, brackets or zone. Its presence says that the customer is present.
///
/// It is a claim: never the address of the peer, and nothing to grant access by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomerIp(IpAddr);

impl CustomerIp {
    /// The address of a customer, to be sent.
    pub fn new(address: IpAddr) -> Self {
        Self(address)
    }

    /// The claimed address.
    pub fn address(self) -> IpAddr {
        self.0
    }
}

impl fmt::Debug for CustomerIp {
    /// Hides the address: it is a person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerIp").finish_non_exhaustive()
    }
}

impl FromStr for CustomerIp {
    type Err = CustomerIpError;

    fn from_str(text: &str) -> Result<Self, CustomerIpError> {
        text.parse().map(Self).map_err(|_| CustomerIpError)
    }
}

impl fmt::Display for CustomerIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<&CustomerIp> for HeaderValue {
    type Error = InvalidHeaderValue;

    fn try_from(ip: &CustomerIp) -> Result<Self, InvalidHeaderValue> {
        HeaderValue::try_from(ip.to_string())
    }
}

/// The text is not an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IPv4 or IPv6 address")]
pub struct CustomerIpError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_valid_address_is_accepted() {
        for (sent, printed) in [
            ("104.25.212.99", "104.25.212.99"),
            ("2001:db8::1893:25c8:1946", "2001:db8::1893:25c8:1946"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("::", "::"),
        ] {
            assert_eq!(sent.parse::<CustomerIp>().unwrap().to_string(), printed);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for hostile in [
            "",
            "192.0.2.1:443",
            "[2001:db8::1]",
            "[2001:db8::1]:443",
            "fe80::1%eth0",
            "192.0.2.01",
            "192.0.2",
            "192.0.2.256",
            "3221225985",
            "0xc0000201",
            "192.0.2.1 ",
            "192.0.2.1, 192.0.2.2",
            "192.0.2.0/24",
            "localhost",
            "unknown",
            "1::2::3",
        ] {
            assert_eq!(hostile.parse::<CustomerIp>(), Err(CustomerIpError), "{hostile:?}");
        }
    }

    #[test]
    fn debug_hides_the_address() {
        let ip: CustomerIp = "192.0.2.1".parse().unwrap();
        assert!(!format!("{ip:?}").contains("192"));
    }
}

use std::fmt;
use std::net::IpAddr;

use http::Extensions;
use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;

use super::{PeerAddress, PeerCertificates};
use crate::reject::{Reason, Rejection};

/// The proxies that may hand over client certificates: by address, by the certificate with which
/// they authenticate themselves, or by both.
///
/// Addresses are networks such as `10.1.0.0/16` and `2001:db8::/48`, single addresses, or `unix` for
/// whoever connects to the service's Unix socket. An IPv4 address written as IPv6
/// (`::ffff:10.1.2.3`), as a socket for both reports it, counts as the IPv4 one.
///
/// Does not check who else is on those networks or may open the socket, nor that the proxy removes
/// what clients send; and of a pinned certificate nothing but that it is this one, not even its
/// dates: two pins are the way to replace it.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Vec<String>")]
pub struct TrustedPeers {
    from: From,
    /// Thumbprints; any peer if there are none.
    certificates: Vec<[u8; 32]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    Anywhere,
    Places { networks: Vec<IpNet>, unix: Unix },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unix {
    Distrust,
    Trust,
}

impl TrustedPeers {
    /// Reads networks and addresses.
    ///
    /// Refuses an empty list, a network of every address, and an address with bits outside its
    /// prefix (`10.1.2.3/16`): one of its two halves is a slip.
    pub fn parse<T: AsRef<str>>(
        peers: impl IntoIterator<Item = T>,
    ) -> Result<Self, TrustedPeersError> {
        let (mut networks, mut unix) = (Vec::new(), Unix::Distrust);
        for peer in peers {
            match peer.as_ref() {
                "unix" => unix = Unix::Trust,
                text => networks.push(network(text)?),
            }
        }
        if networks.is_empty() && unix == Unix::Distrust {
            return Err(TrustedPeersError::Empty);
        }
        Ok(Self { from: From::Places { networks, unix }, certificates: Vec::new() })
    }

    /// Whoever shows one of these certificates, by the SHA-256 of their DER, from any address.
    ///
    /// The server must terminate TLS, prove that its peer holds the key
    /// ([`PossessionOnly`](super::PossessionOnly)) and hand over
    /// [`PeerCertificates`]. Refuses an empty list.
    pub fn pinned(
        thumbprints: impl IntoIterator<Item = [u8; 32]>,
    ) -> Result<Self, TrustedPeersError> {
        Self { from: From::Anywhere, certificates: Vec::new() }.and_pinned(thumbprints)
    }

    /// These addresses, and only with one of these certificates. Refuses an empty list.
    pub fn and_pinned(
        mut self,
        thumbprints: impl IntoIterator<Item = [u8; 32]>,
    ) -> Result<Self, TrustedPeersError> {
        self.certificates.extend(thumbprints);
        if self.certificates.is_empty() { Err(TrustedPeersError::Empty) } else { Ok(self) }
    }

    /// Whether the address is one of them, whatever certificate was shown.
    pub fn contains(&self, peer: PeerAddress) -> bool {
        match (&self.from, peer) {
            (From::Anywhere, _) => true,
            (From::Places { unix, .. }, PeerAddress::Unix) => *unix == Unix::Trust,
            (From::Places { .. }, PeerAddress::Unknown) => false,
            (From::Places { networks, .. }, PeerAddress::Ip(address)) => {
                let address = address.to_canonical();
                networks.iter().any(|network| network.contains(&address))
            }
        }
    }

    /// Whether a request comes from one of them, by what the server says of its connection.
    pub(super) fn sent(&self, request: &Extensions) -> Result<bool, Rejection> {
        let given = |what| Rejection::new(Reason::Misassembled).detail(what);
        let address = request.get::<PeerAddress>();
        let address = *address.ok_or_else(|| given("the server gives no PeerAddress"))?;
        if self.certificates.is_empty() {
            return Ok(self.contains(address));
        }
        let shown = request.get::<PeerCertificates>();
        let shown = shown.ok_or_else(|| given("the server gives no PeerCertificates"))?;
        let thumbprint = shown.thumbprint();
        let pinned = thumbprint.is_some_and(|shown| self.certificates.contains(&shown));
        Ok(pinned && self.contains(address))
    }
}

impl fmt::Debug for TrustedPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        if let From::Places { networks, unix } = &self.from {
            list.entries(networks.iter().map(ToString::to_string));
            if *unix == Unix::Trust {
                list.entry(&"unix");
            }
        }
        if !self.certificates.is_empty() {
            list.entry(&format_args!("{} pinned certificates", self.certificates.len()));
        }
        list.finish()
    }
}

impl TryFrom<Vec<String>> for TrustedPeers {
    type Error = TrustedPeersError;

    fn try_from(peers: Vec<String>) -> Result<Self, TrustedPeersError> {
        Self::parse(peers)
    }
}

/// Why a list of trusted peers is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustedPeersError {
    /// Nobody at all.
    #[error("the list of trusted peers is empty")]
    Empty,
    /// A network of every address trusts every client.
    #[error("`{peer}` trusts every peer")]
    Everyone {
        /// The text.
        peer: String,
    },
    /// The address has bits outside its prefix.
    #[error("`{peer}` has bits outside its prefix")]
    HostBits {
        /// The text.
        peer: String,
    },
    /// Neither a network nor an address.
    #[error("`{peer}` is neither a network nor an address")]
    Malformed {
        /// The text.
        peer: String,
    },
}

fn network(text: &str) -> Result<IpNet, TrustedPeersError> {
    let peer = || text.to_owned();
    let malformed = || TrustedPeersError::Malformed { peer: peer() };
    let network = match text.contains('/') {
        true => text.parse().map_err(|_| malformed())?,
        false => IpNet::from(text.parse::<IpAddr>().map_err(|_| malformed())?),
    };
    if network.addr() != network.network() {
        return Err(TrustedPeersError::HostBits { peer: peer() });
    }
    let network = canonical(network);
    match network.prefix_len() {
        0 => Err(TrustedPeersError::Everyone { peer: peer() }),
        _ => Ok(network),
    }
}

/// A network of IPv4 addresses written as IPv6, as the IPv4 network that it is.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let v4 = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(MAPPED_PREFIX));
    v4.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(network, IpNet::V4)
}

/// The bits of `::ffff:0:0/96` (RFC 4291, section 2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(peers: &[&str], peer: &str) -> bool {
        TrustedPeers::parse(peers).unwrap().contains(PeerAddress::new(peer.parse().unwrap()))
    }

    #[test]
    fn addresses_inside_are_trusted_and_no_others() {
        let peers = ["10.1.0.0/16", "192.0.2.7", "2001:db8::/48", "::1"];
        for inside in ["10.1.255.255", "192.0.2.7", "2001:db8::9", "::1", "::ffff:10.1.0.1"] {
            assert!(trusts(&peers, inside), "{inside}");
        }
        for outside in
            ["10.2.0.0", "192.0.2.8", "2001:db8:1::", "::2", "::ffff:10.2.0.1", "::a01:1"]
        {
            assert!(!trusts(&peers, outside), "{outside}");
        }
    }

    #[test]
    fn an_ipv4_network_written_as_ipv6_is_that_network() {
        assert!(trusts(&["::ffff:10.1.0.0/112"], "10.1.2.3"));
        assert!(trusts(&["::ffff:10.1.2.3"], "::ffff:10.1.2.3"));
        assert!(!trusts(&["::ffff:10.1.0.0/112"], "10.2.2.3"));
    }

    #[test]
    fn lists_that_trust_nobody_or_everybody_are_refused() {
        let none: [&str; 0] = [];
        assert_eq!(TrustedPeers::parse(none), Err(TrustedPeersError::Empty));
        for peer in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
            let everyone = TrustedPeersError::Everyone { peer: peer.to_owned() };
            assert_eq!(TrustedPeers::parse(["::1", peer]), Err(everyone));
        }
    }

    #[test]
    fn slips_are_refused() {
        for peer in ["", " 10.1.0.0/16", "10.1.0.0/33", "10.1/16", "10.1.0.0/", "proxy", "::/129"] {
            let malformed = TrustedPeersError::Malformed { peer: peer.to_owned() };
            assert_eq!(TrustedPeers::parse([peer]), Err(malformed));
        }
        let peer = "10.1.2.3/16";
        let host_bits = TrustedPeersError::HostBits { peer: peer.to_owned() };
        assert_eq!(TrustedPeers::parse([peer]), Err(host_bits));
    }

    #[test]
    fn a_unix_socket_is_trusted_where_it_is_named_and_an_unknown_address_nowhere() {
        let (named, not_named) = (["unix"], ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"]);
        assert!(TrustedPeers::parse(named).unwrap().contains(PeerAddress::unix()));
        assert!(!trusts(&named, "127.0.0.1"));
        let everywhere = TrustedPeers::parse(not_named).unwrap();
        assert!(!everywhere.contains(PeerAddress::unix()));
        for peers in [&named[..], &not_named] {
            assert!(!TrustedPeers::parse(peers).unwrap().contains(PeerAddress::Unknown));
        }
    }

    fn sent(peers: &TrustedPeers, address: &str, shown: Option<&[&[u8]]>) -> Result<bool, Reason> {
        let mut request = Extensions::new();
        request.insert(PeerAddress::new(address.parse().unwrap()));
        if let Some(shown) = shown {
            let shown = shown.iter().map(|der| der.to_vec().into());
            request.insert(PeerCertificates::new(shown));
        }
        peers.sent(&request).map_err(|rejection| rejection.reason())
    }

    #[test]
    fn a_pinned_proxy_is_who_shows_that_certificate_first() {
        let pinned = TrustedPeers::pinned([crate::crypto::sha256(b"proxy")]).unwrap();
        assert_eq!(sent(&pinned, "192.0.2.1", Some(&[b"proxy"])), Ok(true));
        assert_eq!(sent(&pinned, "192.0.2.1", Some(&[b"other"])), Ok(false));
        assert_eq!(sent(&pinned, "192.0.2.1", Some(&[b"other", b"proxy"])), Ok(false));
        assert_eq!(sent(&pinned, "192.0.2.1", Some(&[])), Ok(false));
        assert_eq!(sent(&pinned, "192.0.2.1", None), Err(Reason::Misassembled));
    }

    #[test]
    fn address_and_pin_must_both_fit() {
        let pins = [crate::crypto::sha256(b"old"), crate::crypto::sha256(b"new")];
        let both = TrustedPeers::parse(["10.1.0.0/16"]).unwrap().and_pinned(pins).unwrap();
        assert_eq!(sent(&both, "10.1.2.3", Some(&[b"old"])), Ok(true));
        assert_eq!(sent(&both, "10.1.2.3", Some(&[b"new"])), Ok(true));
        assert_eq!(sent(&both, "192.0.2.1", Some(&[b"new"])), Ok(false));
        assert_eq!(sent(&both, "10.1.2.3", Some(&[b"other"])), Ok(false));
        assert_eq!(TrustedPeers::pinned([]), Err(TrustedPeersError::Empty));
    }

    #[test]
    fn configuration_is_a_list_of_texts() {
        let list = |json| serde_json::from_str::<TrustedPeers>(json);
        assert!(list(r#"["10.1.0.0/16"]"#).is_ok());
        assert!(list("[]").is_err());
    }
}

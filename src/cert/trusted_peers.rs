use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;

/// The addresses from which a proxy may hand over client certificates.
///
/// Networks such as `10.1.0.0/16` and `2001:db8::/48`, or single addresses. An IPv4 address
/// written as IPv6 (`::ffff:10.1.2.3`), as a socket for both reports it, counts as the IPv4 one.
///
/// Does not check who else is on those networks, nor that the proxy removes what clients send.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Vec<String>")]
pub struct TrustedPeers(Vec<IpNet>);

impl TrustedPeers {
    /// Reads networks and addresses.
    ///
    /// Refuses an empty list, a network of every address, and an address with bits outside its
    /// prefix (`10.1.2.3/16`): one of its two halves is a slip.
    pub fn parse<T: AsRef<str>>(
        peers: impl IntoIterator<Item = T>,
    ) -> Result<Self, TrustedPeersError> {
        let networks =
            peers.into_iter().map(|text| network(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if networks.is_empty() {
            return Err(TrustedPeersError::Empty);
        }
        Ok(Self(networks))
    }

    /// Whether the address is one of them.
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }
}

impl fmt::Debug for TrustedPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(ToString::to_string)).finish()
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
    /// No network at all.
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
        TrustedPeers::parse(peers).unwrap().contains(peer.parse().unwrap())
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
    fn configuration_is_a_list_of_texts() {
        let list = |json| serde_json::from_str::<TrustedPeers>(json);
        assert!(list(r#"["10.1.0.0/16"]"#).is_ok());
        assert!(list("[]").is_err());
    }
}

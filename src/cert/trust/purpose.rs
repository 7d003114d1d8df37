//! `Purpose`: what a certificate is trusted for.

use crate::cert::{KeyUsage, Oid};

/// What a certificate is trusted for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::cert) enum Purpose {
    /// To sign messages.
    Seal,
    /// To be a side of a TLS connection.
    Transport,
}

impl Purpose {
    /// Whether the key of a leaf may be used so (RFC 5280, 4.2.1.3). An absent key usage restricts
    /// nothing.
    pub(in crate::cert) fn fits(self, usage: Option<KeyUsage>) -> bool {
        usage.is_none_or(|usage| match self {
            // EN 319 412-2, 4.3.2, types A to F: either of the two signs.
            Self::Seal => usage.digital_signature() || usage.content_commitment(),
            // The key signs the handshake.
            Self::Transport => usage.digital_signature(),
        })
    }

    /// Whether an extended key usage allows it, of a leaf or of an issuer that restricts itself. An
    /// absent one allows all.
    pub(in crate::cert) fn permits(self, usages: Option<&[Oid]>) -> bool {
        let allowed = match self {
            Self::Seal => SEAL,
            Self::Transport => TRANSPORT,
        };
        usages.is_none_or(|usages| usages.iter().any(|usage| allowed.contains(usage)))
    }
}

const ANY_USAGE: Oid = Oid::literal("2.5.29.37.0");

/// What seals for messages and documents are issued for. A side of TLS is not among them: a
/// certificate for that alone is no seal.
const SEAL: &[Oid] = &[
    ANY_USAGE,
    Oid::literal("1.3.6.1.5.5.7.3.4"),       // emailProtection
    Oid::literal("1.3.6.1.5.5.7.3.36"),      // documentSigning, RFC 9336
    Oid::literal("1.3.6.1.4.1.311.10.3.12"), // Microsoft's document signing
    Oid::literal("1.2.840.113583.1.1.5"),    // Adobe's authentic documents
];

/// Browser programmes take clientAuth out of public certificates, so either side will do.
const TRANSPORT: &[Oid] = &[
    ANY_USAGE,
    Oid::literal("1.3.6.1.5.5.7.3.1"), // serverAuth
    Oid::literal("1.3.6.1.5.5.7.3.2"), // clientAuth
];

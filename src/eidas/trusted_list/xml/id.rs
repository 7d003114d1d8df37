//! The digital identities of a service.

use roxmltree::Node;

use super::super::service::Identity;
use super::document::{base64, children, optional};
use super::{TSL, XmlError};

/// The certificates by which a service is known.
///
/// Names and key identifiers without a certificate are passed over: they name no key, and anybody
/// can write them into a certificate. One that this crate cannot read makes no identity.
pub(super) fn read(information: Node<'_, '_>) -> Result<Vec<Identity>, XmlError> {
    let mut identities = Vec::new();
    let Some(identity) = optional(information, TSL, "ServiceDigitalIdentity")? else {
        return Ok(identities);
    };
    for id in children(identity, TSL, "DigitalId") {
        if let Some(certificate) = optional(id, TSL, "X509Certificate")? {
            let der = base64(certificate, "X509Certificate")?;
            match Identity::of(der) {
                Ok(identity) => identities.push(identity),
                Err(error) => tracing::warn!(%error, "a listed certificate cannot be read"),
            }
        }
    }
    Ok(identities)
}

//! Trusted lists (ETSI TS 119 612): which service stands behind a qualified certificate.
//!
//! A bank imports the lists offline (`Import`, with the feature `trusted-list`; the example
//! `import_trusted_lists` does it) into [`TrustedServices`], a file that a gate loads into
//! [`QualifiedServices`] and can swap while it runs. No network and no XML in the path of a request.

mod criteria;
mod handle;
#[cfg(feature = "trusted-list")]
mod import;
mod moment;
mod oids;
mod qualification;
mod qualifications;
mod qualify;
mod service;
mod services;
#[cfg(test)]
pub(in crate::eidas) mod test_services;
#[cfg(feature = "trusted-list")]
mod xml;

use self::qualifications::{Qualifications, Qualifier};
pub use self::{
    handle::{NotNewer, QualifiedServices},
    qualification::{Ground, Moment, NotQualified, Qualification, Standing},
    service::{Period, Purpose, Service, Status},
    services::{ListEdition, ServicesError, TrustedServices},
};
#[cfg(feature = "trusted-list")]
pub use self::{
    import::{Import, ImportError, Imported, ListRefused, ListReport},
    xml::{ListKind, Pointer, SignatureError, SignedList, TrustedList, XmlError},
};

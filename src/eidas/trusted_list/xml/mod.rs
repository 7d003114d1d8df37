//! Trusted lists as XML: read within limits, their signatures verified.
//!
//! Own exclusive canonicalisation over roxmltree, for the one profile that the lists have (TS 119
//! 612, annex B): an enveloped signature over the whole document and the XAdES properties. What is
//! read is the tree that was canonicalised, so that nobody reads what nobody signed.

mod canonical;
mod criteria;
mod document;
mod extension;
mod id;
mod limits;
mod list;
mod pointer;
mod service;
mod signature;
#[cfg(test)]
pub(in crate::eidas) mod test_list;

pub use self::document::XmlError;
pub use self::list::{ListKind, SignedList, TrustedList};
pub use self::pointer::Pointer;
pub use self::signature::SignatureError;

const TSL: &str = "http://uri.etsi.org/02231/v2#";
const TSL_ADDITIONAL: &str = "http://uri.etsi.org/02231/v2/additionaltypes#";
const SERVICE_INFORMATION: &str =
    "http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#";
const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
const XML_DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

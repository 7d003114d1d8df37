//! `Path`: a chain of certificates that was found good, the leaf first.

mod climb;
pub(super) mod companion;
pub(super) mod find;
pub(super) mod form;
mod policies;

use std::sync::Arc;

use super::{Certificate, Issuer};

/// A path from a leaf to an anchor.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    links: Vec<Link>,
}

/// One certificate of a path with the authority that signed it.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) certificate: Arc<Certificate>,
    pub(crate) issuer: Arc<Issuer>,
}

impl Path {
    /// Asserts that each certificate was signed by the issuer beside it, and that the last issuer is
    /// an anchor. Checks nothing.
    pub(crate) fn assertion(links: Vec<Link>) -> Self {
        Self { links }
    }

    /// Every certificate but the anchor with its issuer, the leaf first.
    pub(crate) fn links(&self) -> &[Link] {
        &self.links
    }
}

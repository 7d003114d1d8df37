//! One generation of anchors, indexed by name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, Der, TrustAnchor};
use webpki::anchor_from_trusted_cert;

use super::TrustError;
use crate::cert::path::form;
use crate::cert::{Certificate, Issuer};

/// An authority at which a path may end.
pub(in crate::cert) struct Anchor {
    anchor: TrustAnchor<'static>,
    der: CertificateDer<'static>,
    issuer: Arc<Issuer>,
}

impl Anchor {
    fn read(der: CertificateDer<'static>) -> Result<Self, String> {
        let certificate = Certificate::from_der(&der).map_err(|error| error.to_string())?;
        form::of_anchor(&certificate)?;
        let anchor = anchor_from_trusted_cert(&der).map_err(|error| error.to_string())?.to_owned();
        Ok(Self { anchor, issuer: Arc::new(Issuer::of(&certificate)), der })
    }

    /// As webpki wants it, without a copy.
    pub(in crate::cert) fn as_webpki(&self) -> TrustAnchor<'_> {
        TrustAnchor {
            subject: Der::from_slice(&self.anchor.subject),
            subject_public_key_info: Der::from_slice(&self.anchor.subject_public_key_info),
            name_constraints: self.anchor.name_constraints.as_deref().map(Der::from_slice),
        }
    }

    pub(in crate::cert) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(in crate::cert) fn issuer(&self) -> &Arc<Issuer> {
        &self.issuer
    }
}

/// The anchors of one generation.
pub(in crate::cert) struct AnchorSet {
    generation: u64,
    anchors: Vec<Anchor>,
    /// By the DER of the subject: names are compared byte by byte, as webpki does.
    by_name: HashMap<Box<[u8]>, Vec<usize>>,
}

impl AnchorSet {
    pub(super) fn read(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
        generation: u64,
    ) -> Result<Self, TrustError> {
        let (mut set, mut seen) =
            (Self { generation, anchors: Vec::new(), by_name: HashMap::new() }, HashSet::new());
        for (index, der) in certificates.into_iter().enumerate() {
            // Trusted lists name one certificate under several services.
            if seen.insert(der.clone()) {
                let anchor = Anchor::read(der).map_err(|why| TrustError::Anchor { index, why })?;
                let name = anchor.issuer.name().into();
                set.by_name.entry(name).or_default().push(set.anchors.len());
                set.anchors.push(anchor);
            }
        }
        match set.anchors.is_empty() {
            true => Err(TrustError::NoAnchor),
            false => Ok(set),
        }
    }

    pub(super) fn renumber(&mut self, generation: u64) {
        self.generation = generation;
    }

    pub(in crate::cert) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn len(&self) -> usize {
        self.anchors.len()
    }

    /// The anchors that may have signed one of these certificates, the likely ones first.
    ///
    /// By the issuer's name, then by the key identifier (RFC 5280, 4.2.1.1), which proves nothing and
    /// saves signature checks: an authority may have a hundred keys under one name. An anchor without
    /// an identifier of its own stays, and where no identifier fits all of the name do; how many of
    /// them are tried is limited by webpki, to a hundred signatures.
    pub(in crate::cert) fn candidates<'s>(&'s self, children: &[&Certificate]) -> Vec<&'s Anchor> {
        let (mut likely, mut others) = (Vec::new(), Vec::new());
        for child in children {
            let Some(named) = self.by_name.get(child.issuer_der()) else { continue };
            let named = named.iter().filter_map(|index| Some((*index, self.anchors.get(*index)?)));
            let identifier = child.authority_key_identifier();
            let (mut fitting, mut nameless) = (Vec::new(), Vec::new());
            for (index, anchor) in named.clone() {
                match anchor.issuer.key_identifier() {
                    own @ Some(_) if own == identifier => fitting.push((index, anchor)),
                    None => nameless.push((index, anchor)),
                    Some(_) => {}
                }
            }
            if identifier.is_none() || fitting.is_empty() && nameless.is_empty() {
                others.extend(named);
            } else {
                likely.append(&mut fitting);
                others.append(&mut nameless);
            }
        }
        let mut seen = HashSet::new();
        likely.append(&mut others);
        likely.retain(|(index, _)| seen.insert(*index));
        likely.into_iter().map(|(_, anchor)| anchor).collect()
    }
}

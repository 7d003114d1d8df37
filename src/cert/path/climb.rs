//! Climbs from a leaf whose path holds critical policies, which webpki refuses, to an anchor.

use super::companion::Companion;
use super::policies;
use crate::cert::anchors::Anchor;
use crate::cert::{Certificate, Fields, Issuer};
use crate::crypto::{judge_chain, verify_signed};

/// A search for a path, with what is left of the work it may cost.
pub(super) struct Climb<'a> {
    leaf: &'a Certificate,
    companions: &'a [Companion],
    anchors: &'a [&'a Anchor],
    work: usize,
    /// Why the last path was refused that led to an anchor.
    why: String,
}

/// The issuers from the leaf upwards, and the anchor.
pub(super) type Way<'a> = (Vec<&'a Companion>, &'a Anchor);

impl<'a> Climb<'a> {
    /// Finds a path over these companions, which may issue, to one of these anchors.
    pub(super) fn from(
        leaf: &'a Certificate,
        companions: &'a [Companion],
        anchors: &'a [&'a Anchor],
    ) -> Result<Way<'a>, String> {
        let why = "no path to an anchor".to_owned();
        let mut climb = Self { leaf, companions, anchors, work: WORK, why };
        let mut way = Vec::new();
        match climb.up(&mut way) {
            Some(anchor) => Ok((way, anchor)),
            None => Err(climb.why),
        }
    }

    fn up(&mut self, way: &mut Vec<&'a Companion>) -> Option<&'a Anchor> {
        let child = way.last().map_or(self.leaf, |issuer| &*issuer.certificate);
        for anchor in self.anchors {
            if self.signed(child, anchor.issuer()) && self.holds(way, anchor) {
                return Some(anchor);
            }
        }
        if way.len() == ISSUERS {
            return None;
        }
        for companion in self.companions {
            // RFC 4158, 5.2: an authority that stands in the path already leads in a circle.
            let circle = way.iter().any(|above| is_same(&above.issuer, &companion.issuer));
            if !circle && self.signed(child, &companion.issuer) {
                way.push(companion);
                if let Some(anchor) = self.up(way) {
                    return Some(anchor);
                }
                way.pop();
            }
        }
        None
    }

    fn signed(&mut self, child: &Certificate, issuer: &Issuer) -> bool {
        child.issuer_der() == issuer.name()
            && self.spend(A_SIGNATURE)
            && Fields::of(child.der()).is_ok_and(|fields| {
                let Fields { tbs, algorithm, signature, .. } = fields;
                verify_signed(issuer.spki(), algorithm, tbs, signature).is_ok()
            })
    }

    /// What webpki would check besides, and the policies.
    fn holds(&mut self, way: &[&Companion], anchor: &Anchor) -> bool {
        let issuers: Vec<&[u8]> = way.iter().map(|issuer| &**issuer.certificate.der()).collect();
        let held = policies::hold(way.iter().rev().map(|one| &*one.certificate), self.leaf)
            .map_err(str::to_owned)
            .and_then(|()| {
                judge_chain(self.leaf.der(), &issuers, anchor.der()).map_err(|why| why.to_string())
            });
        self.why = match (self.spend(A_JUDGEMENT), held) {
            (true, Ok(())) => return true,
            (true, Err(why)) => why,
            (false, _) => "too much work".to_owned(),
        };
        false
    }

    fn spend(&mut self, work: usize) -> bool {
        let left = self.work.checked_sub(work);
        self.work = left.unwrap_or(0);
        left.is_some()
    }
}

fn is_same(one: &Issuer, other: &Issuer) -> bool {
    one.name() == other.name() && one.spki() == other.spki()
}

/// As many as webpki follows.
const ISSUERS: usize = 6;
/// As many signature checks as webpki makes for one path.
const WORK: usize = 100;
const A_SIGNATURE: usize = 1;
const A_JUDGEMENT: usize = 20;

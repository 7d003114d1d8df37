//! The import of the lists: from the Official Journal's certificates to the qualified services.

mod judge;
mod report;

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};

pub use self::report::{ListRefused, ListReport};
use super::handle::EU;
use super::xml::{ListKind, Pointer, SignedList, TrustedList};
use super::{ListEdition, Service, ServicesError, TrustedServices};
use crate::context::relaxed;

/// An import of the list of lists and the national lists.
///
/// Trust begins with certificates that the caller gives: those of the signers of the list of lists,
/// as the Official Journal of the European Union publishes them. The list of lists then says who
/// signs the list of each territory.
///
/// A list is taken when its signature verifies, it is of the type and territory it should be, it
/// was not issued in the future, its `NextUpdate` is not past, and its sequence number is not lower
/// than in the import [before](Self::after). A national list that is refused takes its territory
/// out of the services and no other.
///
/// Does not fetch anything, and does not check whether a signer's certificate was revoked: the list
/// that names it is how signers are withdrawn.
#[derive(Clone, Debug)]
pub struct Import {
    signers: Vec<CertificateDer<'static>>,
    pivots: Vec<(String, Vec<u8>)>,
    before: Option<TrustedServices>,
    now: UnixTime,
    grace: Duration,
}

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    services: TrustedServices,
    reports: Vec<ListReport>,
}

impl Imported {
    /// The services of the lists that were taken.
    pub fn services(&self) -> &TrustedServices {
        &self.services
    }

    /// Each list that was given, taken or refused: the pivots, the list of lists, the others.
    pub fn reports(&self) -> &[ListReport] {
        &self.reports
    }
}

/// Why nothing is imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The list of lists is refused, and with it all that it points to.
    #[error("the list of lists is refused")]
    ListOfLists {
        /// Why.
        #[source]
        why: ListRefused,
        /// What came of the pivots.
        reports: Vec<ListReport>,
    },
    /// No list that was taken names a service that issues qualified certificates.
    #[error("no list was taken")]
    NothingTaken {
        /// Why.
        #[source]
        why: ServicesError,
        /// What came of each list.
        reports: Vec<ListReport>,
    },
}

impl ImportError {
    /// What came of each list that was looked at.
    pub fn reports(&self) -> &[ListReport] {
        match self {
            Self::ListOfLists { reports, .. } | Self::NothingTaken { reports, .. } => reports,
        }
    }
}

impl Import {
    /// Begins with the certificates of those who sign the list of lists; it is `now`.
    pub fn trusting(
        signers: impl IntoIterator<Item = CertificateDer<'static>>,
        now: UnixTime,
    ) -> Self {
        Self {
            signers: signers.into_iter().collect(),
            pivots: Vec::new(),
            before: None,
            now,
            grace: Duration::ZERO,
        }
    }

    /// Follows pivots, by name and content, in any order: lists of lists that announce other
    /// signers of the lists of lists to come.
    ///
    /// In the order of their sequence numbers, one that is signed by a signer so far puts those
    /// whom it announces in the place of all signers so far. One that is not is passed over. Give
    /// all that the list of lists names since the publication in the Official Journal.
    #[must_use]
    pub fn pivots(self, pivots: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { pivots: pivots.into_iter().collect(), ..self }
    }

    /// Refuses lists that are older than those of an earlier import.
    #[must_use]
    pub fn after(self, before: TrustedServices) -> Self {
        Self { before: Some(before), ..self }
    }

    /// Takes lists for a while longer than their `NextUpdate`.
    #[must_use]
    pub fn allow_stale(self, grace: Duration) -> Self {
        relaxed("Import", "allow_stale");
        Self { grace, ..self }
    }

    /// Imports the list of lists and the lists of the territories, by name and content, in any
    /// order.
    ///
    /// # Errors
    ///
    /// When the list of lists is refused, or nothing is left.
    pub fn run(
        &self,
        list_of_lists: &[u8],
        lists: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<Imported, ImportError> {
        let mut reports = Vec::new();
        let (signers, at_least) = self.follow_pivots(&mut reports);
        let signed = match self.list_of_lists(list_of_lists, &signers, at_least) {
            Ok(signed) => signed,
            Err(why) => return Err(ImportError::ListOfLists { why, reports }),
        };
        let mut editions = vec![edition(&signed, self.now)];
        reports.push(ListReport::taken(LIST_OF_LISTS, &signed));
        let pointers = signed.list().pointers();
        let mut services = Vec::new();
        for (name, bytes) in lists {
            match self.national(&bytes, pointers, &editions) {
                Ok(signed) => {
                    editions.push(edition(&signed, self.now));
                    reports.push(ListReport::taken(&name, &signed));
                    let all = signed.into_list().into_services().into_iter();
                    services.extend(all.filter(Service::issues_qualified_certificates));
                }
                Err(refused) => reports.push(ListReport::refused(&name, &bytes, refused)),
            }
        }
        match TrustedServices::new(self.now, editions, services) {
            Ok(services) => Ok(Imported { services, reports }),
            Err(why) => Err(ImportError::NothingTaken { why, reports }),
        }
    }

    /// The signers of the list of lists, and the sequence number that it has at least.
    fn follow_pivots(&self, reports: &mut Vec<ListReport>) -> (Vec<CertificateDer<'static>>, u64) {
        let (mut signers, mut at_least) = (self.signers.clone(), 0);
        let mut pivots: Vec<_> = self
            .pivots
            .iter()
            .map(|(name, bytes)| {
                (TrustedList::read(bytes).map_or(0, |list| list.sequence()), name, bytes)
            })
            .collect();
        pivots.sort_by_key(|(sequence, ..)| *sequence);
        for (sequence, name, bytes) in pivots {
            match self.pivot(bytes, &signers) {
                Ok((signed, announced)) => {
                    (signers, at_least) = (announced, sequence);
                    reports.push(ListReport::taken(name, &signed));
                }
                Err(refused) => reports.push(ListReport::refused(name, bytes, refused)),
            }
        }
        (signers, at_least)
    }
}

fn edition(signed: &SignedList, now: UnixTime) -> ListEdition {
    let list = signed.list();
    ListEdition {
        territory: list.territory().to_owned(),
        sequence: list.sequence(),
        issued: list.issued(),
        // A list without one was refused.
        next_update: list.next_update().unwrap_or(now),
        signer: report::hexadecimal(signed.signer().thumbprint()),
    }
}

/// The pointers to the lists of a territory that are for machines.
fn pointing<'a>(
    pointers: &'a [Pointer],
    kind: ListKind,
    territory: &str,
) -> impl Iterator<Item = &'a Pointer> {
    pointers.iter().filter(move |pointer| {
        pointer.is_xml() && pointer.kind() == kind && pointer.territory() == territory
    })
}

const LIST_OF_LISTS: &str = "list of lists";

#[cfg(test)]
mod tests;

//! Which lists an import takes.

use rustls_pki_types::CertificateDer;

use super::{
    EU, Import, ListEdition, ListKind, ListRefused, Pointer, SignedList, TrustedList, pointing,
};

impl Import {
    /// A pivot, and the signers that it announces.
    pub(super) fn pivot(
        &self,
        bytes: &[u8],
        signers: &[CertificateDer<'static>],
    ) -> Result<(SignedList, Vec<CertificateDer<'static>>), ListRefused> {
        let signed = SignedList::verify(bytes, signers)?;
        // An old one by its nature: its own end says nothing.
        is_list_of_lists(signed.list())?;
        self.was_issued(signed.list())?;
        let own = pointing(signed.list().pointers(), ListKind::ListOfLists, EU);
        let announced: Vec<_> = own.flat_map(|own| own.signers().to_vec()).collect();
        match announced.is_empty() {
            true => Err(ListRefused::NoSigners),
            false => Ok((signed, announced)),
        }
    }

    pub(super) fn list_of_lists(
        &self,
        bytes: &[u8],
        signers: &[CertificateDer<'static>],
        at_least: u64,
    ) -> Result<SignedList, ListRefused> {
        let signed = SignedList::verify(bytes, signers)?;
        let list = signed.list();
        is_list_of_lists(list)?;
        self.is_current(list)?;
        match list.sequence() < at_least {
            true => Err(ListRefused::RolledBack { sequence: list.sequence(), known: at_least }),
            false => Ok(signed),
        }
    }

    pub(super) fn national(
        &self,
        bytes: &[u8],
        pointers: &[Pointer],
        taken: &[ListEdition],
    ) -> Result<SignedList, ListRefused> {
        // The list's own word only chooses the certificates by which it is then verified.
        let claimed = TrustedList::read(bytes)?;
        let pointers = pointing(pointers, ListKind::National, claimed.territory());
        let signers: Vec<_> = pointers.flat_map(|pointer| pointer.signers().to_vec()).collect();
        if signers.is_empty() {
            return Err(ListRefused::NoSigners);
        }
        let signed = SignedList::verify(bytes, &signers)?;
        let list = signed.list();
        if list.kind() != ListKind::National {
            return Err(ListRefused::OtherKind);
        }
        if taken.iter().any(|edition| edition.territory() == list.territory()) {
            return Err(ListRefused::Twice);
        }
        self.is_current(list)?;
        Ok(signed)
    }

    fn was_issued(&self, list: &TrustedList) -> Result<(), ListRefused> {
        match list.issued() > self.now {
            true => Err(ListRefused::FromTheFuture),
            false => Ok(()),
        }
    }

    fn is_current(&self, list: &TrustedList) -> Result<(), ListRefused> {
        self.was_issued(list)?;
        let end = list.next_update().ok_or(ListRefused::Closed)?.as_secs();
        if self.now.as_secs() > end.saturating_add(self.grace.as_secs()) {
            return Err(ListRefused::Stale);
        }
        let before = self.before.as_ref().and_then(|before| before.list(list.territory()));
        match before.map(ListEdition::sequence) {
            Some(known) if list.sequence() < known => {
                Err(ListRefused::RolledBack { sequence: list.sequence(), known })
            }
            _ => Ok(()),
        }
    }
}

fn is_list_of_lists(list: &TrustedList) -> Result<(), ListRefused> {
    match list.kind() == ListKind::ListOfLists && list.territory() == EU {
        true => Ok(()),
        false => Err(ListRefused::OtherKind),
    }
}

//! `RefuseBlocked`: the provider is not on the bank's stop list.

use http::request::Parts;

use super::StopList;
use crate::cert::TrustedCertificate;
use crate::context::Context;
use crate::gate::{Evidence, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Refuses providers that the bank has put on its stop list.
///
/// # Passes when
///
/// No block is in force for the certificate by its thumbprint, by any organizationIdentifier of
/// its subject, or by the authorisation number in one. The list is asked with every request, so
/// that a block beats every verdict that was remembered, and a connection that stays open.
///
/// # Needs and leaves
///
/// Needs [`TrustedCertificate`]; leaves [`Unblocked`]. Its place is behind `IdentifyPsp`, or behind
/// `TrustCertificate` in a gate that identifies nobody: before the token is read and before
/// anything waits.
///
/// # Does not check
///
/// The certificate behind a message signature, which
/// [`SigningCertificates::blocked_by`](crate::signature::SigningCertificates::blocked_by) does; who
/// was blocked by whom, and why.
///
/// # Rejections
///
/// [`Reason::CertificateBlocked`]; which of the three it was is for the log.
///
/// # Specification
///
/// NextGenPSD2 API definition 1.3.x, `CERTIFICATE_BLOCKED`; PSD2, article 68 (5).
#[derive(Clone, Debug)]
pub struct RefuseBlocked(StopList);

impl RefuseBlocked {
    /// Refuses whom this list names.
    pub fn on(list: StopList) -> Self {
        Self(list)
    }
}

impl Rule for RefuseBlocked {
    const NAME: &'static str = "RefuseBlocked";
    type Needs = TrustedCertificate;
    type Leaves = Unblocked;

    fn check(
        &self,
        trusted: &TrustedCertificate,
        _: &mut Parts,
        context: &Context,
    ) -> Verdict<Unblocked> {
        match self.0.blocks(trusted.certificate(), context.now()) {
            Some(why) => Verdict::reject(Rejection::new(Reason::CertificateBlocked).detail(why)),
            None => Verdict::pass(Unblocked(())),
        }
    }
}

/// No block was in force for the provider.
#[derive(Debug)]
pub struct Unblocked(());

impl Evidence for Unblocked {}

rule_layers!(RefuseBlocked);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use openssl::asn1::Asn1Type;
    use rustls_pki_types::UnixTime;

    use super::super::test_psp::Psp;
    use super::super::{Block, Blocked};
    use super::*;
    use crate::cert::test_pki::NOW;
    use crate::gate::test_support::{at, judged, request};

    fn seconds(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn organisation(text: &str) -> Blocked {
        Blocked::Organisation(text.parse().unwrap())
    }

    fn number(number: &str, authority: Option<&str>) -> Blocked {
        let authority = authority.map(|text| text.parse().unwrap());
        Blocked::AuthorisationNumber { number: number.to_owned(), authority }
    }

    fn refused(list: &StopList, trusted: &TrustedCertificate, now: u64) -> Option<Reason> {
        let verdict = RefuseBlocked::on(list.clone()).check(trusted, &mut request(), &at(now));
        judged(verdict).err().map(|rejection| rejection.reason())
    }

    const BLOCKED: Option<Reason> = Some(Reason::CertificateBlocked);

    #[test]
    fn a_provider_is_blocked_by_each_of_its_names_and_by_no_other() {
        let trusted = Psp::web().trusted();
        let thumbprint = *trusted.certificate().thumbprint();
        for (who, expected) in [
            (organisation("PSDGB-FCA-123456"), BLOCKED),
            (organisation(" PSDGB-FCA-123456 "), BLOCKED),
            (number("123456", None), BLOCKED),
            (number("123456", Some("GB-FCA")), BLOCKED),
            (Blocked::Thumbprint(thumbprint), BLOCKED),
            (organisation("PSDGB-FCA-12345"), None),
            (organisation("PSDDE-BAFIN-123456"), None),
            (number("12345", None), None),
            (number("123456", Some("DE-BAFIN")), None),
            (Blocked::Thumbprint([0; 32]), None),
        ] {
            let list = StopList::of([Block::of(who.clone())]);
            assert_eq!(refused(&list, &trusted, NOW), expected, "{who:?}");
        }
        assert_eq!(refused(&StopList::default(), &trusted, NOW), None);
    }

    #[test]
    fn blanks_and_a_second_identifier_hide_nobody() {
        let identifiers = [" PSDGB-FCA-123456 ", "VATGB-1"];
        let identifiers = identifiers.map(|text| (text, Asn1Type::UTF8STRING)).to_vec();
        for identifiers in [identifiers.clone(), identifiers.into_iter().rev().collect()] {
            let trusted = Psp { identifiers, ..Psp::web() }.trusted();
            for who in [organisation("PSDGB-FCA-123456"), number("123456", None)] {
                let list = StopList::of([Block::of(who)]);
                assert_eq!(refused(&list, &trusted, NOW), BLOCKED);
            }
        }
    }

    #[test]
    fn a_block_holds_from_its_first_second_to_before_its_last() {
        let trusted = Psp::web().trusted();
        let thumbprint = *trusted.certificate().thumbprint();
        for who in [
            number("123456", None),
            organisation("PSDGB-FCA-123456"),
            Blocked::Thumbprint(thumbprint),
        ] {
            let list = StopList::of([
                Block::of(who.clone()).from(seconds(NOW)).until(seconds(NOW + 10)),
                Block::of(who.clone()).from(seconds(NOW + 20)),
            ]);
            for (now, expected) in [
                (NOW - 1, None),
                (NOW, BLOCKED),
                (NOW + 9, BLOCKED),
                (NOW + 10, None),
                (NOW + 20, BLOCKED),
            ] {
                assert_eq!(refused(&list, &trusted, now), expected, "{who:?} {now}");
            }
        }
    }

    #[test]
    fn a_change_takes_effect_with_the_next_request_of_every_clone() {
        let (trusted, list) = (Psp::web().trusted(), StopList::default());
        let rule = RefuseBlocked::on(list.clone());
        let now = || judged(rule.check(&trusted, &mut request(), &at(NOW))).is_ok();
        assert!(now());
        for who in [
            organisation("PSDGB-FCA-123456"),
            number("123456", Some("GB-FCA")),
            Blocked::Thumbprint(*trusted.certificate().thumbprint()),
        ] {
            list.block(Block::of(who.clone()));
            assert!(!now(), "{who:?}");
            assert!(!list.lift(&number("123456", None)), "{who:?} is not lifted by another name");
            assert!(!now(), "{who:?}");
            assert!(list.lift(&who) && !list.lift(&who));
            assert!(now(), "{who:?}");
        }
        list.block(Block::of(organisation("PSDGB-FCA-123456")));
        list.replace([Block::of(organisation("PSDGB-FCA-654321"))]);
        assert!(now());
        list.replace([Block::of(organisation("PSDGB-FCA-123456"))]);
        assert!(!now());
    }
}

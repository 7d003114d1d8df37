//! Whether a certificate is a qualified one, by the trusted lists (TS 119 615, in short).

use std::collections::HashSet;

use rustls_pki_types::UnixTime;

use super::qualification::{Ground, Moment, NotQualified, Qualification, Standing};
use super::{Period, Purpose, Qualifier, Service, TrustedServices};
use crate::cert::{Certificate, Path, TrustedCertificate};
use crate::eidas::{QcStatements, QcType};

impl TrustedServices {
    /// Whether a certificate is a qualified one for a purpose.
    ///
    /// The nearest authority of the path that is listed decides, by all services that are known by
    /// its name and key. Both when the certificate was issued and now, they must be qualified for
    /// the purpose; what they say of the certificate goes before what it says of itself.
    ///
    /// `grace` is how much longer than its `nextUpdate` a list is believed.
    pub(crate) fn qualify(
        &self,
        certificate: &Certificate,
        path: &Path,
        purpose: Purpose,
        now: UnixTime,
        grace: u64,
    ) -> Result<Qualification, NotQualified> {
        let listed = self.listed(path)?;
        let mut until = u64::MAX;
        for service in &listed.services {
            let list = self.list(service.territory());
            let end = list.map_or(0, |list| list.next_update().as_secs().saturating_add(grace));
            if now.as_secs() > end {
                return Err(NotQualified::Stale(service.territory().to_owned()));
            }
            let change = service.changes_after(now).map_or(u64::MAX, |time| time.as_secs() - 1);
            until = until.min(end).min(change);
        }
        let claim = Claim::of(certificate)?;
        let (at_issuance, stated_then) = listed.judge(
            certificate,
            &claim,
            purpose,
            Moment::Issuance,
            certificate.not_before(),
        )?;
        let (at_use, stated_now) = listed.judge(certificate, &claim, purpose, Moment::Use, now)?;
        let ground = match (claim.is_qualified, stated_then && stated_now) {
            (true, _) => Ground::Compliance,
            (false, true) => Ground::Qualifier,
            (false, false) => return Err(NotQualified::NotStated),
        };
        Ok(Qualification {
            purpose,
            ground,
            at_issuance: self.standing(at_issuance),
            at_use: self.standing(at_use),
            until: UnixTime::since_unix_epoch(std::time::Duration::from_secs(until)),
        })
    }

    /// Whether a trusted certificate is a qualified one for a purpose, for tools that look at one
    /// certificate: a gate does it in [`IdentifyPsp::eu_qualified`](crate::eidas::IdentifyPsp).
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn judge(
        &self,
        trusted: &TrustedCertificate,
        purpose: Purpose,
        now: UnixTime,
    ) -> Result<Qualification, NotQualified> {
        self.qualify(trusted.certificate(), trusted.path(), purpose, now, 0)
    }

    /// The services of the nearest authority in the path that has any.
    fn listed(&self, path: &Path) -> Result<Listed<'_>, NotQualified> {
        for (above, link) in path.links().iter().enumerate() {
            let services: Vec<_> = self
                .known_by(&link.issuer)
                .filter(|service| service.issues_qualified_certificates())
                .collect();
            if !services.is_empty() {
                return Ok(Listed { services, is_issuer: above == 0 });
            }
        }
        Err(NotQualified::NoService)
    }

    fn standing(&self, (service, period): (&Service, &Period)) -> Standing {
        Standing {
            territory: service.territory.clone(),
            provider: service.provider.clone(),
            service: service.name.clone(),
            sequence: self.list(&service.territory).map_or(0, |list| list.sequence()),
            status: period.status.clone(),
            since: period.since,
        }
    }
}

/// The services of one authority: a list may have several, for several purposes.
struct Listed<'a> {
    services: Vec<&'a Service>,
    is_issuer: bool,
}

/// What the certificate says of itself.
struct Claim {
    is_qualified: bool,
    purpose: Option<Purpose>,
}

impl Claim {
    fn of(certificate: &Certificate) -> Result<Self, NotQualified> {
        let Some(statements) = QcStatements::from_certificate(certificate)? else {
            return Ok(Self { is_qualified: false, purpose: None });
        };
        if statements.cc_legislation()?.is_some() {
            return Err(NotQualified::OtherLaw);
        }
        let purpose = match statements.types()?.as_deref() {
            Some([QcType::Web]) => Some(Purpose::WebSiteAuthentication),
            Some([QcType::ESeal]) => Some(Purpose::Seals),
            Some([QcType::ESign]) => Some(Purpose::Signatures),
            _ => None,
        };
        Ok(Self { is_qualified: statements.compliance()?, purpose })
    }
}

impl<'a> Listed<'a> {
    /// A service that is qualified for the purpose at a time, and whether the list states that the
    /// certificate is a qualified one.
    fn judge(
        &self,
        certificate: &Certificate,
        claim: &Claim,
        purpose: Purpose,
        moment: Moment,
        time: UnixTime,
    ) -> Result<((&'a Service, &'a Period), bool), NotQualified> {
        let relevant = self.relevant(purpose, moment, time)?;
        let first = relevant.first().copied().ok_or(NotQualified::NoService)?;
        let good = |period: &Period| period.status.is_positive_at(time);
        match relevant.iter().filter(|(_, period)| good(period)).count() {
            0 => {
                let (service, period) = first;
                let (name, status) = (service.name.clone(), period.status.clone());
                return Err(NotQualified::Status(name, status, moment));
            }
            some if some < relevant.len() => {
                return Err(NotQualified::Contradiction(
                    moment,
                    "one service is qualified, another not",
                ));
            }
            _ => {}
        }
        let qualifiers: HashSet<_> =
            relevant.iter().flat_map(|(_, period)| period.qualifications.of(certificate)).collect();
        let stated = weigh(&qualifiers, moment)?;
        if by_list(&qualifiers).or(claim.purpose) != Some(purpose) {
            return Err(NotQualified::OtherType(purpose, moment));
        }
        Ok((first, stated))
    }

    /// The services for the purpose at a time. All that are not for it are silent; one that cannot
    /// be relied on might say anything.
    fn relevant(
        &self,
        purpose: Purpose,
        moment: Moment,
        time: UnixTime,
    ) -> Result<Vec<(&'a Service, &'a Period)>, NotQualified> {
        let name = || self.services.first().map(|service| service.name.clone()).unwrap_or_default();
        let then: Vec<_> = self
            .services
            .iter()
            .filter_map(|service| Some((*service, service.at(time)?)))
            .collect();
        if then.is_empty() {
            return Err(NotQualified::NotListed(name(), moment));
        }
        for (service, period) in &then {
            if let Some(why) = &period.unreliable {
                let (name, why) = (service.name.clone(), why.clone());
                return Err(NotQualified::Unreliable(name, moment, why));
            }
        }
        let mut relevant = then;
        relevant.retain(|(_, period)| period.purposes.contains(&purpose));
        if relevant.is_empty() {
            return Err(NotQualified::WrongPurpose(name(), purpose, moment));
        }
        // TS 119 612, 5.5.9.4: only so does an authority speak for others that are not listed.
        if !self.is_issuer && !relevant.iter().all(|(_, period)| period.root) {
            return Err(NotQualified::NotARoot(name(), moment));
        }
        Ok(relevant)
    }
}

/// Whether the qualifiers state that the certificate is a qualified one; an error if they say that
/// it is not, or what cannot all be.
fn weigh(qualifiers: &HashSet<Qualifier>, moment: Moment) -> Result<bool, NotQualified> {
    use Qualifier::{
        ForESeal, ForESig, ForWsa, NoQscd, NoSscd, NotQualified as Not, Statement, WithQscd,
        WithSscd,
    };

    let any = |these: &[Qualifier]| these.iter().any(|one| qualifiers.contains(one));
    let types = [ForESeal, ForESig, ForWsa].iter().filter(|one| qualifiers.contains(one)).count();
    let contradiction = |what| Err(NotQualified::Contradiction(moment, what));
    match () {
        () if any(&[Not]) && any(&[Statement]) => contradiction("NotQualified and QCStatement"),
        () if any(&[Not]) => Err(NotQualified::Disqualified(moment)),
        () if types > 1 => contradiction("qualifiers of several types"),
        () if any(&[WithQscd, WithSscd]) && any(&[NoQscd, NoSscd]) => {
            contradiction("with and without a qualified device")
        }
        () => Ok(any(&[Statement])),
    }
}

/// The type that the list gives the certificate.
fn by_list(qualifiers: &HashSet<Qualifier>) -> Option<Purpose> {
    [
        (Qualifier::ForESeal, Purpose::Seals),
        (Qualifier::ForESig, Purpose::Signatures),
        (Qualifier::ForWsa, Purpose::WebSiteAuthentication),
    ]
    .into_iter()
    .find_map(|(qualifier, purpose)| qualifiers.contains(&qualifier).then_some(purpose))
}

#[cfg(test)]
mod tests;

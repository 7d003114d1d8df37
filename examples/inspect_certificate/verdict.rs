//! What a gate would make of a certificate: its path, its revocation, its qualification.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};
use tower_open_banking::cert::{Anchors, Certificate, Trust, TrustedCertificate, pem};
use tower_open_banking::eidas::Kind;
use tower_open_banking::eidas::trusted_list::{Purpose, TrustedServices};
use tower_open_banking::gate::{Halt, Verdict as Checked};
use tower_open_banking::revocation::Revocation;

use super::lists;
use super::options::Options;

/// Whom to trust and whom to ask.
pub(super) struct Judge {
    anchors: Anchors,
    services: Option<TrustedServices>,
    revocation: Option<Revocation>,
    at: UnixTime,
}

/// What came of it, each with its reason.
pub(super) struct Verdict {
    path: Result<Vec<String>, String>,
    revocation: Option<Result<(), String>>,
    qualification: Option<Result<Vec<String>, String>>,
}

impl Judge {
    /// Reads what the options name; nobody where nothing is to be judged.
    pub(super) fn of(options: &Options) -> Result<Option<Self>, String> {
        let services = lists::services(options)?;
        let mut authorities = Vec::new();
        for file in &options.anchors {
            authorities.extend(certificates(file)?);
        }
        if let Some(services) = &services {
            authorities.extend(services.authorities(options.at));
        }
        if authorities.is_empty() {
            return match options.wants_verdict() {
                true => Err("--crl and --ocsp need --anchors or --trusted-list".to_owned()),
                false => Ok(None),
            };
        }
        let anchors = Anchors::of(authorities).map_err(|error| error.to_string())?;
        let revocation = revocation(options)?;
        Ok(Some(Self { anchors, services, revocation, at: options.at }))
    }

    /// Judges the first certificate of a file, with the others in it as material for the path.
    pub(super) fn judge(&self, file: &str, kind: Kind) -> Result<Verdict, String> {
        let mut presented = certificates(file.as_ref())?.into_iter();
        let leaf = presented.next().ok_or("no certificate")?;
        let leaf = Arc::new(Certificate::from_der(&leaf).map_err(|error| error.to_string())?);
        let chain: Vec<_> = presented.collect();
        let judged = |revocation: Revocation| {
            let anchors = self.anchors.clone();
            let trust = match kind {
                Kind::QSeal => Trust::seals(anchors, revocation),
                _ => Trust::transport(anchors, revocation),
            };
            outcome(trust.judge(&leaf, &chain, self.at))
        };
        // The path first and by itself, so that a person sees which of the two is at fault.
        let trusted = judged(Revocation::danger_off());
        let path = match &trusted {
            Ok(trusted) => Ok(trusted.issuers().map(ToString::to_string).collect()),
            Err(why) => Err(why.clone()),
        };
        let revocation = match (&self.revocation, &trusted) {
            (Some(revocation), Ok(_)) => Some(judged(revocation.clone()).map(drop)),
            _ => None,
        };
        let qualification = match (&self.services, &trusted) {
            (Some(services), Ok(trusted)) => Some(self.qualified(services, trusted, kind)),
            _ => None,
        };
        Ok(Verdict { path, revocation, qualification })
    }

    fn qualified(
        &self,
        services: &TrustedServices,
        trusted: &TrustedCertificate,
        kind: Kind,
    ) -> Result<Vec<String>, String> {
        let purpose = match kind {
            Kind::QSeal => Purpose::Seals,
            _ => Purpose::WebSiteAuthentication,
        };
        match services.judge(trusted, purpose, self.at) {
            Ok(qualification) => Ok(vec![
                format!("at issuance by {}", qualification.at_issuance()),
                format!("now by {}", qualification.at_use()),
                format!("because of {}", qualification.ground()),
            ]),
            Err(why) => Err(why.to_string()),
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    pem::all_certificates(&bytes).map_err(|error| format!("{}: {error}", file.display()))
}

fn revocation(options: &Options) -> Result<Option<Revocation>, String> {
    if options.crls.is_empty() && !options.ocsp {
        return Ok(None);
    }
    let mut builder = Revocation::builder();
    let mut lists = Vec::new();
    for file in &options.crls {
        let read = std::fs::read(file).map_err(|error| error.to_string());
        let read = read.and_then(|b| pem::all_revocation_lists(&b).map_err(|e| e.to_string()));
        lists.extend(read.map_err(|why| format!("{}: {why}", file.display()))?);
    }
    if !lists.is_empty() {
        builder = builder.lists(lists);
    }
    if options.ocsp {
        builder = asking(builder, options)?;
    }
    builder.build().map(Some).map_err(|error| error.to_string())
}

#[cfg(feature = "fetch")]
fn asking(
    builder: tower_open_banking::revocation::RevocationBuilder,
    options: &Options,
) -> Result<tower_open_banking::revocation::RevocationBuilder, String> {
    let mut fetch = tower_open_banking::fetch::HttpFetch::new();
    for place in &options.responders {
        let (host, port) = place.rsplit_once(':').ok_or("--responder takes HOST:PORT")?;
        let port = port.parse().map_err(|_| "--responder takes HOST:PORT")?;
        fetch = fetch.allow_host(host).allow_port(port);
    }
    Ok(builder.ocsp_over(fetch))
}

#[cfg(not(feature = "fetch"))]
fn asking(
    _: tower_open_banking::revocation::RevocationBuilder,
    _: &Options,
) -> Result<tower_open_banking::revocation::RevocationBuilder, String> {
    Err("--ocsp needs the feature `fetch`".to_owned())
}

fn outcome(checked: Checked<TrustedCertificate>) -> Result<TrustedCertificate, String> {
    let result = match checked {
        Checked::Flawed(_, rejection) => Err(Halt::Reject(rejection)),
        Checked::Later(asked) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(|error| error.to_string())?.block_on(asked)
        }
        Checked::Now(result) => result,
    };
    result.map_err(|halt| match halt {
        Halt::Reject(rejection) => rejection.why().to_string(),
        Halt::Answer(_) => "answered".to_owned(),
    })
}

impl Verdict {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "path": self.path.as_ref().ok(),
            "path_refused": self.path.as_ref().err(),
            "revocation": self.revocation.as_ref().map(|result| match result {
                Ok(()) => "good",
                Err(why) => why,
            }),
            "qualified": self.qualification.as_ref().map(Result::is_ok),
            "qualification": self.qualification.as_ref().and_then(|result| result.as_ref().ok()),
            "not_qualified": self.qualification.as_ref().and_then(|result| result.as_ref().err()),
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Ok(issuers) => {
                super::line(f, "path", "to an anchor")?;
                for issuer in issuers {
                    super::line(f, "  signed by", issuer)?;
                }
            }
            // Without a path there is nobody who could revoke or qualify it.
            Err(why) => return super::line(f, "PATH", format_args!("none: {why}")),
        }
        match &self.revocation {
            Some(Ok(())) => super::line(f, "revocation", "not revoked")?,
            Some(Err(why)) => super::line(f, "REVOCATION", why)?,
            None => super::line(f, "revocation", "not looked at")?,
        }
        match &self.qualification {
            Some(Ok(grounds)) => {
                super::line(f, "qualified", "yes, by the trusted lists")?;
                grounds.iter().try_for_each(|ground| super::line(f, "", ground))
            }
            Some(Err(why)) => super::line(f, "QUALIFIED", format_args!("no: {why}")),
            None => super::line(f, "qualified", "not looked at"),
        }
    }
}

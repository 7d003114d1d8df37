//! `MatchSender`: the client of a token that may be of a certificate or of a key.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use rustls_pki_types::UnixTime;

use super::client::{ClientLookup, ClientRegistry, FoundClient};
use super::{Certificate, RegisteredClient, find_client, match_client};
use crate::client_auth::OfferedCertificate;
use crate::context::Context;
use crate::gate::{Halt, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection, Scheme};
use crate::token::{AccessToken, BoundToken};

/// Matches the sender with the registered client, behind
/// [`ConstrainSender`](crate::token::ConstrainSender).
///
/// # Passes when
///
/// For a token that names a certificate, what [`MatchClient`](super::MatchClient) demands; for one
/// that names a key alone, what [`FindClient`](super::FindClient) demands.
///
/// # Needs and leaves
///
/// Needs [`OfferedCertificate`], [`AccessToken`] and [`BoundToken`]; leaves [`RegisteredClient`].
///
/// # Does not check
///
/// A certificate beside a token that names none.
///
/// # Rejections
///
/// [`Reason::ClientUnknown`], [`Reason::ClientMismatch`]; [`Reason::ServiceUnavailable`] where the
/// registry does not answer.
///
/// # Specification
///
/// RFC 8705, 2.1.2; RFC 9449, 6.
#[derive(Clone)]
pub struct MatchSender(Arc<dyn ClientRegistry>);

impl MatchSender {
    /// Looks clients up here.
    pub fn registered_in(registry: impl ClientRegistry) -> Self {
        Self(Arc::new(registry))
    }
}

impl Rule for MatchSender {
    const NAME: &'static str = "MatchSender";
    type Needs = (OfferedCertificate, AccessToken, BoundToken);
    type Leaves = RegisteredClient;

    fn check(
        &self,
        (offered, token, _): Refs<'_, Self::Needs>,
        _: &mut Parts,
        context: &Context,
    ) -> Verdict<RegisteredClient> {
        let of_key = token.scheme() == Scheme::Dpop && !token.names_certificate();
        let now = context.now();
        match self.0.find(token.client_id()) {
            ClientLookup::Now(found) if of_key => find_client::judge(found).into(),
            ClientLookup::Now(found) => matching(found, offered.trusted(), now),
            ClientLookup::Later(search) => {
                let certificate = offered.trusted().cloned();
                Verdict::Later(Box::pin(async move {
                    let found = search.await;
                    if of_key {
                        return find_client::judge(found).map_err(Halt::from);
                    }
                    matching(found, certificate.as_ref(), now).answer().await
                }))
            }
        }
    }
}

fn matching(
    found: FoundClient,
    certificate: Option<&Certificate>,
    now: UnixTime,
) -> Verdict<RegisteredClient> {
    match certificate {
        Some(certificate) => match_client::matching(found, certificate, now),
        None => {
            let why = "no trusted certificate";
            Verdict::reject(Rejection::new(Reason::ClientMismatch).detail(why))
        }
    }
}

impl fmt::Debug for MatchSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MatchSender").finish_non_exhaustive()
    }
}

rule_layers!(MatchSender);

//! Steps switched off: what a gate does without one of its rules.
//!
//! For drills, which show the attack that each rule stops. A rule whose evidence others build on is
//! replaced by one that leaves the evidence without the check; any other is dropped.

use std::sync::Arc;

use http::request::Parts;

use crate::body::BodyBytes;
use crate::cert::{
    Client, ClientCertificate, ClientLookup, ClientRegistry, Clients, ForwardedHeader,
    PeerCertificates, PresentCertificate, RegisteredClient, TrustedCertificate,
};
use crate::consent::MatchedConsent;
use crate::context::Context;
use crate::eidas::{IdentifyPsp, PspIdentity};
use crate::gate::{GateBuilder, Refs, Rule, Verdict};
use crate::reject::{Reason, Rejection};
use crate::signature::SignedMessage;
use crate::token::{AccessToken, BoundToken};

pub(super) fn switch_off(
    gate: GateBuilder,
    name: &str,
    clients: &Arc<Clients>,
    header: &ForwardedHeader,
) -> GateBuilder {
    match name {
        "BindToken" => gate.swap(name, AnyBinding),
        "ConstrainSender" | "VerifyDpop" => gate.swap(name, AnySender),
        "FindClient" | "MatchSender" => gate.swap(name, AnySendersClient(clients.clone())),
        "IdentifyPsp" => gate.swap(name, AnyPsp(IdentifyPsp::unjudged())),
        "MatchClient" => gate.swap(name, AnyClient(clients.clone())),
        "MatchConsent" => gate.swap(name, AnyConsent),
        "PresentCertificate" => gate.swap(name, AnyHeader::new(header)),
        "TrustCertificate" => gate.swap(name, AnyCertificate),
        "VerifySignature" => gate.swap(name, AnyMessage),
        "VerifyToken" => gate.swap(name, AnyToken),
        _ => gate.drop_step(name),
    }
}

/// Believes a forwarded certificate of anybody, and the connection where none is forwarded.
#[derive(Clone)]
struct AnyHeader {
    header: PresentCertificate,
    tls: PresentCertificate,
}

impl AnyHeader {
    fn new(header: &ForwardedHeader) -> Self {
        Self {
            header: PresentCertificate::from_anyones_header(header.clone()),
            tls: PresentCertificate::from_tls(),
        }
    }
}

impl Rule for AnyHeader {
    const NAME: &'static str = "PresentCertificate (off)";
    type Needs = ();
    type Leaves = ClientCertificate;

    fn check(
        &self,
        (): Refs<'_, ()>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<ClientCertificate> {
        match self.header.check((), request, context) {
            Verdict::Now(Err(_)) if request.extensions.get::<PeerCertificates>().is_some() => {
                self.tls.check((), request, context)
            }
            verdict => verdict,
        }
    }
}

/// Trusts every certificate.
#[derive(Clone)]
struct AnyCertificate;

impl Rule for AnyCertificate {
    const NAME: &'static str = "TrustCertificate (off)";
    type Needs = ClientCertificate;
    type Leaves = TrustedCertificate;

    fn check(
        &self,
        client: &ClientCertificate,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<TrustedCertificate> {
        Verdict::pass(TrustedCertificate::assertion(client))
    }
}

/// Takes whatever a certificate says of its holder.
#[derive(Clone)]
struct AnyPsp(IdentifyPsp);

impl Rule for AnyPsp {
    const NAME: &'static str = "IdentifyPsp (off)";
    type Needs = TrustedCertificate;
    type Leaves = PspIdentity;

    fn check(
        &self,
        trusted: &TrustedCertificate,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<PspIdentity> {
        self.0.check(trusted, request, context)
    }
}

/// Takes an order for what was consented to.
#[derive(Clone)]
struct AnyConsent;

impl Rule for AnyConsent {
    const NAME: &'static str = "MatchConsent (off)";
    type Needs = BodyBytes;
    type Leaves = MatchedConsent;

    fn check(&self, body: &BodyBytes, request: &mut Parts, _: &Context) -> Verdict<MatchedConsent> {
        MatchedConsent::unmatched(request, body.bytes()).into()
    }
}

/// Takes every message, as one that nobody signed.
#[derive(Clone)]
struct AnyMessage;

impl Rule for AnyMessage {
    const NAME: &'static str = "VerifySignature (off)";
    type Needs = ();
    type Leaves = SignedMessage;

    fn check(&self, (): Refs<'_, ()>, _: &mut Parts, _: &Context) -> Verdict<SignedMessage> {
        Verdict::pass(SignedMessage::unsigned())
    }
}

/// Takes whatever a token says.
#[derive(Clone)]
struct AnyToken;

impl Rule for AnyToken {
    const NAME: &'static str = "VerifyToken (off)";
    type Needs = ();
    type Leaves = AccessToken;

    fn check(&self, (): Refs<'_, ()>, request: &mut Parts, _: &Context) -> Verdict<AccessToken> {
        AccessToken::unverified(request).into()
    }
}

/// Takes every token for bound.
#[derive(Clone)]
struct AnyBinding;

impl Rule for AnyBinding {
    const NAME: &'static str = "BindToken (off)";
    type Needs = (TrustedCertificate, AccessToken);
    type Leaves = BoundToken;

    fn check(&self, _: Refs<'_, Self::Needs>, _: &mut Parts, _: &Context) -> Verdict<BoundToken> {
        Verdict::pass(BoundToken::assertion())
    }
}

/// Takes the client of the token for the holder of the certificate.
#[derive(Clone)]
struct AnyClient(Arc<Clients>);

impl Rule for AnyClient {
    const NAME: &'static str = "MatchClient (off)";
    type Needs = (TrustedCertificate, AccessToken, BoundToken);
    type Leaves = RegisteredClient;

    fn check(
        &self,
        (_, token, _): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<RegisteredClient> {
        named(&self.0, token).into()
    }
}

fn named(clients: &Clients, token: &AccessToken) -> Result<RegisteredClient, Rejection> {
    let found: Option<Arc<Client>> = match clients.find(token.client_id()) {
        ClientLookup::Now(Ok(found)) => found,
        _ => None,
    };
    let client = found.ok_or_else(|| Rejection::new(Reason::ClientUnknown));
    client.map(RegisteredClient::assertion)
}

/// Takes every token for its sender's, whatever it names.
#[derive(Clone)]
struct AnySender;

impl Rule for AnySender {
    const NAME: &'static str = "sender constraint (off)";
    type Needs = AccessToken;
    type Leaves = BoundToken;

    fn check(&self, _: &AccessToken, _: &mut Parts, _: &Context) -> Verdict<BoundToken> {
        Verdict::pass(BoundToken::assertion())
    }
}

/// Takes the client that the token names, whatever the token is bound to.
#[derive(Clone)]
struct AnySendersClient(Arc<Clients>);

impl Rule for AnySendersClient {
    const NAME: &'static str = "sender's client (off)";
    type Needs = (AccessToken, BoundToken);
    type Leaves = RegisteredClient;

    fn check(
        &self,
        (token, _): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<RegisteredClient> {
        named(&self.0, token).into()
    }
}

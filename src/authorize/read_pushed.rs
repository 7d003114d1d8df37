//! `ReadPushedRequest`: an authorisation request that a client pushes.

use std::sync::Arc;

use http::request::Parts;

use super::claims::{RequestClaims, RequestClaimsError};
use super::presented::{Carrier, PresentedRequest, for_code_flow};
use crate::client_auth::{AuthenticatedClient, Form};
use crate::context::Context;
use crate::gate::{Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Reads the request at the PAR endpoint.
///
/// # Passes when
///
/// The client registered for the code flow, and the form has no `request_uri`. With `request` only
/// the object counts, whatever stands beside it; without, the parameters do, and `client_id` among
/// them is the client.
///
/// # Needs and leaves
///
/// Needs [`Form`] and [`AuthenticatedClient`]; leaves [`PresentedRequest`].
/// [`VerifyRequestObject`](super::VerifyRequestObject), [`PermitAuthorization`](super::PermitAuthorization)
/// and [`PushRequest`](super::PushRequest) follow.
///
/// # Does not check
///
/// The request itself, nor whether the profile takes it without a signature.
///
/// # Rejections
///
/// [`Reason::ParameterInvalid`], [`Reason::ClientUnauthorized`].
///
/// # Specification
///
/// RFC 9126, 2.1 and 3; RFC 9101, 4.
#[derive(Clone, Copy, Debug)]
pub struct ReadPushedRequest(());

impl ReadPushedRequest {
    /// Reads a form.
    pub fn posted() -> Self {
        Self(())
    }
}

impl Rule for ReadPushedRequest {
    const NAME: &'static str = "ReadPushedRequest";
    type Needs = (Form, AuthenticatedClient);
    type Leaves = PresentedRequest;

    fn check(
        &self,
        (form, client): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<PresentedRequest> {
        read(form, client).into()
    }
}

fn read(form: &Form, client: &AuthenticatedClient) -> Result<PresentedRequest, Rejection> {
    let invalid = |name| Rejection::new(Reason::ParameterInvalid).place(name);
    let parameters = form.parameters();
    // RFC 9126, 2.1: it must not be there, with whatever else.
    if parameters.get("request_uri").is_some() {
        return Err(invalid("request_uri"));
    }
    if parameters.get("client_id").is_some_and(|named| named != client.client_id()) {
        return Err(invalid("client_id"));
    }
    for_code_flow(client.client())?;
    let carrier = match parameters.get("request") {
        Some(object) => Carrier::PushedObject(object.to_owned()),
        None => {
            let claims = RequestClaims::from_parameters(parameters).map_err(|error| {
                let wrong = match &error {
                    RequestClaimsError::Wrong(name) if name == "claims" => invalid("claims"),
                    _ => invalid("max_age"),
                };
                wrong.source(error)
            })?;
            Carrier::PushedParameters(Box::new(claims))
        }
    };
    Ok(PresentedRequest { client: Arc::new(client.client().clone()), carrier })
}

rule_layers!(ReadPushedRequest);

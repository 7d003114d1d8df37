//! `ReadRequestObject`: one authorisation request, by value or pushed before.

use std::fmt;
use std::sync::Arc;

use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use rustls_pki_types::UnixTime;

use super::presented::{Carrier, Outside, PresentedRequest, for_code_flow};
use super::profile::{ByValue, RequestProfile};
use super::pushed::{Kept, PushedKey, PushedRequests, RequestUri, Unspent};
use crate::body::BodyBytes;
use crate::cert::{Client, ClientLookup, ClientRegistry, FoundClient};
use crate::client_auth::{Parameters, ParametersError};
use crate::context::Context;
use crate::gate::{Halt, Refs, Rule, Verdict, rule_layers};
use crate::header::{MediaType, single};
use crate::reject::{Reason, Rejection};

/// Reads the request at the authorisation endpoint.
///
/// # Passes when
///
/// It is a GET with a query or a POST with a form, of at most 64 KiB and with no parameter twice;
/// `client_id` names a client that registered for the code flow; and it has exactly one of
///
/// - `request`, where the profile takes requests by value;
/// - `request_uri`, a URN of this server's PAR endpoint that this client was given, not used and not
///   expired. It is not used up here, so that a page can be loaded again: the
///   [`Responder`](super::Responder) uses it up when it answers (FAPI 2.0, 5.3.2.2).
///
/// # Needs and leaves
///
/// Needs [`BodyBytes`]; leaves [`PresentedRequest`].
///
/// # Does not check
///
/// Anything inside the object: [`VerifyRequestObject`](super::VerifyRequestObject) does. Never
/// follows a `request_uri` to another place (RFC 9101, 10.4).
///
/// # Rejections
///
/// None of them redirects. [`Reason::MethodUnsupported`], [`Reason::ContentTypeUnsupported`],
/// [`Reason::BodyTooLarge`], [`Reason::ParameterMissing`], [`Reason::ParameterInvalid`],
/// [`Reason::ClientUnknown`], [`Reason::ClientUnauthorized`], [`Reason::RequestUriInvalid`] (unknown,
/// used, expired, another client's), [`Reason::RequestUriUnsupported`] (of another kind);
/// [`Reason::ServiceUnavailable`] where registry or store do not answer.
///
/// # Specification
///
/// RFC 6749, 3.1; RFC 9101, 5; RFC 9126, 4; OpenID Connect Core, 3.1.2.1; FAPI 1.0 Advanced, 5.2.2.
#[derive(Clone)]
pub struct ReadRequestObject(Arc<Reader>);

struct Reader {
    profile: RequestProfile,
    clients: Arc<dyn ClientRegistry>,
    pushed: Option<Arc<dyn PushedRequests>>,
}

impl ReadRequestObject {
    /// Reads what these clients send. Without [`pushed_to`](Self::pushed_to) no `request_uri` is
    /// taken.
    pub fn of(profile: RequestProfile, clients: impl ClientRegistry) -> Self {
        Self(Arc::new(Reader { profile, clients: Arc::new(clients), pushed: None }))
    }

    /// Also takes what was pushed into this store.
    #[must_use]
    pub fn pushed_to(self, store: impl PushedRequests) -> Self {
        let (profile, clients) = (self.0.profile, self.0.clients.clone());
        Self(Arc::new(Reader { profile, clients, pushed: Some(Arc::new(store)) }))
    }
}

impl Rule for ReadRequestObject {
    const NAME: &'static str = "ReadRequestObject";
    type Needs = BodyBytes;
    type Leaves = PresentedRequest;

    fn check(
        &self,
        body: Refs<'_, BodyBytes>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<PresentedRequest> {
        let source = match parameters(request, body).and_then(|read| self.0.source(&read)) {
            Ok(source) => source,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let now = context.now();
        match (self.0.clients.find(&source.client_id), source.carrier) {
            (ClientLookup::Now(found), Source::Object(object, outside)) => {
                client(found).map(|client| by_value(client, object, outside)).into()
            }
            (lookup, carrier) => {
                let reader = self.0.clone();
                Verdict::Later(Box::pin(async move {
                    let client = client(match lookup {
                        ClientLookup::Now(found) => found,
                        ClientLookup::Later(search) => search.await,
                    })?;
                    match carrier {
                        Source::Object(object, outside) => Ok(by_value(client, object, outside)),
                        Source::Uri(uri) => {
                            reader.read(client, &uri, now).await.map_err(Halt::from)
                        }
                    }
                }))
            }
        }
    }
}

struct Wanted {
    client_id: String,
    carrier: Source,
}

enum Source {
    Object(String, Outside),
    Uri(RequestUri),
}

impl Reader {
    fn source(&self, read: &Parameters) -> Result<Wanted, Rejection> {
        let missing = |name| Rejection::new(Reason::ParameterMissing).place(name);
        let client_id = read.get("client_id").ok_or_else(|| missing("client_id"))?.to_owned();
        let by_value = self.profile.by_value != ByValue::Refuse;
        let carrier = match (read.get("request"), read.get("request_uri")) {
            (Some(_), Some(_)) => {
                let why = "request and request_uri in one request";
                return Err(Rejection::new(Reason::ParameterInvalid).place("request").detail(why));
            }
            (Some(object), None) if by_value => {
                Source::Object(object.to_owned(), Outside::of(read))
            }
            (None, Some(uri)) => Source::Uri(self.uri(uri)?),
            (None, None) if by_value => return Err(missing("request")),
            (_, None) => return Err(missing("request_uri").detail("requests must be pushed")),
        };
        Ok(Wanted { client_id, carrier })
    }

    fn uri(&self, text: &str) -> Result<RequestUri, Rejection> {
        let unsupported = || Rejection::new(Reason::RequestUriUnsupported);
        if self.pushed.is_none() {
            return Err(unsupported().detail("no PAR endpoint is configured"));
        }
        RequestUri::parse(text).ok_or_else(|| unsupported().detail("not a URN of the PAR endpoint"))
    }

    async fn read(
        &self,
        client: Arc<Client>,
        uri: &RequestUri,
        now: UnixTime,
    ) -> Result<PresentedRequest, Rejection> {
        let unavailable = || Rejection::new(Reason::ServiceUnavailable);
        let store = self.pushed.as_ref().ok_or_else(unavailable)?;
        let unspent = Unspent::of(store.clone(), PushedKey::compose(client.client_id(), uri));
        let Some(bytes) = unspent.read(now).await.map_err(|error| unavailable().source(error))?
        else {
            let why = "unknown, used, expired, or of another client";
            return Err(Rejection::new(Reason::RequestUriInvalid).detail(why));
        };
        let kept = Kept::parse(&bytes)
            .ok_or_else(|| unavailable().detail("the store gave no request back"))?;
        if now.as_secs() >= kept.until {
            return Err(Rejection::new(Reason::RequestUriInvalid).detail("expired"));
        }
        let carrier = Carrier::Kept { claims: Box::new(kept.claims), signed: kept.signed, unspent };
        Ok(PresentedRequest { client, carrier })
    }
}

fn by_value(client: Arc<Client>, object: String, outside: Outside) -> PresentedRequest {
    PresentedRequest { client, carrier: Carrier::ByValue { object, outside } }
}

fn client(found: FoundClient) -> Result<Arc<Client>, Rejection> {
    let client = found
        .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
        .ok_or_else(|| Rejection::new(Reason::ClientUnknown))?;
    for_code_flow(&client)?;
    Ok(client)
}

/// The parameters of a query or of a form, never of both.
fn parameters(request: &Parts, body: &BodyBytes) -> Result<Parameters, Rejection> {
    let query = request.uri.query().unwrap_or_default();
    let encoded = match request.method {
        Method::GET => query.as_bytes(),
        Method::POST if !query.is_empty() => {
            let why = "a form and a query";
            return Err(Rejection::new(Reason::ParameterInvalid).detail(why));
        }
        Method::POST => {
            is_form(request)?;
            body.bytes()
        }
        _ => return Err(Rejection::new(Reason::MethodUnsupported)),
    };
    if encoded.len() > MOST {
        return Err(Rejection::new(Reason::BodyTooLarge));
    }
    Parameters::parse(encoded).map_err(refused)
}

/// The name of a repeated parameter is the peer's own text: for the log alone.
fn refused(error: ParametersError) -> Rejection {
    Rejection::new(Reason::ParameterInvalid).source(error)
}

fn is_form(request: &Parts) -> Result<(), Rejection> {
    let refused = || Rejection::new(Reason::ContentTypeUnsupported).place("Content-Type");
    let value = single(&request.headers, &CONTENT_TYPE).map_err(|error| refused().source(error))?;
    let value = value.ok_or_else(|| refused().detail("no Content-Type"))?;
    MediaType::FORM.describes(value).map_err(|error| refused().source(error))
}

impl fmt::Debug for ReadRequestObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRequestObject")
            .field("profile", &self.0.profile.name)
            .finish_non_exhaustive()
    }
}

rule_layers!(ReadRequestObject);

/// A request object with a certificate's worth of claims takes some 8 KiB, encrypted 12.
const MOST: usize = 64 * 1024;

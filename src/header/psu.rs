//! The `PSU-*` request headers of the Berlin Group.

use http::Method;
use http::header::HeaderName;
use http::request::Parts;

use super::{CustomerIp, single_text};
use crate::context::{Context, relaxed};
use crate::gate::{Evidence, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Reads `PSU-IP-Address`, in which a third-party provider names the address of its customer.
///
/// # Passes when
///
/// The header is an IPv4 or IPv6 literal and not repeated. It may be absent, but where something
/// is created: with a `POST` of payments, consents and signing baskets, though not of the
/// authorisations below them. A provider whose customer is not there sends its own address then.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`PsuContext`].
///
/// # Does not check
///
/// That the customer was there, or at that address: it is a claim of the provider, and never the
/// peer's address. The other `PSU-*` headers, which are optional, are left to the application.
///
/// # Rejections
///
/// [`Reason::HeaderInvalid`], [`Reason::HeaderMissing`], with the header's name.
///
/// # Specification
///
/// NextGenPSD2 API definition 1.3.x, `PSU-IP-Address_mandatory`, `_optional` and
/// `_conditionalForAis`.
///
/// ```
/// use http::Request;
/// use tower_open_banking::context::Context;
/// use tower_open_banking::gate::{Halt, Rule, Verdict};
/// use tower_open_banking::header::ReadPsuHeaders;
/// use tower_open_banking::reject::Reason;
///
/// let judged = |request: http::request::Builder| {
///     let (mut parts, ()) = request.body(()).unwrap().into_parts();
///     ReadPsuHeaders::due_where_created().check((), &mut parts, &Context::default())
/// };
/// let payment = || Request::post("/v1/payments/sepa-credit-transfers");
/// let Verdict::Now(Ok(psu)) = judged(payment().header("psu-ip-address", "192.0.2.7")) else {
///     panic!("refused")
/// };
/// assert!(psu.is_present());
/// let Verdict::Now(Err(Halt::Reject(why))) = judged(payment()) else { panic!("passed") };
/// assert_eq!(why.reason(), Reason::HeaderMissing);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ReadPsuHeaders(Due);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Due {
    Never,
    WhereCreated,
}

/// What the provider says of its customer.
#[derive(Debug)]
pub struct PsuContext {
    ip_address: Option<CustomerIp>,
}

impl PsuContext {
    /// The customer's address, as the provider claims it.
    pub fn ip_address(&self) -> Option<CustomerIp> {
        self.ip_address
    }

    /// Whether the provider claims, when reading accounts, that the customer asked for it: it sent
    /// the address.
    pub fn is_present(&self) -> bool {
        self.ip_address.is_some()
    }
}

impl Evidence for PsuContext {}

impl ReadPsuHeaders {
    /// Demands the address where payments, consents and signing baskets are created.
    pub fn due_where_created() -> Self {
        Self(Due::WhereCreated)
    }

    /// Reads the address where there is one: for funds confirmations.
    pub fn optional() -> Self {
        Self(Due::Never)
    }

    /// Takes payments and consents without the address of the customer.
    #[must_use]
    pub fn allow_missing_address(self) -> Self {
        relaxed(Self::NAME, "allow_missing_address");
        Self(Due::Never)
    }

    fn read(self, request: &Parts) -> Result<PsuContext, Rejection> {
        let at_fault = |reason| Rejection::new(reason).place(IP_ADDRESS);
        let sent = single_text(&request.headers, &HeaderName::from_static(IP_ADDRESS))
            .map_err(|error| at_fault(Reason::HeaderInvalid).source(error))?;
        let parse = |text: &str| {
            text.parse().map_err(|error| at_fault(Reason::HeaderInvalid).source(error))
        };
        match sent {
            Some(text) => Ok(PsuContext { ip_address: Some(parse(text)?) }),
            None if self.0 == Due::WhereCreated && creates(request) => {
                Err(at_fault(Reason::HeaderMissing))
            }
            None => Ok(PsuContext { ip_address: None }),
        }
    }
}

/// Whether a request creates a payment, a consent or a basket, and not an authorisation of one.
fn creates(request: &Parts) -> bool {
    let last = request.uri.path().rsplit('/').next();
    let authorises = last.is_some_and(|last| AUTHORISATIONS.contains(&last));
    request.method == Method::POST && !authorises
}

impl Rule for ReadPsuHeaders {
    const NAME: &'static str = "ReadPsuHeaders";
    type Needs = ();
    type Leaves = PsuContext;

    fn check(&self, (): Refs<'_, ()>, request: &mut Parts, _: &Context) -> Verdict<PsuContext> {
        self.read(request).into()
    }
}

rule_layers!(ReadPsuHeaders);

const AUTHORISATIONS: [&str; 2] = ["authorisations", "cancellation-authorisations"];
const IP_ADDRESS: &str = "psu-ip-address";

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const PAYMENT: &str = "/v1/payments/sepa-credit-transfers";

    fn judged(
        rule: ReadPsuHeaders,
        method: Method,
        path: &str,
        addresses: &[&str],
    ) -> Result<bool, (Reason, Option<String>)> {
        let mut request = Request::builder().method(method).uri(path);
        for address in addresses {
            request = request.header("PSU-IP-Address", *address);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let read = rule.read(&parts).map(|psu| psu.is_present());
        read.map_err(|why| (why.reason(), why.place_of_fault().map(str::to_owned)))
    }

    fn at_fault(reason: Reason) -> Result<bool, (Reason, Option<String>)> {
        Err((reason, Some("psu-ip-address".to_owned())))
    }

    #[test]
    fn an_address_is_due_where_something_is_created_and_nowhere_else() {
        let rule = ReadPsuHeaders::due_where_created();
        for path in [PAYMENT, "/v1/consents", "/v1/signing-baskets", "/x/authorisations/payments"] {
            let missing = judged(rule, Method::POST, path, &[]);
            assert_eq!(missing, at_fault(Reason::HeaderMissing), "{path}");
            assert_eq!(judged(rule, Method::POST, path, &["192.0.2.7"]), Ok(true), "{path}");
            assert_eq!(judged(rule, Method::GET, path, &[]), Ok(false), "{path}");
        }
        for below in ["authorisations", "cancellation-authorisations"] {
            let path = format!("{PAYMENT}/7/{below}");
            assert_eq!(judged(rule, Method::POST, &path, &[]), Ok(false), "{path}");
        }
    }

    #[test]
    fn an_address_that_is_none_or_repeated_is_refused_everywhere() {
        let strict = ReadPsuHeaders::due_where_created();
        for rule in [strict, ReadPsuHeaders::optional(), strict.allow_missing_address()] {
            for hostile in [&["localhost"][..], &[""], &["192.0.2.7", "192.0.2.7"], &["\u{e9}"]] {
                let refused = judged(rule, Method::GET, "/v1/accounts", hostile);
                assert_eq!(refused, at_fault(Reason::HeaderInvalid), "{hostile:?}");
            }
        }
    }

    #[test]
    fn funds_confirmations_and_the_relaxation_need_no_address() {
        let relaxed = ReadPsuHeaders::due_where_created().allow_missing_address();
        for rule in [ReadPsuHeaders::optional(), relaxed] {
            assert_eq!(judged(rule, Method::POST, PAYMENT, &[]), Ok(false));
            assert_eq!(judged(rule, Method::POST, PAYMENT, &["2001:db8::7"]), Ok(true));
        }
    }
}

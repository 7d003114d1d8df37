//! Which endpoints are signed and which are idempotent.

use http::Method;

/// One row of an [`EndpointTable`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Endpoint {
    method: &'static str,
    path: &'static str,
    /// What the profile demands there.
    pub demands: Demands,
}

impl Endpoint {
    /// A row for a method and the last segments of a path, such as `payments/{}/file`: `{}` stands
    /// for any one segment, the first one is a name, and there is no slash before it. A row that is
    /// written otherwise matches nothing.
    pub const fn new(method: &'static str, path: &'static str, demands: Demands) -> Self {
        Self { method, path, demands }
    }

    /// Whether the row begins with a name: `{}` would take the endpoints of every other row.
    fn is_named(&self) -> bool {
        !matches!(self.path.split('/').next(), None | Some("" | "{}"))
    }
}

/// What a profile demands of an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Demands {
    /// The request carries a message signature.
    pub signed_request: bool,
    /// The response carries a message signature.
    pub signed_response: bool,
    /// The request carries an idempotency key.
    pub idempotent: bool,
    /// How the request uses the consent that its body names.
    pub consent: ConsentUse,
}

/// How a request uses a consent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConsentUse {
    /// Not at all, or it creates one.
    None,
    /// Up: the consent serves one request.
    Once,
    /// As often as the consent allows, such as a variable recurring payment.
    Repeatedly,
}

impl Demands {
    /// Neither signatures nor a key.
    pub const NOTHING: Self = Self {
        signed_request: false,
        signed_response: false,
        idempotent: false,
        consent: ConsentUse::None,
    };
    /// A key, and no signatures.
    pub const ONCE: Self = Self { idempotent: true, ..Self::NOTHING };
    /// Both are signed, and a key; a consent is used up.
    pub const ORDER: Self = Self { consent: ConsentUse::Once, ..Self::SIGNED_ONCE };
    /// Both are signed, and a key; a consent is used, and stays.
    pub const REPEATED_ORDER: Self = Self { consent: ConsentUse::Repeatedly, ..Self::SIGNED_ONCE };
    /// Both are signed; no key.
    pub const SIGNED: Self = Self { signed_request: true, ..Self::SIGNED_RESPONSE };
    /// The response alone is signed; no key.
    pub const SIGNED_RESPONSE: Self = Self { signed_response: true, ..Self::NOTHING };
    /// Both are signed, and a key.
    pub const SIGNED_ONCE: Self = Self { idempotent: true, ..Self::SIGNED };
}

/// The endpoints of an API, with what is demanded of each: for [`VerifySignature`],
/// [`SignResponse`] and [`RunOnce`](crate::idempotency::RunOnce), which must be given the same
/// table.
///
/// ```
/// use http::Method;
/// use tower_open_banking::signature::{Demands, Endpoint, EndpointTable};
///
/// const OURS: EndpointTable = EndpointTable::of(&[
///     Endpoint::new("POST", "transfers", Demands::ONCE),
///     Endpoint::new("POST", "transfers/{}/quotes", Demands::NOTHING),
/// ]);
///
/// assert_eq!(OURS.demands(&Method::POST, "/v1/transfers"), Demands::ONCE);
/// assert_eq!(OURS.demands(&Method::POST, "/v1/transfers/7/quotes"), Demands::NOTHING);
/// assert_eq!(OURS.demands(&Method::POST, "/v1/no/row"), Demands::ORDER);
/// ```
///
/// [`SignResponse`]: super::SignResponse
/// [`VerifySignature`]: super::VerifySignature
#[derive(Clone, Copy, Debug)]
pub struct EndpointTable(&'static [Endpoint]);

impl EndpointTable {
    /// The tables of the Open Banking UK Read/Write API, 3.1 to 4.0 ("Endpoints" of the payment
    /// initiation, VRP, account, funds confirmation and event pages).
    pub const OBIE: Self = Self(OBIE);

    /// A table of your own, as a constant. What the rows do not name is taken for the strictest.
    pub const fn of(rows: &'static [Endpoint]) -> Self {
        Self(rows)
    }

    /// What is demanded of a request.
    ///
    /// A row matches the last segments of the path, so that it does not matter where the API is
    /// mounted; of several rows the longest counts. An endpoint without a row is taken for the
    /// strictest of its kind: signed, idempotent and using up a consent, but for the methods that create nothing (`GET`,
    /// `HEAD`, `OPTIONS`, `TRACE` and `DELETE`), which have a signed response.
    ///
    /// Nor has an endpoint a row whose path goes through another endpoint, or through segments that
    /// a router may read differently: a service that routes by the beginning of the path, or that
    /// decodes it, would run one endpoint by the demands of the other.
    pub fn demands(self, method: &Method, path: &str) -> Demands {
        let rows = self.0.iter().filter(|row| row.method == method.as_str() && row.is_named());
        let matching = rows.filter_map(|row| Some((row, before(path, row.path)?)));
        match matching.max_by_key(|(row, _)| row.path.split('/').count()) {
            Some((row, before)) if self.is_mount(before) => row.demands,
            _ if creates_nothing(method) => Demands::SIGNED_RESPONSE,
            _ => Demands::ORDER,
        }
    }

    /// Whether a path can be that at which the API is mounted.
    fn is_mount(self, path: &str) -> bool {
        path.split('/').all(|segment| {
            !matches!(segment, "." | "..")
                && !segment.contains(['%', ';', '\\'])
                && !self.0.iter().any(|row| row.path.split('/').next() == Some(segment))
        })
    }
}

fn creates_nothing(method: &Method) -> bool {
    matches!(*method, Method::DELETE | Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// What stands in the path before the segments of the row, if it ends with them.
fn before<'a>(path: &'a str, row: &str) -> Option<&'a str> {
    row.rsplit('/').try_fold(path, |path, wanted| {
        let (before, segment) = path.rsplit_once('/')?;
        let fits = match wanted {
            "{}" => !segment.is_empty(),
            _ => segment == wanted,
        };
        fits.then_some(before)
    })
}

const fn row(method: &'static str, path: &'static str, demands: Demands) -> Endpoint {
    Endpoint::new(method, path, demands)
}

const OBIE: &[Endpoint] = &[
    row("POST", "domestic-payment-consents", Demands::SIGNED_ONCE),
    row("POST", "domestic-scheduled-payment-consents", Demands::SIGNED_ONCE),
    row("POST", "domestic-standing-order-consents", Demands::SIGNED_ONCE),
    row("POST", "domestic-vrp-consents", Demands::SIGNED_ONCE),
    row("POST", "file-payment-consents", Demands::SIGNED_ONCE),
    row("POST", "file-payment-consents/{}/file", Demands::SIGNED_ONCE),
    row("POST", "international-payment-consents", Demands::SIGNED_ONCE),
    row("POST", "international-scheduled-payment-consents", Demands::SIGNED_ONCE),
    row("POST", "international-standing-order-consents", Demands::SIGNED_ONCE),
    row("POST", "domestic-payments", Demands::ORDER),
    row("POST", "domestic-scheduled-payments", Demands::ORDER),
    row("POST", "domestic-standing-orders", Demands::ORDER),
    row("POST", "domestic-vrps", Demands::REPEATED_ORDER),
    row("POST", "file-payments", Demands::ORDER),
    row("POST", "international-payments", Demands::ORDER),
    row("POST", "international-scheduled-payments", Demands::ORDER),
    row("POST", "international-standing-orders", Demands::ORDER),
    row("POST", "domestic-vrp-consents/{}/funds-confirmation", Demands::SIGNED),
    row("POST", "callback-urls", Demands::SIGNED),
    row("PUT", "callback-urls/{}", Demands::SIGNED),
    row("POST", "event-subscriptions", Demands::SIGNED),
    row("PUT", "event-subscriptions/{}", Demands::SIGNED),
    row("POST", "events", Demands::NOTHING),
    row("POST", "account-access-consents", Demands::NOTHING),
    row("GET", "account-access-consents/{}", Demands::NOTHING),
    row("DELETE", "account-access-consents/{}", Demands::NOTHING),
    row("POST", "funds-confirmation-consents", Demands::NOTHING),
    row("GET", "funds-confirmation-consents/{}", Demands::NOTHING),
    row("DELETE", "funds-confirmation-consents/{}", Demands::NOTHING),
    row("POST", "funds-confirmations", Demands::NOTHING),
    row("DELETE", "domestic-vrp-consents/{}", Demands::NOTHING),
    row("DELETE", "callback-urls/{}", Demands::NOTHING),
    row("DELETE", "event-subscriptions/{}", Demands::NOTHING),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn demanded(method: Method, path: &str) -> Demands {
        EndpointTable::OBIE.demands(&method, path)
    }

    #[test]
    fn the_rows_hold_wherever_the_api_is_mounted() {
        for prefix in ["", "/open-banking/v3.1/pisp", "/a/b/c"] {
            let path = format!("{prefix}/domestic-payments");
            assert_eq!(demanded(Method::POST, &path), Demands::ORDER);
            let confirmation = format!("{prefix}/domestic-vrp-consents/7/funds-confirmation");
            assert_eq!(demanded(Method::POST, &confirmation), Demands::SIGNED);
            let funds = format!("{prefix}/funds-confirmations");
            assert_eq!(demanded(Method::POST, &funds), Demands::NOTHING);
        }
        assert_eq!(demanded(Method::GET, "/domestic-payments/7"), Demands::SIGNED_RESPONSE);
    }

    #[test]
    fn an_endpoint_without_row_is_taken_for_the_strictest() {
        assert_eq!(demanded(Method::POST, "/domestic-payments/"), Demands::ORDER);
        assert_eq!(demanded(Method::POST, "/new-payments"), Demands::ORDER);
        assert_eq!(demanded(Method::PATCH, "/funds-confirmations"), Demands::ORDER);
        assert_eq!(demanded(Method::GET, "/payment-details"), Demands::SIGNED_RESPONSE);
    }

    #[test]
    fn a_resource_id_cannot_borrow_the_row_of_another_endpoint() {
        let cunning = "/file-payment-consents/funds-confirmations/file";
        assert_eq!(demanded(Method::POST, cunning), Demands::SIGNED_ONCE);
    }

    #[test]
    fn no_endpoint_is_reached_by_the_demands_of_another() {
        for cunning in [
            "/domestic-payments/events",
            "/pisp/domestic-payments/funds-confirmations",
            "/pisp/domestic-payments/x/account-access-consents",
            "/pisp/domestic-payments;/events",
            "/pisp/domestic-payments%3F/events",
            "/pisp/domestic-payments%2f..%2f/events",
            "/pisp/../events",
        ] {
            assert_eq!(demanded(Method::POST, cunning), Demands::ORDER, "{cunning}");
        }
        let vrp = "/pisp/domestic-vrp-consents/urn%3Abank;7/funds-confirmation";
        assert_eq!(demanded(Method::POST, vrp), Demands::SIGNED);
    }

    #[test]
    fn a_row_that_is_written_wrongly_matches_nothing() {
        const SLIPS: [&[Endpoint]; 5] = [
            &[Endpoint::new("post", "quotes", Demands::NOTHING)],
            &[Endpoint::new("POST", "/quotes", Demands::NOTHING)],
            &[Endpoint::new("POST", "{}", Demands::NOTHING)],
            &[Endpoint::new("POST", "{}/quotes", Demands::NOTHING)],
            &[Endpoint::new("POST", "", Demands::NOTHING)],
        ];
        for slip in SLIPS.map(EndpointTable::of) {
            for path in ["/quotes", "//quotes", "/v1/quotes", "/v1/", "/", ""] {
                let demands = slip.demands(&Method::POST, path);
                assert_eq!(demands, Demands::ORDER, "{slip:?} {path}");
            }
        }
    }

    #[test]
    fn an_unknown_method_is_taken_for_one_that_creates() {
        for name in ["post", "PAY", "CONNECT"] {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            assert_eq!(demanded(method, "/domestic-payments"), Demands::ORDER, "{name}");
        }
        assert_eq!(demanded(Method::HEAD, "/domestic-payments"), Demands::SIGNED_RESPONSE);
    }
}

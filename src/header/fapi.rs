//! The `x-fapi-*` request headers.

use std::str::FromStr;

use http::header::HeaderName;
use http::request::Parts;

use super::{AuthDate, CustomerIp, FinancialId, single_text};
use crate::context::Context;
use crate::gate::{Evidence, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Reads the headers with which a third-party provider describes its customer.
///
/// # Passes when
///
/// `x-fapi-auth-date` is absent or an HTTP date, `x-fapi-customer-ip-address` is absent or an IPv4
/// or IPv6 literal, and neither is repeated. [`obie_legacy`](Self::obie_legacy) also demands
/// `x-fapi-financial-id` and reads `x-fapi-customer-last-logged-time` as the date;
/// [`cdr`](Self::cdr) demands the date.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`FapiContext`].
///
/// # Does not check
///
/// That the customer was there, or at that address: these are claims of the provider, and the
/// address is never the peer's.
///
/// # Rejections
///
/// [`Reason::HeaderInvalid`], [`Reason::HeaderMissing`], each with the header's name;
/// [`Reason::FinancialIdWrong`].
///
/// # Specification
///
/// FAPI 1.0 Baseline, 6.2.1 (13) and 6.2.2; Open Banking UK Read/Write profile, "Request Headers"
/// (3.1.2 dropped the financial id); Consumer Data Standards, "HTTP Headers".
///
/// ```
/// use http::Request;
/// use tower_open_banking::context::Context;
/// use tower_open_banking::gate::{Halt, Rule, Verdict};
/// use tower_open_banking::header::ReadFapiHeaders;
/// use tower_open_banking::reject::Reason;
///
/// let judged = |address: &str| {
///     let request = Request::get("/accounts").header("x-fapi-customer-ip-address", address);
///     let (mut parts, ()) = request.body(()).unwrap().into_parts();
///     ReadFapiHeaders::obie().check((), &mut parts, &Context::default())
/// };
/// let Verdict::Now(Ok(fapi)) = judged("2001:db8::7") else { panic!("refused") };
/// assert!(fapi.is_customer_present());
/// let Verdict::Now(Err(Halt::Reject(why))) = judged("192.0.2.256") else { panic!("passed") };
/// assert_eq!(why.reason(), Reason::HeaderInvalid);
/// ```
#[derive(Clone, Debug)]
pub struct ReadFapiHeaders {
    financial_id: Option<FinancialId>,
    auth_date: Presence,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Presence {
    Optional,
    Required,
}

/// What the provider says of its customer.
#[derive(Debug)]
pub struct FapiContext {
    auth_date: Option<AuthDate>,
    customer_ip: Option<CustomerIp>,
}

impl FapiContext {
    /// When the customer last logged in at the provider.
    pub fn auth_date(&self) -> Option<AuthDate> {
        self.auth_date
    }

    /// The customer's address, as the provider claims it.
    pub fn customer_ip(&self) -> Option<CustomerIp> {
        self.customer_ip
    }

    /// Whether the provider claims that the customer is present: it sent the address.
    pub fn is_customer_present(&self) -> bool {
        self.customer_ip.is_some()
    }
}

impl Evidence for FapiContext {}

impl ReadFapiHeaders {
    /// FAPI 1.0, and Read/Write 3.1.2 and later: both headers are optional.
    pub fn obie() -> Self {
        Self { financial_id: None, auth_date: Presence::Optional }
    }

    /// Read/Write 3.1.1 and earlier: `x-fapi-financial-id` must name this institution, and the
    /// date may come under its old name.
    pub fn obie_legacy(own: FinancialId) -> Self {
        Self { financial_id: Some(own), auth_date: Presence::Optional }
    }

    /// Consumer Data Standards: the date is required on every authenticated call.
    pub fn cdr() -> Self {
        Self { financial_id: None, auth_date: Presence::Required }
    }

    fn read(&self, request: &Parts) -> Result<FapiContext, Rejection> {
        if let Some(own) = &self.financial_id {
            let sent = single_text(&request.headers, &HeaderName::from_static(FINANCIAL_ID))
                .map_err(|error| invalid(FINANCIAL_ID).source(error))?;
            match sent {
                None => return Err(missing(FINANCIAL_ID)),
                Some(sent) if sent != own.as_str() => {
                    return Err(Rejection::new(Reason::FinancialIdWrong).place(FINANCIAL_ID));
                }
                Some(_) => {}
            }
        }
        let mut auth_date = value::<AuthDate>(request, AUTH_DATE)?;
        if self.financial_id.is_some() && auth_date.is_none() {
            auth_date = value(request, LAST_LOGGED_TIME)?;
        }
        if self.auth_date == Presence::Required && auth_date.is_none() {
            return Err(missing(AUTH_DATE));
        }
        Ok(FapiContext { auth_date, customer_ip: value(request, CUSTOMER_IP)? })
    }
}

impl Rule for ReadFapiHeaders {
    const NAME: &'static str = "ReadFapiHeaders";
    type Needs = ();
    type Leaves = FapiContext;

    fn check(&self, (): Refs<'_, ()>, request: &mut Parts, _: &Context) -> Verdict<FapiContext> {
        self.read(request).into()
    }
}

fn value<T>(request: &Parts, name: &'static str) -> Result<Option<T>, Rejection>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text = single_text(&request.headers, &HeaderName::from_static(name))
        .map_err(|error| invalid(name).source(error))?;
    text.map(str::parse).transpose().map_err(|error: T::Err| invalid(name).source(error))
}

fn invalid(name: &'static str) -> Rejection {
    Rejection::new(Reason::HeaderInvalid).place(name)
}

fn missing(name: &'static str) -> Rejection {
    Rejection::new(Reason::HeaderMissing).place(name)
}

rule_layers!(ReadFapiHeaders);

const AUTH_DATE: &str = "x-fapi-auth-date";
const CUSTOMER_IP: &str = "x-fapi-customer-ip-address";
const FINANCIAL_ID: &str = "x-fapi-financial-id";
const LAST_LOGGED_TIME: &str = "x-fapi-customer-last-logged-time";

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    const DATE: &str = "Sun, 10 Sep 2017 19:43:31 GMT";

    fn read(
        rule: &ReadFapiHeaders,
        sent: &[(&'static str, &str)],
    ) -> Result<FapiContext, (Reason, String)> {
        let (mut parts, ()) = Request::new(()).into_parts();
        for (name, value) in sent {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            parts.headers.append(HeaderName::from_static(name), value);
        }
        rule.read(&parts)
            .map_err(|why| (why.reason(), why.place_of_fault().unwrap_or_default().to_owned()))
    }

    #[test]
    fn the_headers_are_optional_and_read_when_sent() {
        let rule = ReadFapiHeaders::obie();
        assert!(!read(&rule, &[]).unwrap().is_customer_present());
        let sent = [(AUTH_DATE, DATE), (CUSTOMER_IP, "2001:db8::1")];
        let context = read(&rule, &sent).unwrap();
        assert!(context.is_customer_present());
        assert_eq!(context.auth_date().unwrap().to_string(), DATE);
    }

    #[test]
    fn a_wrong_or_repeated_value_names_its_header() {
        let rule = ReadFapiHeaders::obie();
        for (name, value) in [
            (AUTH_DATE, "2017-09-10"),
            (AUTH_DATE, ""),
            (CUSTOMER_IP, "1.2.3"),
            (CUSTOMER_IP, "\u{e9}"),
        ] {
            let refused = read(&rule, &[(name, value)]).unwrap_err();
            assert_eq!(refused, (Reason::HeaderInvalid, name.to_owned()), "{value}");
        }
        let twice = read(&rule, &[(CUSTOMER_IP, "1.2.3.4"), (CUSTOMER_IP, "1.2.3.4")]).unwrap_err();
        assert_eq!(twice.0, Reason::HeaderInvalid);
    }

    #[test]
    fn legacy_demands_the_banks_own_financial_id_and_reads_the_old_name_of_the_date() {
        let rule = ReadFapiHeaders::obie_legacy("OB/2017/001".parse().unwrap());
        assert_eq!(read(&rule, &[]).unwrap_err().0, Reason::HeaderMissing);
        let other = [(FINANCIAL_ID, "OB/2017/002")];
        assert_eq!(read(&rule, &other).unwrap_err().0, Reason::FinancialIdWrong);
        let own = [(FINANCIAL_ID, "OB/2017/001"), (LAST_LOGGED_TIME, DATE)];
        assert!(read(&rule, &own).unwrap().auth_date().is_some());
    }

    #[test]
    fn later_versions_ignore_the_headers_of_older_ones() {
        let old = [(FINANCIAL_ID, "anything"), (LAST_LOGGED_TIME, "not a date")];
        assert!(read(&ReadFapiHeaders::obie(), &old).unwrap().auth_date().is_none());
    }

    #[test]
    fn cdr_demands_the_date() {
        assert_eq!(read(&ReadFapiHeaders::cdr(), &[]).unwrap_err().0, Reason::HeaderMissing);
        assert!(read(&ReadFapiHeaders::cdr(), &[(AUTH_DATE, DATE)]).is_ok());
    }
}

//! What every rule is told besides the request: the time, the error format, the limits, and who
//! wants to hear of decisions.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use rustls_pki_types::UnixTime;

use crate::gate::{Decision, Passport};
use crate::reject::{ErrorFormat, Problem, Rejection};

/// Tells the time. Rules take it from their [`Context`], so that a test can move it.
pub trait Clock: Send + Sync + 'static {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> UnixTime;
}

/// The clock of the host.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        // A host clock before 1970 reads as 1970: every certificate and token is then "not yet
        // valid", which refuses.
        UnixTime::since_unix_epoch(
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
        )
    }
}

impl<F: Fn() -> UnixTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> UnixTime {
        self()
    }
}

/// Hears of every decision of a gate, once it is made.
///
/// The gate writes each decision to the log by itself; an observer is for metrics and audit
/// trails. It is called in the request path and must not block.
pub trait Observer: Send + Sync + 'static {
    /// Called once a request has passed, was refused, or was answered from a record.
    fn decided(&self, decision: &Decision<'_>);
}

impl<F: Fn(&Decision<'_>) + Send + Sync + 'static> Observer for F {
    fn decided(&self, decision: &Decision<'_>) {
        self(decision);
    }
}

/// How much of a body is held in memory, in bytes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The longest request body that a rule may ask for; a longer one is refused with
    /// [`Reason::BodyTooLarge`](crate::reject::Reason::BodyTooLarge).
    pub request_body: usize,
    /// The longest response body that an around may read; a longer one becomes a 500.
    pub response_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { request_body: 1 << 20, response_body: 16 << 20 }
    }
}

/// The surroundings of a check. Cloning is one reference count.
#[derive(Clone)]
pub struct Context(Arc<Surroundings>);

#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) format: Arc<dyn ErrorFormat>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) limits: Limits,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            format: Arc::new(Problem::default()),
            clock: Arc::new(SystemClock),
            observer: None,
            limits: Limits::default(),
        }
    }
}

impl Context {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        Self(Arc::new(surroundings))
    }

    /// The time of this check.
    pub fn now(&self) -> UnixTime {
        self.0.clock.now()
    }

    /// How much of a body is held in memory.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(crate) fn render(
        &self,
        rejection: &Rejection,
        passport: &Passport,
    ) -> http::Response<bytes::Bytes> {
        self.0.format.render(rejection, passport)
    }

    pub(crate) fn observe(&self, decision: &Decision<'_>) {
        if let Some(observer) = &self.0.observer {
            observer.decided(decision);
        }
    }
}

impl Default for Context {
    /// Problem details, the host's clock, the default limits: what a rule gets that is used alone.
    fn default() -> Self {
        Self::new(Surroundings::default())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

/// Says in the log that a rule is laxer than its profile, and by which switch.
pub(crate) fn relaxed(rule: &'static str, switch: &'static str) {
    tracing::warn!(rule, switch, "a relaxation is on");
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use crate::authorize::{PermitAuthorization, RequestProfile, VerifyRequestObject};
    use crate::cert::test_pki::ROOT;
    use crate::cert::{Anchors, Clients, Trust};
    use crate::client_auth::AuthenticateClient;
    use crate::crypto::test_keys;
    use crate::eidas::{IdentifyPsp, OrganizationId, RoleLookup, RoleRegister, RoleSource};
    use crate::header::{EchoInteractionId, ReadPsuHeaders};
    use crate::jose::{Key, KeySet};
    use crate::replay::NoReplayStore;
    use crate::revocation::{IssuerKey, Revocation, RevocationPolicy};
    use crate::signature::{ObieSigning, SigningCertificates, VerifySignature};
    use crate::token::{TokenAudience, TokenIssuer, VerifyToken};

    struct NoRegister;

    impl RoleSource for NoRegister {
        fn find(&self, _: &OrganizationId) -> RoleLookup {
            RoleLookup::Now(Ok(None))
        }
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(switch: impl FnOnce()) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, switch);
        String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
    }

    fn verify_token() -> VerifyToken {
        let key = test_keys::signing(&test_keys::p256()).public_key().clone();
        let keys = KeySet::of([Key::new(key).with_id("1")]).unwrap();
        VerifyToken::issued_by(TokenIssuer("i".into()), TokenAudience("a".into()), keys)
    }

    #[test]
    fn every_relaxation_is_logged_by_name() {
        let psp = IdentifyPsp::from_certificate;
        let signature = || VerifySignature::detached_jws(ObieSigning::V3_1_4);
        let certificates = || {
            let (anchors, off) = (Anchors::of([ROOT.der()]).unwrap(), Revocation::danger_off());
            SigningCertificates::trusted_by(Trust::seals(anchors, off), psp())
        };
        let authenticate =
            || AuthenticateClient::registered_in(Clients::default(), "i", NoReplayStore);
        let lists = Revocation::builder;
        let second = Duration::from_secs(1);
        let verify = || VerifyRequestObject::of(RequestProfile::FAPI1, "i");
        let permit = || PermitAuthorization::of(RequestProfile::FAPI1);
        let switches: [(&str, &dyn Fn()); 24] = [
            ("danger_off", &|| drop(Revocation::danger_off())),
            ("allow_soft_fail_open", &|| {
                let _ = RevocationPolicy::allow_soft_fail_open();
            }),
            ("allow_late_lists", &|| drop(lists().allow_late_lists(second))),
            ("allow_lists_without_end", &|| drop(lists().allow_lists_without_end(second))),
            ("allow_short_lived", &|| drop(lists().allow_short_lived([], second))),
            ("allow_unchecked", &|| drop(lists().allow_unchecked(IssuerKey::with_spki(b"")))),
            ("allow_missing_address", &|| {
                let _ = ReadPsuHeaders::due_where_created().allow_missing_address();
            }),
            ("allow_unidentified", &|| drop(certificates().allow_unidentified())),
            ("allow_unreachable", &|| {
                drop(RoleRegister::asking(NoRegister).allow_unreachable());
            }),
            ("allow_seal", &|| drop(psp().allow_seal())),
            ("allow_concatenated_roles", &|| drop(psp().allow_concatenated_roles())),
            ("allow_unwrapped_statement", &|| drop(psp().allow_unwrapped_statement())),
            ("allow_role_name_mismatch", &|| drop(psp().allow_role_name_mismatch())),
            ("allow_directory_ids", &|| drop(psp().allow_directory_ids())),
            ("allow_other_schemes", &|| drop(psp().allow_other_schemes())),
            ("allow_malformed", &|| {
                let _ = EchoInteractionId::or_generate().allow_malformed();
            }),
            ("allow_lifetime", &|| drop(authenticate().allow_lifetime(second))),
            ("allow_untyped", &|| drop(verify_token().allow_untyped())),
            ("allow_member", &|| drop(signature().allow_member("x5t"))),
            ("waiver 007", &|| drop(signature().danger_waiver_007())),
            ("allow_audience", &|| drop(verify().allow_audience("a"))),
            ("allow_missing_not_before", &|| drop(verify().allow_missing_not_before())),
            ("allow_plain_code", &|| drop(permit().allow_plain_code())),
            ("danger_token_in_front_channel", &|| {
                drop(permit().danger_token_in_front_channel());
            }),
        ];
        for (name, switch) in switches {
            let said = logged(switch);
            assert!(said.contains("WARN") && said.contains(name), "{name}: {said}");
        }
        assert_eq!(
            logged(|| drop((
                psp(),
                IdentifyPsp::from_uk_directory(),
                signature(),
                lists(),
                verify(),
                permit()
            ))),
            ""
        );
    }
}

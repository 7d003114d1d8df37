use super::super::AuthenticationMethod;
use super::*;
use crate::cert::test_pki::{ISSUING, NOW, read};
use crate::cert::{CertificateMatch, Client};
use crate::gate::test_support::{at, judged, request};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn registration(constraint: SenderConstraint) -> Registration {
    Registration::new(AuthenticationMethod::PrivateKeyJwt, constraint)
        .scopes(["openid", "accounts", "payments"])
}

fn every_grant() -> [GrantType; 3] {
    [GrantType::AuthorizationCode, GrantType::ClientCredentials, GrantType::RefreshToken]
}

fn client(registration: Registration) -> AuthenticatedClient {
    let client = Client::new("tpp", CertificateMatch::NoCertificate).registered_as(registration);
    AuthenticatedClient::assertion(Arc::new(client))
}

fn rule() -> PermitGrant {
    PermitGrant::of(every_grant()).scopes(GrantType::ClientCredentials, ["accounts", "payments"])
}

fn judge(
    rule: &PermitGrant,
    client: &AuthenticatedClient,
    form: &str,
) -> Result<PermittedGrant, Rejection> {
    let form = Form::assertion(super::super::Parameters::parse(form.as_bytes()).unwrap());
    judged(rule.check((&form, client), &mut request(), &at(NOW)))
}

fn permitted(form: &str) -> Result<Grant, (Reason, Option<String>)> {
    let client = client(registration(SenderConstraint::Dpop).grants(every_grant()));
    judge(&rule(), &client, form)
        .map(|permitted| permitted.grant().clone())
        .map_err(|why| (why.reason(), why.place_of_fault().map(str::to_owned)))
}

fn missing(name: &str) -> Result<Grant, (Reason, Option<String>)> {
    Err((Reason::ParameterMissing, Some(name.to_owned())))
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

#[test]
fn a_code_comes_with_its_redirection_uri_and_verifier() {
    let form = "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Ftpp%2Fcb";
    let code = |code_verifier: Option<&str>| Grant::AuthorizationCode {
        code: "c".to_owned(),
        redirect_uri: "https://tpp/cb".to_owned(),
        code_verifier: code_verifier.map(|text| CodeVerifier::parse(text).unwrap()),
    };
    assert_eq!(permitted(form), Ok(code(None)));
    let proven = format!("{form}&code_verifier={VERIFIER}&scope=anything");
    assert_eq!(permitted(&proven), Ok(code(Some(VERIFIER))));
    assert_eq!(permitted("grant_type=authorization_code&redirect_uri=a"), missing("code"));
    assert_eq!(permitted("grant_type=authorization_code&code=c"), missing("redirect_uri"));
    for verifier in ["short", &"a".repeat(129), &VERIFIER.replace('-', "%2B")] {
        let refused = Err((Reason::GrantInvalid, Some("code_verifier".to_owned())));
        assert_eq!(permitted(&format!("{form}&code_verifier={verifier}")), refused, "{verifier}");
    }
    let client = client(registration(SenderConstraint::Dpop).grants(every_grant()));
    let strict = rule().require_code_verifier();
    assert_eq!(judge(&strict, &client, form).unwrap_err().reason(), Reason::GrantInvalid);
    assert!(judge(&strict, &client, &proven).is_ok());
}

#[test]
fn a_client_asks_for_itself_for_the_scopes_of_that_grant() {
    let form = |scope: &str| format!("grant_type=client_credentials&scope={scope}");
    let asks = |text: &str| Ok(Grant::ClientCredentials { scope: scope(text) });
    assert_eq!(permitted(&form("accounts")), asks("accounts"));
    assert_eq!(permitted(&form("payments+accounts")), asks("payments accounts"));
    for text in ["openid", "openid+accounts", "fundsconfirmations", "Accounts", "a%22", "a++b", ""]
    {
        assert_eq!(permitted(&form(text)), Err((Reason::ScopeInvalid, None)), "{text}");
    }
}

#[test]
fn a_refresh_token_comes_with_no_more_than_the_client_registered() {
    let form = "grant_type=refresh_token&refresh_token=r";
    let token = |scope| Grant::RefreshToken { refresh_token: "r".to_owned(), scope };
    assert_eq!(permitted(form), Ok(token(None)));
    let narrowed = Ok(token(Some(scope("openid accounts"))));
    assert_eq!(permitted(&format!("{form}&scope=openid+accounts")), narrowed);
    let wider = permitted(&format!("{form}&scope=fundsconfirmations"));
    assert_eq!(wider, Err((Reason::ScopeInvalid, None)));
    assert_eq!(permitted("grant_type=refresh_token"), missing("refresh_token"));
}

#[test]
fn grants_that_the_server_does_not_have_differ_from_those_the_client_may_not_use() {
    assert_eq!(permitted("scope=accounts"), missing("grant_type"));
    for name in ["password", "implicit", "Authorization_Code", "urn:openid:params:grant-type:ciba"]
    {
        let refused = Err((Reason::GrantTypeUnsupported, None));
        assert_eq!(permitted(&format!("grant_type={name}&scope=accounts")), refused, "{name}");
    }
    let form = "grant_type=client_credentials&scope=accounts";
    let of = |grants: &[GrantType], registered: &[GrantType]| {
        let registration = registration(SenderConstraint::Dpop).grants(registered.iter().copied());
        let rule = PermitGrant::of(grants.iter().copied());
        judge(&rule, &client(registration), form).map(drop).map_err(|why| why.reason())
    };
    let (own, other) = (GrantType::ClientCredentials, GrantType::RefreshToken);
    assert_eq!(of(&[own], &[own]), Ok(()));
    assert_eq!(of(&[other], &[own]), Err(Reason::GrantTypeUnsupported));
    assert_eq!(of(&[], &[own]), Err(Reason::GrantTypeUnsupported));
    assert_eq!(of(&[own], &[other]), Err(Reason::ClientUnauthorized));
    let nobody = AuthenticatedClient::assertion(Arc::new(Client::new(
        "tpp",
        CertificateMatch::NoCertificate,
    )));
    let refused = judge(&rule(), &nobody, form).unwrap_err();
    assert_eq!(refused.reason(), Reason::ClientUnauthorized);
}

#[test]
fn a_client_whose_tokens_are_bound_to_certificates_has_to_show_one() {
    let form = "grant_type=client_credentials&scope=accounts";
    let client = || client(registration(SenderConstraint::Certificate).grants(every_grant()));
    let refused = judge(&rule(), &client(), form).unwrap_err();
    assert_eq!(refused.reason(), Reason::CertificateMissing);
    let shown = client().showing(Some(Arc::new(read(&ISSUING.issues(|_| {})))));
    assert!(judge(&rule(), &shown, form).is_ok());
}

#[test]
fn no_log_line_shows_what_was_presented() {
    let form = format!(
        "grant_type=authorization_code&code=s3cret&redirect_uri=u&code_verifier={VERIFIER}"
    );
    let client = client(registration(SenderConstraint::Dpop).grants(every_grant()));
    let permitted = judge(&rule(), &client, &form).unwrap();
    let shown = format!("{permitted:?} {:?}", permitted.grant());
    assert_eq!(shown, "PermittedGrant(authorization_code) AuthorizationCode");
    let mut line = Audit::default();
    permitted.audit(&mut line);
    assert_eq!(line.to_string(), "grant_type=authorization_code");
}

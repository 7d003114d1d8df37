//! The customer's browser, and the customer: sees the page and approves.

use http::header::{CONTENT_TYPE, COOKIE};
use tower_open_banking::client_auth::Parameters;

use super::Anything;
use super::http::Http;
use super::provider::{Provider, Pushed};

/// Goes where the client sends it, clicks, and returns where the server sends it.
pub async fn approve(provider: &Provider, pushed: &Pushed) -> Anything<String> {
    // A browser has no certificate of the provider.
    let http = Http::new(provider.root(), None)?;
    let query = Parameters::from_iter([
        ("client_id", provider.client_id()),
        ("request_uri", &pushed.request_uri),
    ]);
    let address = format!("{}?{query}", provider.endpoint("authorization_endpoint")?);
    let page = http.get(&address, &[]).await?;
    if page.status != 200 {
        return Err(format!("no page but {}: {}", page.status, page.text()).into());
    }
    let cookie = page.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.ok_or("no cookie")?.to_owned();
    let html = page.text();
    let transaction = html.split("name=\"transaction\" value=\"").nth(1);
    let transaction = transaction.and_then(|rest| rest.split('"').next()).ok_or("no form")?;
    let form = Parameters::from_iter([("transaction", transaction), ("decision", "approve")]);
    let address = format!("{}/decision", provider.issuer());
    let headers =
        [(CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned()), (COOKIE, cookie)];
    let sent = http.send("POST", &address, &headers, form.to_string().into()).await?;
    match (sent.status.as_u16(), sent.header("location")) {
        (303, Some(location)) => Ok(location.to_owned()),
        (status, _) => Err(format!("no way back but {status}: {}", sent.text()).into()),
    }
}

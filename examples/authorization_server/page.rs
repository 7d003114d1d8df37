//! What the customer sees: plain HTML without scripts.

use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use axum::response::{Html, IntoResponse, Response};

/// The question that the customer answers.
pub struct Question<'a> {
    pub client_id: &'a str,
    pub scope: &'a str,
    pub intent: Option<&'a str>,
    /// The name of the pending authorisation.
    pub transaction: &'a str,
}

/// Asks.
pub fn ask(question: &Question<'_>) -> Response {
    let intent = question.intent.map(|intent| format!("<p>Consent: {}</p>", escape(intent)));
    page(format!(
        "<h1>Demo Bank</h1>\n<p>You are signed in as {CUSTOMER}.</p>\n<p><b>{}</b> asks for: {}</p>\n{}\n\
         <form method=\"post\" action=\"decision\">\n\
         <input type=\"hidden\" name=\"transaction\" value=\"{}\">\n\
         <button type=\"submit\" id=\"approve\" name=\"decision\" value=\"approve\">Approve</button>\n\
         <button type=\"submit\" id=\"deny\" name=\"decision\" value=\"deny\">Deny</button>\n</form>",
        escape(question.client_id),
        escape(question.scope),
        intent.unwrap_or_default(),
        escape(question.transaction),
    ))
}

fn page(body: String) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Demo Bank</title></head>\n\
         <body>\n{body}\n</body>\n</html>\n"
    );
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // A page that another site shows in a frame is a page that the customer clicks unseen.
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// No `form-action`: browsers apply it to the redirection behind the form as well.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// The one customer of this bank.
pub const CUSTOMER: &str = "alice";

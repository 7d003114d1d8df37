//! Headers and bodies that are not what they should be.

use axum::http::HeaderValue;
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};

use super::super::plan::{INTERACTION_ID, Plan};
use super::super::stage::Stage;
use super::{Anything, INVALID_HEADER};

pub async fn play(stage: &mut Stage<'_>, probe: &Plan<'_>) -> Anything<()> {
    let message = probe.altered(|request| {
        request.headers_mut().insert(INTERACTION_ID, HeaderValue::from_static("no-uuid"));
    })?;
    stage.attack("malformed interaction id", INVALID_HEADER, message).await?;

    let message = probe.but(|plan| plan.header("x-fapi-customer-ip-address", "192.0.2.256"))?;
    stage.attack("customer address that is none", INVALID_HEADER, message).await?;

    // A Tuesday.
    let message =
        probe.but(|plan| plan.header("x-fapi-auth-date", "Mon, 12 Sep 2017 19:43:31 GMT"))?;
    stage.attack("date on the wrong weekday", INVALID_HEADER, message).await?;

    let message = probe.but(|plan| plan.header(CONTENT_TYPE, "text/plain"))?;
    stage.attack("body of another media type", (415, INVALID_HEADER.1), message).await?;

    let message = probe.but(|plan| plan.header(ACCEPT, "text/html"))?;
    stage.attack("answer wanted as HTML", (406, INVALID_HEADER.1), message).await?;

    let message = probe.but(|plan| plan.header(CONTENT_ENCODING, "gzip"))?;
    stage.attack("body said to be compressed", (415, INVALID_HEADER.1), message).await?;

    let message =
        probe.altered(|request| *request.body_mut() = vec![b' '; (1 << 20) + 1].into())?;
    stage
        .attack("body over one mebibyte", (413, "UK.OBIE.Resource.InvalidFormat"), message)
        .await?;
    Ok(())
}

use super::ForwardedHeader;

impl ForwardedHeader {
    /// The headers of a product by the name that configuration files have for it: that of the
    /// function, with hyphens, as `nginx` and `aws-alb-verify`.
    pub fn of_proxy(name: &str) -> Result<Self, UnknownProxy> {
        let found = PROXIES.iter().find(|(known, _)| *known == name);
        let (_, header) = found.ok_or_else(|| UnknownProxy { name: name.to_owned() })?;
        Ok(header())
    }
}

/// No proxy is known by this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no known proxy")]
pub struct UnknownProxy {
    /// The name.
    pub name: String,
}

type Named = (&'static str, fn() -> ForwardedHeader);

const PROXIES: [Named; 17] = [
    ("apache", ForwardedHeader::apache),
    ("aws-alb-passthrough", ForwardedHeader::aws_alb_passthrough),
    ("aws-alb-verify", ForwardedHeader::aws_alb_verify),
    ("azure-app-service", ForwardedHeader::azure_app_service),
    ("azure-application-gateway", ForwardedHeader::azure_application_gateway),
    ("cloud-foundry", ForwardedHeader::cloud_foundry),
    ("cloudflare", ForwardedHeader::cloudflare),
    ("cloudfront", ForwardedHeader::cloudfront),
    ("envoy", ForwardedHeader::envoy),
    ("f5", ForwardedHeader::f5),
    ("google-load-balancer", ForwardedHeader::google_load_balancer),
    ("haproxy", ForwardedHeader::haproxy),
    ("nginx", ForwardedHeader::nginx),
    ("rfc9440", ForwardedHeader::rfc9440),
    ("traefik", ForwardedHeader::traefik),
    ("wso2", ForwardedHeader::wso2),
    ("yarp", ForwardedHeader::yarp),
];

#[cfg(test)]
mod tests;

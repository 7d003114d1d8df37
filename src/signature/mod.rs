//! Message signatures.

mod endpoint;

pub use endpoint::{Demands, Endpoint, EndpointTable};

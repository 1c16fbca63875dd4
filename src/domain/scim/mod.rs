//! SCIM 2.0 (RFC 7643, RFC 7644) as words and rules: what resources look like, filters, changes, and
//! what is shown of a resource. Knows nothing of users or of HTTP.

mod evaluate;
mod fault;
mod filter;
mod lexer;
mod patch;
mod path;
mod projection;
mod resource;
mod schema;
mod schemas;
#[cfg(test)]
mod tests;

pub use evaluate::matches;
pub use fault::{Fault, FaultKind};
pub use filter::{Filter, parse};
pub use patch::patch;
pub use projection::Projection;
pub use resource::{Attributes, assemble, read};
pub use schema::{ResourceType, Schema};
pub use schemas::{GROUP, RESOURCE_TYPES, SCHEMAS, USER};

/// The schema of lists.
pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The schema of errors.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

//! What identity providers have provisioned by SCIM: their tokens, users and groups.

pub mod groups;
pub mod tokens;
pub mod users;

use uuid::Uuid;

diesel::define_sql_function! {
    /// Text in lower case.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// Which rows of a provider are read, in the order of their ids.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// Only this one.
    pub id: Option<Uuid>,
    /// Those of this name, in any case.
    pub name: Option<String>,
    /// Those with this id of the provider's own.
    pub external_id: Option<String>,
    /// Those after this one.
    pub after: Option<Uuid>,
    /// How many are left out first.
    pub offset: i64,
    /// How many there are at the most.
    pub limit: i64,
}

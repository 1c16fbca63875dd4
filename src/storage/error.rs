//! What can go wrong with the database, by what the caller may do about it.

use thiserror::Error;

/// A failed database operation.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The database cannot be reached or did not answer in time: try again later.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The database refused this statement or its data: trying again will not help.
    #[error("the database refused the statement: {0}")]
    Refused(String),
}

impl StorageError {
    /// True where the same operation may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<diesel::result::Error> for StorageError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        match &error {
            Error::DatabaseError(
                Kind::ClosedConnection | Kind::SerializationFailure | Kind::ReadOnlyTransaction,
                _,
            )
            | Error::BrokenTransactionManager => Self::Unavailable(error.to_string()),
            // The driver reports a lost connection and a server that shuts down without a kind.
            Error::DatabaseError(Kind::Unknown, info)
                if ["closed", "terminat", "shutting down", "starting up", "timeout", "recovery"]
                    .iter()
                    .any(|word| info.message().contains(word)) =>
            {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<diesel::ConnectionError> for StorageError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<diesel_async::pooled_connection::deadpool::PoolError> for StorageError {
    fn from(error: diesel_async::pooled_connection::deadpool::PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

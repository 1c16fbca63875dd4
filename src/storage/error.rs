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
    /// A row with this value is there already; names the constraint.
    #[error("there is one already: {0}")]
    Duplicate(String),
}

/// Words of Postgres's messages about data that it will never take. The driver keeps the SQLSTATE to
/// itself.
const UNFIT: [&str; 7] =
    ["violates", "invalid", "out of range", "malformed", "Unicode", "no partition", "too long"];

impl From<diesel::result::Error> for StorageError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        if let Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = &error {
            return Self::Duplicate(info.constraint_name().unwrap_or(info.message()).to_owned());
        }
        let unfit = match &error {
            Error::DatabaseError(_, info) => UNFIT.iter().any(|word| info.message().contains(word)),
            Error::NotFound | Error::DeserializationError(_) | Error::SerializationError(_) => true,
            _ => false,
        };
        if unfit { Self::Refused(error.to_string()) } else { Self::Unavailable(error.to_string()) }
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

//! Lists, a page at a time.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::error::ControlError;
use crate::storage::Order;

/// Entries of one page at the most.
pub const MAX_PAGE: u32 = 200;
const DEFAULT_PAGE: u32 = 50;

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Entries of a page; 50 where it is not given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// The order of users, teams and keys: newest first where it is not given.
    #[param(inline)]
    pub sort: Option<Sort>,
}

/// The orders of lists of named things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Newest first.
    Newest,
    /// By name.
    Name,
}

impl Paging {
    /// How many entries the page has.
    ///
    /// # Errors
    /// Where the limit is out of bounds.
    pub fn size(&self) -> Result<usize, ControlError> {
        match self.limit.unwrap_or(DEFAULT_PAGE) {
            limit @ 1..=MAX_PAGE => Ok(limit as usize),
            _ => {
                Err(ControlError::invalid("limit", format!("takes a number from 1 to {MAX_PAGE}")))
            }
        }
    }

    /// How many rows to read for it: one more tells whether there is a next page.
    ///
    /// # Errors
    /// Where the limit is out of bounds.
    pub fn rows(&self) -> Result<i64, ControlError> {
        Ok(self.size()? as i64 + 1)
    }

    /// The id that the page before ended with.
    ///
    /// # Errors
    /// Where the cursor is none of ours.
    pub fn before(&self) -> Result<Option<Uuid>, ControlError> {
        let cursor = self.cursor.as_deref();
        let id = cursor.map(|cursor| Uuid::parse_str(cursor).map_err(|_| unknown_cursor()));
        id.transpose()
    }

    /// The order of a list of named things, from where the page before ended.
    ///
    /// # Errors
    /// Where the cursor is none of ours.
    pub fn order(&self) -> Result<Order, ControlError> {
        if self.sort != Some(Sort::Name) {
            return Ok(Order::Newest(self.before()?));
        }
        let Some(cursor) = self.cursor.as_deref() else { return Ok(Order::Name(None)) };
        let parts = cursor.split_once(' ').filter(|(_, name)| !name.contains('\0'));
        let place = parts.and_then(|(id, name)| Some((name.to_owned(), Uuid::parse_str(id).ok()?)));
        place.map(|place| Order::Name(Some(place))).ok_or_else(unknown_cursor)
    }

    /// The cursor of a page of named things that ends with this one.
    #[must_use]
    pub fn place(&self, id: Uuid, name: &str) -> String {
        if self.sort == Some(Sort::Name) { format!("{id} {name}") } else { id.to_string() }
    }
}

/// The refusal of a cursor that no page has given.
pub(super) fn unknown_cursor() -> ControlError {
    ControlError::invalid("cursor", "takes the `next` of the page before")
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub data: Vec<T>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// The cursor of the next page, where there is one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The page of the rows that [`Paging::rows`] asked for; `id` gives an entry's cursor.
    pub fn of(mut rows: Vec<T>, size: usize, id: impl Fn(&T) -> String) -> Self {
        let has_more = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| has_more).map(id);
        Self { data: rows, has_more, next }
    }

    /// A list that is short enough to be one page.
    pub(super) fn whole(data: Vec<T>) -> Self {
        Self { data, has_more: false, next: None }
    }
}

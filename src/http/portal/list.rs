//! A list that is searched, sorted and paged by what stands in its address.
//!
//! The cursor is the place of the last row shown in the order of the list, not a number of rows, so
//! that rows which come and go in between shift nothing.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Rows on a page.
pub(super) const PAGE: usize = 50;
/// The longest search, in characters.
const MAX_SEARCH: usize = 200;

/// A row's place in the order of the list: what it is sorted by, and its id.
pub(super) type Place = (u64, String);

/// What the address says.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    after: String,
}

/// One page of a list.
pub(super) struct Page<T> {
    /// Its rows.
    pub(super) rows: Vec<T>,
    /// How many rows the search has found in all.
    pub(super) found: usize,
    /// The address of the next page, as a query.
    pub(super) next: Option<String>,
    /// True where rows come before this page.
    pub(super) is_later: bool,
}

impl Asked {
    /// What is searched for, in lower case.
    pub(super) fn search(&self) -> String {
        self.q.chars().take(MAX_SEARCH).collect::<String>().trim().to_lowercase()
    }

    /// The name of the order, as it was asked for.
    pub(super) fn sort(&self) -> &str {
        &self.sort
    }

    /// The page asked for of rows that the search has found.
    pub(super) fn page<T>(&self, rows: Vec<T>, place: impl Fn(&T) -> Place) -> Page<T> {
        let found = rows.len();
        let mut placed: Vec<(Place, T)> = rows.into_iter().map(|row| (place(&row), row)).collect();
        placed.sort_by(|(one, _), (other, _)| one.cmp(other));
        let after = self.after();
        if let Some(after) = &after {
            placed.retain(|(place, _)| place > after);
        }
        let more = placed.len() > PAGE;
        placed.truncate(PAGE);
        let last = placed.last().map(|(place, _)| place).filter(|_| more);
        let next = last.map(|place| self.query(Some(place)));
        let rows = placed.into_iter().map(|(_, row)| row).collect();
        Page { rows, found, next, is_later: after.is_some() }
    }

    /// The query of the first page.
    pub(super) fn first(&self) -> String {
        self.query(None)
    }

    fn after(&self) -> Option<Place> {
        let (key, id) = self.after.split_once(':')?;
        Some((key.parse().ok()?, id.to_owned()))
    }

    fn query(&self, after: Option<&Place>) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut query = format!("?q={}&sort={}", encoded(&self.search()), encoded(&self.sort));
        if let Some((key, id)) = after {
            query += &format!("&after={}", encoded(&format!("{key}:{id}")));
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Query;

    use super::*;

    fn asked(query: &str) -> Asked {
        Query::<Asked>::from_query(query.trim_start_matches('?')).unwrap().into_inner()
    }

    fn place(row: &u64) -> Place {
        (row / 10, format!("id-{row:03}"))
    }

    #[test]
    fn the_pages_hold_each_row_once_although_rows_come_and_go() {
        let all: Vec<u64> = (0..120).rev().collect();
        let (mut seen, mut query) = (Vec::new(), Some("?q=a%22b&sort=x".to_owned()));
        while let Some(at) = query {
            // The last row shown is gone when the next page is asked for.
            let rest = all.iter().copied().filter(|row| seen.last() != Some(row)).collect();
            let page = asked(&at).page(rest, place);
            seen.extend(page.rows);
            query = page.next;
        }
        assert_eq!(seen, (0..120).collect::<Vec<_>>());
    }

    #[test]
    fn search_and_sort_stay_on_the_next_page() {
        let first = asked("q=%22A%20%26&sort=tokens");
        let page = first.page((0..100).collect(), place);
        let next = asked(&page.next.unwrap());
        assert_eq!((next.search(), next.sort()), ("\"a &".to_owned(), "tokens"));
        assert_eq!(next.page((0..100).collect(), place).rows.len(), 50);
    }

    #[test]
    fn a_broken_cursor_begins_at_the_start() {
        for cursor in ["after=", "after=x", "after=x:y", "after=%F0%9F%8E%89"] {
            assert_eq!(asked(cursor).page(vec![1, 2], place).rows, [1, 2], "{cursor}");
        }
    }
}

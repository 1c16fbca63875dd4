//! The orders that lists of named things come in, a page at a time.

use uuid::Uuid;

/// The order of a list, with the place where the page before ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Newest first; those older than this one.
    Newest(Option<Uuid>),
    /// By name; those behind this name and, where names are equal, behind this id.
    Name(Option<(String, Uuid)>),
}

impl Default for Order {
    fn default() -> Self {
        Self::Newest(None)
    }
}

/// A boxed query in an [`Order`] by two columns.
macro_rules! ordered {
    ($query:expr, $order:expr, $id:expr, $name:expr) => {{
        let query = $query;
        match $order {
            $crate::storage::Order::Newest(None) => query.order($id.desc()),
            $crate::storage::Order::Newest(Some(before)) => {
                query.filter($id.lt(*before)).order($id.desc())
            }
            $crate::storage::Order::Name(None) => query.order(($name, $id)),
            $crate::storage::Order::Name(Some((name, id))) => query
                .filter($name.ge(name.clone()))
                .filter($name.gt(name.clone()).or($id.gt(*id)))
                .order(($name, $id)),
        }
    }};
}

pub(super) use ordered;

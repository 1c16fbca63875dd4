//! Lists of resources: filtered, a page at a time (RFC 7644, section 3.4.2).

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Resource;
use crate::control::ControlError;
use crate::domain::scim::{self, Fault, FaultKind, Filter, Projection, ResourceType};
use crate::storage::scim::Window;

/// Resources of one page at the most.
pub const MAX_PAGE: usize = 200;
/// Rows that are read at once where a filter must look at each.
pub(super) const AT_ONCE: i64 = 500;
/// Rows that one filter may look at.
const MAX_LOOKED_AT: usize = 200_000;

/// What a list is asked for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The filter.
    pub filter: Option<String>,
    /// The place of the first resource, from 1.
    pub start_index: Option<i64>,
    /// How many resources at the most.
    pub count: Option<i64>,
    /// What is shown of each.
    pub projection: Projection,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// How many fit in all.
    pub total: usize,
    /// The place of the first one here.
    pub start_index: usize,
    /// Those of this page, as they are shown.
    pub resources: Vec<Map<String, Value>>,
}

/// A query that was read.
pub(super) struct Plan {
    pub(super) filter: Option<Filter>,
    pub(super) start: usize,
    pub(super) count: usize,
    pub(super) projection: Projection,
}

impl Plan {
    pub(super) fn of(query: Query, kind: &ResourceType) -> Result<Self, ControlError> {
        let filter = query.filter.as_deref().map(scim::parse).transpose()?;
        if let Some(filter) = &filter {
            filter.check(kind)?;
        }
        let count = usize::try_from(query.count.unwrap_or(100).max(0)).unwrap_or(MAX_PAGE);
        Ok(Self {
            filter,
            start: usize::try_from(query.start_index.unwrap_or(1).max(1)).unwrap_or(usize::MAX),
            count: count.min(MAX_PAGE),
            projection: query.projection,
        })
    }

    /// The rows that a filter has to look at, `name` being the attribute that rows are found by; `None`
    /// where none can fit.
    pub(super) fn window(&self, name: &str) -> Option<Window> {
        let equal = |attribute| self.filter.as_ref().and_then(|filter| filter.equal(attribute));
        let id = match equal("id") {
            Some(id) => Some(Uuid::parse_str(id).ok()?),
            None => None,
        };
        Some(Window {
            id,
            name: equal(name).map(str::to_owned),
            external_id: equal("externalId").map(str::to_owned),
            limit: AT_ONCE,
            ..Window::default()
        })
    }

    /// The rows of this page where there is no filter.
    pub(super) fn page(&self) -> Window {
        Window {
            offset: i64::try_from(self.start - 1).unwrap_or(i64::MAX),
            limit: i64::try_from(self.count).unwrap_or(0),
            ..Window::default()
        }
    }

    pub(super) fn shown(&self, resource: Resource, kind: &ResourceType) -> Map<String, Value> {
        self.projection.apply(resource.members, kind)
    }
}

/// What has been found so far of the resources that fit.
pub(super) struct Sieve<'p> {
    plan: &'p Plan,
    kind: &'static ResourceType,
    looked_at: usize,
    total: usize,
    resources: Vec<Map<String, Value>>,
}

impl<'p> Sieve<'p> {
    pub(super) fn new(plan: &'p Plan, kind: &'static ResourceType) -> Self {
        Self { plan, kind, looked_at: 0, total: 0, resources: Vec::new() }
    }

    pub(super) fn look_at(&mut self, resource: Resource) -> Result<(), ControlError> {
        self.looked_at += 1;
        if self.looked_at > MAX_LOOKED_AT {
            let detail = "The filter looks at too many resources: add userName, id or externalId.";
            return Err(Fault::new(FaultKind::TooMany, detail).into());
        }
        let filter = self.plan.filter.as_ref();
        if filter.is_none_or(|filter| scim::matches(filter, &resource.members, self.kind)) {
            self.total += 1;
            if self.total >= self.plan.start && self.resources.len() < self.plan.count {
                self.resources.push(self.plan.shown(resource, self.kind));
            }
        }
        Ok(())
    }

    pub(super) fn listed(self) -> Listed {
        Listed { total: self.total, start_index: self.plan.start, resources: self.resources }
    }
}

//! Usage, request by request: listed and exported. Members see their own.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

pub use crate::storage::usage::UsageRow;

use super::Control;
use super::caller::{Caller, Reach};
use super::error::ControlError;
use super::page::{Page, Paging, unknown_cursor};
use crate::domain::usage::Outcome;
use crate::storage::analytics::Filter;
use crate::storage::usage::{self, UsageCursor, UsageFilter};

/// Rows that an export reads at once.
const EXPORTED: u32 = 1000;
/// The span of time where none is given, in days.
const DEFAULT_DAYS: i64 = 30;
/// Entries of one condition at the most.
const MAX_CHOSEN: usize = 100;
/// Longest id or name of a condition, in bytes.
const MAX_NAME: usize = 2048;

/// Whose usage is asked about, and when; several values of one member are separated by commas.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Chosen {
    /// From here on; 30 days before `to` where it is not given.
    pub from: Option<DateTime<Utc>>,
    /// Up to, not including, this moment; now where it is not given.
    pub to: Option<DateTime<Utc>>,
    /// Ids of users. Members can only ask for themselves, and need not.
    pub users: Option<String>,
    /// Ids of teams; the nil id means usage without a team.
    pub teams: Option<String>,
    /// Ids of keys.
    pub keys: Option<String>,
    /// Models.
    pub models: Option<String>,
    /// Endpoints.
    pub endpoints: Option<String>,
    /// Projects.
    pub projects: Option<String>,
}

impl Chosen {
    /// The filter that this caller may ask for.
    ///
    /// # Errors
    /// Where a member asks for others, or a value does not fit.
    pub fn filter(&self, caller: &Caller) -> Result<Filter, ControlError> {
        let mut users = ids("users", self.users.as_deref())?;
        match caller.reach()? {
            Reach::Own(id) if users.iter().any(|user| *user != id) => {
                return Err(ControlError::ForbiddenField("users"));
            }
            Reach::Own(id) => users = vec![id],
            Reach::All => {}
        }
        let to = self.to.unwrap_or_else(Utc::now);
        let from = self.from.unwrap_or(to - TimeDelta::days(DEFAULT_DAYS));
        if from >= to {
            return Err(ControlError::invalid("from", "takes a time before `to`"));
        }
        Ok(Filter {
            from,
            to,
            users,
            teams: ids("teams", self.teams.as_deref())?,
            keys: ids("keys", self.keys.as_deref())?,
            models: names("models", self.models.as_deref())?,
            endpoints: names("endpoints", self.endpoints.as_deref())?,
            projects: names("projects", self.projects.as_deref())?,
        })
    }
}

/// The texts between the commas.
fn names(field: &'static str, list: Option<&str>) -> Result<Vec<String>, ControlError> {
    let names: Vec<String> = list
        .into_iter()
        .flat_map(|list| list.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    let fits = |name: &String| name.len() <= MAX_NAME && !name.contains('\0');
    if names.len() <= MAX_CHOSEN && names.iter().all(fits) {
        Ok(names)
    } else {
        let takes = format!("takes at most {MAX_CHOSEN} values with commas between");
        Err(ControlError::invalid(field, takes))
    }
}

fn ids(field: &'static str, list: Option<&str>) -> Result<Vec<Uuid>, ControlError> {
    let parse = |name: String| {
        Uuid::parse_str(&name).map_err(|_| ControlError::invalid(field, "takes ids"))
    };
    names(field, list)?.into_iter().map(parse).collect()
}

/// Which requests, beyond whose and when.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Requests {
    /// Ids of requests.
    pub requests: Option<String>,
    /// Ids of sessions.
    pub sessions: Option<String>,
    /// Outcomes: `completed`, `client_aborted`, `failed`, `refused`, `rejected`, `crashed`.
    pub outcomes: Option<String>,
}

/// The filter of a list or an export.
///
/// # Errors
/// Where a member asks for others, or a value does not fit.
fn filter(caller: &Caller, chosen: &Chosen, asked: &Requests) -> Result<UsageFilter, ControlError> {
    let outcomes = names("outcomes", asked.outcomes.as_deref())?;
    if outcomes.iter().any(|name| !Outcome::NAMES.contains(&name.as_str())) {
        let known = Outcome::NAMES.join(", ");
        return Err(ControlError::invalid("outcomes", format!("takes some of {known}")));
    }
    Ok(UsageFilter {
        of: chosen.filter(caller)?,
        requests: names("requests", asked.requests.as_deref())?,
        sessions: names("sessions", asked.sessions.as_deref())?,
        outcomes,
    })
}

/// A page of requests, latest first.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    (chosen, asked): (Chosen, Requests),
    paging: Paging,
) -> Result<Page<UsageRow>, ControlError> {
    let filter = filter(caller, &chosen, &asked)?;
    let after = paging.cursor.as_deref().map(cursor).transpose()?;
    let size = paging.size()?;
    let limit = u32::try_from(size + 1).unwrap_or(u32::MAX);
    let rows = usage::list(&control.database, &filter, after, limit).await?;
    Ok(Page::of(rows, size, |row| {
        format!("{}.{}", row.started_at.timestamp_micros(), row.request_id)
    }))
}

fn cursor(text: &str) -> Result<UsageCursor, ControlError> {
    let parts = text.split_once('.').and_then(|(at, id)| {
        let started_at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
        let fits = id.len() <= MAX_NAME && !id.contains('\0');
        fits.then(|| UsageCursor { started_at, request_id: id.to_owned() })
    });
    parts.ok_or_else(unknown_cursor)
}

/// An export under way: each part is read once the one before it is sent.
#[derive(Debug, Clone)]
pub struct Export {
    filter: UsageFilter,
}

impl Export {
    /// The export of what the filter leaves, as it is at this moment.
    ///
    /// # Errors
    /// Where a member asks for others, or a value does not fit.
    pub fn begin(caller: &Caller, chosen: &Chosen, asked: &Requests) -> Result<Self, ControlError> {
        Ok(Self { filter: filter(caller, chosen, asked)? })
    }

    /// The rows behind `last`, latest first; an empty part is the end.
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn part(
        &self,
        control: &Control,
        last: Option<&UsageRow>,
    ) -> Result<Vec<UsageRow>, ControlError> {
        let after = last.map(|row| UsageCursor {
            started_at: row.started_at,
            request_id: row.request_id.clone(),
        });
        Ok(usage::list(&control.database, &self.filter, after, EXPORTED).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Who;
    use crate::domain::principal::{CredentialKind, Role};

    const ANN: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    fn member() -> Caller {
        let who = Who::User {
            id: ANN,
            name: "ann".to_owned(),
            role: Role::Member,
            team_id: None,
            credential: CredentialKind::Session,
            session_id: None,
            must_change_password: false,
        };
        Caller { who, address: None }
    }

    #[test]
    fn a_member_sees_their_own_whatever_is_asked() {
        let of = |users: Option<Uuid>| Chosen {
            users: users.map(|id| id.to_string()),
            ..Chosen::default()
        };
        assert_eq!(of(None).filter(&member()).unwrap().users, [ANN]);
        assert_eq!(of(Some(ANN)).filter(&member()).unwrap().users, [ANN]);
        assert_eq!(of(Some(BOB)).filter(&member()).unwrap_err().field(), Some("users"));
        assert_eq!(of(Some(BOB)).filter(&Caller::system()).unwrap().users, [BOB]);
        assert!(of(None).filter(&Caller::system()).unwrap().users.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let system = Caller::system();
        let bad = Chosen { teams: Some("x".to_owned()), ..Chosen::default() };
        assert_eq!(bad.filter(&system).unwrap_err().field(), Some("teams"));
        let many = Chosen { models: Some(vec!["m"; 101].join(",")), ..Chosen::default() };
        assert_eq!(many.filter(&system).unwrap_err().field(), Some("models"));
        let none = Chosen { from: Some(Utc::now() + TimeDelta::days(1)), ..Chosen::default() };
        assert_eq!(none.filter(&system).unwrap_err().field(), Some("from"));
        let asked = Requests { outcomes: Some("well".to_owned()), ..Requests::default() };
        let refused = filter(&system, &Chosen::default(), &asked).unwrap_err();
        assert_eq!(refused.field(), Some("outcomes"));
        for text in ["", "1", "x.req", "99999999999999999999.req", "1.a\0"] {
            assert_eq!(cursor(text), Err(unknown_cursor()), "{text:?}");
        }
        assert_eq!(cursor("1000001.req_a").unwrap().request_id, "req_a");
    }
}

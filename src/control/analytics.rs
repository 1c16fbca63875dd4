//! What was used and what it cost, as far as the caller may see it: members see their own, admins
//! everything.

use chrono::DateTime;
use uuid::Uuid;

use super::caller::{Caller, Reach};
use super::error::ControlError;
use super::page::{Page, Paging, unknown_cursor};
use super::{Control, field};
use crate::storage::analytics;
use crate::storage::analytics::SessionOrder;
pub use crate::storage::analytics::{
    ActiveUsers, Agent, CacheRate, Choice, Choices, Dimension, Filter, Grain, Group, HeatCell,
    Latency, Point, Session, Sums, Tool, ToolServer,
};

/// The filter, cut to what the caller may see.
fn seen(caller: &Caller, filter: &Filter) -> Result<Filter, ControlError> {
    match caller.reach()? {
        Reach::All => Ok(filter.clone()),
        Reach::Own(user) => Ok(Filter { users: vec![user], ..filter.clone() }),
    }
}

/// The sums of everything that the filter lets through.
///
/// # Errors
/// [`ControlError`]
pub async fn totals(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
) -> Result<Sums, ControlError> {
    Ok(analytics::totals(&control.database, &seen(caller, filter)?).await?)
}

/// The sums by group, dearest first, at most `limit`.
///
/// # Errors
/// [`ControlError`]
pub async fn breakdown(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
    dimension: Dimension,
    limit: u32,
) -> Result<Vec<Group>, ControlError> {
    let filter = seen(caller, filter)?;
    Ok(analytics::breakdown(&control.database, &filter, dimension, limit).await?)
}

/// The sums by group, dearest first, at most `limit`, without counting their users.
///
/// # Errors
/// [`ControlError`]
pub async fn ranking(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
    dimension: Dimension,
    limit: u32,
) -> Result<Vec<Group>, ControlError> {
    let filter = seen(caller, filter)?;
    Ok(analytics::ranking(&control.database, &filter, dimension, limit).await?)
}

/// The sums over time of the `groups` dearest groups, and of the rest as one.
///
/// # Errors
/// [`ControlError`]
pub async fn over_time(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
    grain: Grain,
    split: Option<(Dimension, u32)>,
) -> Result<Vec<Point>, ControlError> {
    let filter = seen(caller, filter)?;
    let (dimension, groups) = split.unzip();
    let groups = groups.unwrap_or_default();
    Ok(analytics::over_time(&control.database, &filter, grain, dimension, groups).await?)
}

/// What a filter can be set to in its span of time; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn choices(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
) -> Result<Choices, ControlError> {
    caller.admin()?;
    Ok(analytics::choices(&control.database, filter).await?)
}

/// How quick models or endpoints are, most used first.
///
/// # Errors
/// [`ControlError`]
pub async fn latency(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
    dimension: Dimension,
) -> Result<Vec<Latency>, ControlError> {
    Ok(analytics::latency(&control.database, &seen(caller, filter)?, dimension).await?)
}

/// How much of the prompts came from the cache, over time.
///
/// # Errors
/// [`ControlError`]
pub async fn cache_rate(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
    grain: Grain,
) -> Result<Vec<CacheRate>, ControlError> {
    Ok(analytics::cache_rate(&control.database, &seen(caller, filter)?, grain).await?)
}

/// Tools, most called first; filters by user and team apply.
///
/// # Errors
/// [`ControlError`]
pub async fn tools(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Tool>, ControlError> {
    Ok(analytics::tools(&control.database, &seen(caller, filter)?, limit).await?)
}

/// MCP servers, most called first; filters by user and team apply.
///
/// # Errors
/// [`ControlError`]
pub async fn servers(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
) -> Result<Vec<ToolServer>, ControlError> {
    Ok(analytics::servers(&control.database, &seen(caller, filter)?).await?)
}

/// The active users over time.
///
/// # Errors
/// [`ControlError`]
pub async fn active_users(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
    grain: Grain,
) -> Result<Vec<ActiveUsers>, ControlError> {
    Ok(analytics::active_users(&control.database, &seen(caller, filter)?, grain).await?)
}

/// Requests by hour of the week.
///
/// # Errors
/// [`ControlError`]
pub async fn heat_map(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
) -> Result<Vec<HeatCell>, ControlError> {
    Ok(analytics::heat_map(&control.database, &seen(caller, filter)?).await?)
}

/// A page of Claude Code's sessions whose last request lies in the filter's span: latest or, with
/// `dearest`, dearest first. `search` is looked for in ids, projects and users' names.
///
/// # Errors
/// [`ControlError`]
pub async fn sessions(
    control: &Control,
    caller: &Caller,
    filter: &Filter,
    search: Option<String>,
    dearest: bool,
    paging: &Paging,
) -> Result<Page<Session>, ControlError> {
    let filter = seen(caller, filter)?;
    let (search, size) = (field::search(search)?, paging.size()?);
    let order = session_order(paging.cursor.as_deref(), dearest).ok_or_else(unknown_cursor)?;
    let limit = u32::try_from(paging.rows()?).unwrap_or(u32::MAX);
    let found = analytics::sessions(&control.database, &filter, order, search.as_deref(), limit);
    Ok(Page::of(found.await?, size, |session| {
        let value = if dearest { session.cost_nanos } else { session.last_at.timestamp_micros() };
        format!("{value} {}", session.session_id)
    }))
}

fn session_order(cursor: Option<&str>, dearest: bool) -> Option<SessionOrder> {
    let place = match cursor {
        None => None,
        Some(cursor) => {
            let (value, id) = cursor.split_once(' ').filter(|(_, id)| !id.contains('\0'))?;
            Some((value.parse::<i64>().ok()?, id.to_owned()))
        }
    };
    if dearest {
        return Some(SessionOrder::Dearest(place));
    }
    let place = match place {
        None => None,
        Some((micros, id)) => Some((DateTime::from_timestamp_micros(micros)?, id)),
    };
    Some(SessionOrder::Latest(place))
}

/// One session of Claude Code with its agents, in the order in which they began.
///
/// # Errors
/// [`ControlError`]
pub async fn session(
    control: &Control,
    caller: &Caller,
    user_id: Uuid,
    session_id: &str,
) -> Result<(Session, Vec<Agent>), ControlError> {
    if !caller.reach()?.covers(user_id) || session_id.contains('\0') {
        return Err(ControlError::NotFound("session"));
    }
    let database = &control.database;
    let found = analytics::session(database, user_id, session_id.to_owned()).await?;
    let session = found.ok_or(ControlError::NotFound("session"))?;
    let agents = analytics::agents(database, user_id, session.session_id.clone()).await?;
    Ok((session, agents))
}

//! Prices: what counts now and what counted before, overruled by an admin with a reason, and the
//! contract's terms.

mod view;

use chrono::{TimeDelta, Utc};
use uuid::Uuid;

pub use view::{
    LongPromptRates, OverridePrice, Price, PriceFilter, PriceRates, PriceReach, PriceRefresh,
    PriceTerms, SetTerms, UnpricedModel,
};

use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use super::{Control, field};
use crate::domain::model;
use crate::domain::price::{self, PriceTable, Source};
use crate::storage::Connection;
use crate::storage::analytics::{self, Filter};
use crate::storage::prices::{self, StoredPrice, Why};

/// What is announced when prices or terms change.
const TABLES: &[&str] = &["prices"];
/// How far back unpriced models are looked for, in days.
const UNPRICED_DAYS: i64 = 30;

/// The prices that count now, by model and reach, whatever their source; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    asked: PriceFilter,
) -> Result<Page<Price>, ControlError> {
    caller.admin()?;
    let model = asked.model.as_deref().map(base).transpose()?;
    let rows = control.read(async |c: &mut Connection| prices::counting(c).await).await?;
    let stored = rows.iter().filter_map(StoredPrice::price).collect();
    let table = PriceTable::new(stored, price::Terms::default());
    let of_model = |price: &&price::Price| model.as_ref().is_none_or(|m| *m == price.model);
    let known = |price: &price::Price| {
        let row = rows.iter().find(|row| Some(row.id) == price.id);
        row.and_then(Price::stored).unwrap_or_else(|| Price::of(price.clone()))
    };
    Ok(Page::whole(table.iter().filter(of_model).map(known).collect()))
}

/// A page of all stored prices there ever were, latest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn history(
    control: &Control,
    caller: &Caller,
    asked: PriceFilter,
    paging: Paging,
) -> Result<Page<Price>, ControlError> {
    caller.admin()?;
    let model = asked.model.as_deref().map(base).transpose()?;
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found =
        control.read(async move |c: &mut Connection| prices::history(c, model, before, rows).await);
    let page = Page::of(found.await?, size, |row| row.id.to_string());
    let data = page.data.iter().filter_map(Price::stored).collect();
    Ok(Page { data, has_more: page.has_more, next: page.next })
}

/// Sets a price above the list's, from now on; what was charged before stays.
///
/// # Errors
/// [`ControlError`]
pub async fn set(
    control: &Control,
    caller: &Caller,
    order: OverridePrice,
) -> Result<Price, ControlError> {
    caller.admin()?;
    let why = why(caller, &order.reason)?;
    let ordered = order.price(base(&order.model)?)?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let price::Price { model, reach, source, .. } = &ordered;
        let before = prices::find(c, model, *reach, *source).await?;
        prices::put(c, &ordered, Some(&why)).await?;
        let after = prices::find(c, model, *reach, *source).await?;
        let after = after.as_ref().and_then(Price::stored).ok_or(ControlError::Fault)?;
        let change = Change::new("price.override", TABLES);
        let change = change.of(after.id.unwrap_or_default(), model).after(&after);
        let before = before.as_ref().and_then(Price::stored);
        Ok((after, if let Some(before) = before { change.before(&before) } else { change }))
    });
    written.await
}

/// Ends an override: the list's price counts again.
///
/// # Errors
/// [`ControlError`]
pub async fn end(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let row = prices::get(c, id).await?.ok_or(ControlError::NotFound("price"))?;
        let stored = row.price().ok_or(ControlError::Fault)?;
        if stored.source != Source::Override || row.valid_until.is_some() {
            let message = "Only an override that still counts can be ended.";
            return Err(ControlError::conflict("not_an_override", message));
        }
        prices::end(c, &stored.model, stored.reach, stored.source).await?;
        let change = Change::new("price.end_override", TABLES).of(id, &stored.model);
        Ok(((), change.before(&Price::of(stored))))
    });
    written.await
}

/// The terms that count now; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn terms(control: &Control, caller: &Caller) -> Result<PriceTerms, ControlError> {
    caller.admin()?;
    let row = control.read(async |c: &mut Connection| prices::terms(c).await).await?;
    Ok(PriceTerms::of(row.as_ref()))
}

/// A page of all terms there ever were, latest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn terms_history(
    control: &Control,
    caller: &Caller,
    paging: Paging,
) -> Result<Page<PriceTerms>, ControlError> {
    caller.admin()?;
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found =
        control.read(async move |c: &mut Connection| prices::terms_history(c, before, rows).await);
    let page = Page::of(found.await?, size, |row| row.id.to_string());
    let data = page.data.iter().map(|row| PriceTerms::of(Some(row))).collect();
    Ok(Page { data, has_more: page.has_more, next: page.next })
}

/// Sets the terms that count from now on.
///
/// # Errors
/// [`ControlError`]
pub async fn set_terms(
    control: &Control,
    caller: &Caller,
    order: SetTerms,
) -> Result<PriceTerms, ControlError> {
    caller.admin()?;
    let why = why(caller, &order.reason)?;
    let ordered = order.terms()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let before = PriceTerms::of(prices::terms(c).await?.as_ref());
        prices::put_terms(c, ordered, &why).await?;
        let after = PriceTerms::of(prices::terms(c).await?.as_ref());
        let change = Change::new("price.set_terms", TABLES).of("terms", "terms");
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

/// How the last refresh from the AWS Price List went; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn last_refresh(
    control: &Control,
    caller: &Caller,
) -> Result<PriceRefresh, ControlError> {
    caller.admin()?;
    let row = control.read(async |c: &mut Connection| prices::last_refresh(c).await).await?;
    Ok(PriceRefresh::of(row))
}

/// Has the prices refreshed from the AWS Price List now; nothing happens where refreshing is off.
///
/// # Errors
/// [`ControlError`]
pub async fn refresh(control: &Control, caller: &Caller) -> Result<PriceRefresh, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async |c: &mut Connection| {
        prices::ask_refresh(c).await?;
        let row = prices::last_refresh(c).await?;
        Ok((PriceRefresh::of(row), Change::new("price.refresh", TABLES).of("prices", "prices")))
    });
    written.await
}

/// The models that were charged a conservative price within the last 30 days, most used first; for
/// admins.
///
/// # Errors
/// [`ControlError`]
pub async fn unpriced(
    control: &Control,
    caller: &Caller,
) -> Result<Page<UnpricedModel>, ControlError> {
    caller.admin()?;
    let now = Utc::now();
    let filter = Filter::span(now - TimeDelta::days(UNPRICED_DAYS), now);
    let found = analytics::unpriced(&control.database, &filter).await?;
    let data = found.into_iter().map(|group| UnpricedModel {
        model: group.model,
        requests: group.requests,
        last_at: group.last_at,
    });
    Ok(Page::whole(data.collect()))
}

/// The base id of the model that a name stands for.
fn base(name: &str) -> Result<String, ControlError> {
    let name = field::profile("model", name)?;
    Ok(match model::find(&name) {
        Some(model) => model.base.to_owned(),
        None => price::base(&name).to_owned(),
    })
}

fn why(caller: &Caller, reason: &str) -> Result<Why, ControlError> {
    Ok(Why { reason: field::name("reason", reason)?, changed_by: caller.identity().name })
}

//! Names that admins give to models: listed, given, taken back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use super::{Control, field};
use crate::storage::Connection;
use crate::storage::model_mappings::{self, MappingRow};

const TABLES: &[&str] = &["model_mappings"];
/// Longest name that clients may send for a model, in bytes.
const MAX_NAME: usize = 200;

/// A name given to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelMapping {
    /// The id.
    pub id: Uuid,
    /// What clients ask for.
    pub name: String,
    /// What it stands for.
    pub target: String,
    /// When it was given.
    pub created_at: DateTime<Utc>,
}

impl ModelMapping {
    fn of(row: MappingRow) -> Self {
        let MappingRow { id, name, target, created_at } = row;
        Self { id, name, target, created_at }
    }
}

/// The order to give a name to a model. Names match exactly; one that the gateway knows anyway is
/// overruled.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveName {
    /// What clients ask for.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// An Anthropic id, a Bedrock base id, a profile's id or its ARN.
    #[schema(min_length = 1, max_length = 2048)]
    pub target: String,
}

/// A page of the names, newest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    paging: Paging,
) -> Result<Page<ModelMapping>, ControlError> {
    caller.admin()?;
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found =
        control.read(async move |c: &mut Connection| model_mappings::list(c, before, rows).await);
    let found = found.await?.into_iter().map(ModelMapping::of).collect();
    Ok(Page::of(found, size, |mapping| mapping.id.to_string()))
}

/// Gives a name to a model.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    order: GiveName,
) -> Result<ModelMapping, ControlError> {
    caller.admin()?;
    let name = order.name.trim();
    let fits = (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_graphic())
        && !name.to_ascii_lowercase().ends_with("[1m]");
    if !fits {
        let takes = "takes 1 to 200 printable characters without spaces and without a suffix [1m]";
        return Err(ControlError::invalid("name", takes));
    }
    let row = MappingRow {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        target: field::profile("target", &order.target)?,
        created_at: Utc::now(),
    };
    if row.name == row.target {
        return Err(ControlError::invalid("target", "takes something else than the name itself"));
    }
    let written = control.write(caller, async move |c: &mut Connection| {
        model_mappings::insert(c, &row).await.map_err(ControlError::name_taken("mapping"))?;
        let mapping = ModelMapping::of(row);
        let change = Change::new("model_mapping.create", TABLES).of(mapping.id, &mapping.name);
        Ok((mapping.clone(), change.after(&mapping)))
    });
    written.await
}

/// Takes a name back.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let row = model_mappings::get(c, id).await?.ok_or(ControlError::NotFound("mapping"))?;
        model_mappings::delete(c, id).await?;
        let before = ModelMapping::of(row);
        let change = Change::new("model_mapping.delete", TABLES).of(id, &before.name);
        Ok(((), change.before(&before)))
    });
    written.await
}

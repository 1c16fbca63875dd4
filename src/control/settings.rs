//! Settings of the deployment: read and changed by admins.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Control;
use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use crate::domain::settings::Settings;
use crate::storage::{Connection, settings};

const TABLES: &[&str] = &["settings"];

/// The order to change settings; what is not given stays, and null goes back to the default.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(value_type = Object, example = json!({ "default_requests_per_minute": 60 }))]
pub struct EditSettings(pub BTreeMap<String, Value>);

/// The settings as they are.
///
/// # Errors
/// [`ControlError`]
pub async fn get(control: &Control, caller: &Caller) -> Result<Settings, ControlError> {
    caller.admin()?;
    let stored = control.read(async |c: &mut Connection| settings::all_by(c).await).await?;
    Ok(Settings::read(&stored).0)
}

/// Changes settings, all or none.
///
/// # Errors
/// [`ControlError`]
pub async fn edit(
    control: &Control,
    caller: &Caller,
    EditSettings(order): EditSettings,
) -> Result<Settings, ControlError> {
    caller.admin()?;
    for (name, value) in &order {
        let takes = Settings::takes(name)
            .ok_or_else(|| ControlError::invalid(shown(name), "there is no such setting"))?;
        if !value.is_null() && Settings::default().with(name, value).is_none() {
            return Err(ControlError::invalid(shown(name), takes));
        }
    }
    let written = control.write(caller, async move |c: &mut Connection| {
        settings::lock(c).await?;
        let (before, _) = Settings::read(&settings::all_by(c).await?);
        for (name, value) in order {
            settings::put(c, &name, value).await?;
        }
        let (after, _) = Settings::read(&settings::all_by(c).await?);
        let change = Change::new("settings.edit", TABLES).of("settings", "settings");
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

/// A name that a client made up, bounded.
fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}

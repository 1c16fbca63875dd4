//! Endpoints: make, list, change, take away.

mod credential;
mod health;
mod orders;
mod status;
mod view;

use chrono::Utc;
use secrecy::SecretString;
use uuid::Uuid;

pub use credential::{CredentialOrder, CredentialView};
pub use health::{EndpointHealth, EndpointsHealth, ModelHealth, health};
pub use orders::{EndpointTest, TestEndpoint, drain, probe, resume, teams_without_another, test};
pub use status::{EndpointStatus, ModelQuota, Profile, status};
pub use view::{CreateEndpoint, EditEndpoint, Endpoint, EndpointGuardrail, ModelProfile};

use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use super::{Control, field};
use crate::actors::endpoints::OWN;
use crate::domain::geography::Geography;
use crate::domain::guardrail::Guardrail;
use crate::domain::model;
use crate::storage::endpoints::{self, EndpointRow, ProfileRow};
use crate::storage::{Connection, episodes, probes};

const TABLES: &[&str] = &["endpoints"];
/// Endpoints of a gateway at the most.
const MAX_ENDPOINTS: i64 = 200;
/// Application inference profiles of an endpoint at the most.
const MAX_PROFILES: usize = 100;

/// A page of the endpoints, newest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    paging: Paging,
) -> Result<Page<Endpoint>, ControlError> {
    caller.admin()?;
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found = control.read(async move |c: &mut Connection| {
        let found = endpoints::list(c, before, rows).await?;
        let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
        let profiles = endpoints::profiles(c, &ids).await?;
        Ok((found, profiles))
    });
    let (found, profiles) = found.await?;
    let found = found.into_iter().map(|row| Endpoint::of(row, &profiles)).collect();
    Ok(Page::of(found, size, |endpoint| endpoint.id.to_string()))
}

/// One endpoint; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn get(control: &Control, caller: &Caller, id: Uuid) -> Result<Endpoint, ControlError> {
    caller.admin()?;
    let found = control.read(async move |c: &mut Connection| {
        Ok((endpoints::get(c, id).await?, endpoints::profiles(c, &[id]).await?))
    });
    let (row, profiles) = found.await?;
    Ok(Endpoint::of(row.ok_or(ControlError::NotFound("endpoint"))?, &profiles))
}

/// Makes an endpoint.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    order: CreateEndpoint,
) -> Result<Endpoint, ControlError> {
    caller.admin()?;
    let id = Uuid::now_v7();
    let mut row = EndpointRow {
        id,
        name: endpoint_name(&order.name)?,
        region: region(&order.region)?,
        geography: order.geography.as_deref().map(geography).transpose()?,
        credential: String::new(),
        role_arn: None,
        external_id: None,
        session_tags: false,
        api_key: None,
        runtime_url: order.runtime_url.map(|url| base_url("runtime_url", &url)).transpose()?,
        control_url: order.control_url.map(|url| base_url("control_url", &url)).transpose()?,
        priority: order.priority.map_or(Ok(100), priority)?,
        enabled: order.enabled.unwrap_or(true),
        is_default: order.is_default,
        created_at: Utc::now(),
        guardrail_id: None,
        guardrail_version: None,
    };
    guard(&mut row, order.guardrail)?;
    credential::apply(&mut row, order.credential, |key| seal(control, id, key))?;
    let profiles = profiles(id, order.profiles)?;
    let written = control.write(caller, async move |c: &mut Connection| {
        if endpoints::count(c).await? >= MAX_ENDPOINTS {
            let message = format!("There are {MAX_ENDPOINTS} endpoints already.");
            return Err(ControlError::conflict("too_many", message));
        }
        endpoints::insert(c, &row).await.map_err(ControlError::name_taken("endpoint"))?;
        endpoints::replace_profiles(c, id, &profiles).await?;
        let endpoint = read(c, id).await?;
        let change = Change::new("endpoint.create", TABLES).of(id, &endpoint.name);
        Ok((endpoint.clone(), change.after(&endpoint)))
    });
    written.await
}

/// Changes an endpoint; requests that it serves go on as they began.
///
/// # Errors
/// [`ControlError`]
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    order: EditEndpoint,
) -> Result<Endpoint, ControlError> {
    caller.admin()?;
    let sealing = control.clone();
    let written = control.write(caller, async move |c: &mut Connection| {
        let before = read(c, id).await?;
        let row = endpoints::get(c, id).await?;
        let mut row = row.ok_or(ControlError::NotFound("endpoint"))?;
        let known = row.clone();
        let given = apply(&mut row, order, |key| seal(&sealing, id, key))?;
        endpoints::update(c, &row).await.map_err(ControlError::name_taken("endpoint"))?;
        if let Some(given) = given {
            endpoints::replace_profiles(c, id, &given).await?;
        }
        if !row.is_same_place(&known) {
            probes::forget(c, id).await?;
        }
        if !row.enabled {
            episodes::forget(c, id).await?;
        }
        let after = read(c, id).await?;
        let change = Change::new("endpoint.edit", TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

/// Changes a row as it was ordered, and gives the profiles that are to replace those it has.
fn apply(
    row: &mut EndpointRow,
    order: EditEndpoint,
    seal: impl FnOnce(&SecretString) -> Result<Vec<u8>, ControlError>,
) -> Result<Option<Vec<ProfileRow>>, ControlError> {
    if let Some(name) = order.name {
        row.name = endpoint_name(&name)?;
    }
    if let Some(name) = order.region {
        row.region = region(&name)?;
    }
    if let Some(given) = order.geography {
        row.geography = given.as_deref().map(geography).transpose()?;
    }
    if let Some(given) = order.credential {
        credential::apply(row, given, seal)?;
    }
    if let Some(url) = order.runtime_url {
        row.runtime_url = url.map(|url| base_url("runtime_url", &url)).transpose()?;
    }
    if let Some(url) = order.control_url {
        row.control_url = url.map(|url| base_url("control_url", &url)).transpose()?;
    }
    if let Some(given) = order.priority {
        row.priority = priority(given)?;
    }
    if let Some(given) = order.guardrail {
        guard(row, given)?;
    }
    row.enabled = order.enabled.unwrap_or(row.enabled);
    row.is_default = order.is_default.unwrap_or(row.is_default);
    order.profiles.map(|given| profiles(row.id, given)).transpose()
}

/// Takes an endpoint away, out of all teams too; requests that it serves go on to their end.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let before = read(c, id).await?;
        endpoints::delete(c, id).await?;
        probes::forget(c, id).await?;
        episodes::forget(c, id).await?;
        let change = Change::new("endpoint.delete", TABLES).of(id, &before.name);
        Ok(((), change.before(&before)))
    });
    written.await
}

async fn read(connection: &mut Connection, id: Uuid) -> Result<Endpoint, ControlError> {
    let row = endpoints::get(connection, id).await?.ok_or(ControlError::NotFound("endpoint"))?;
    Ok(Endpoint::of(row, &endpoints::profiles(connection, &[id]).await?))
}

fn seal(control: &Control, id: Uuid, key: &SecretString) -> Result<Vec<u8>, ControlError> {
    Ok(control.vault().seal(&EndpointRow::key_purpose(id), key)?)
}

fn endpoint_name(text: &str) -> Result<String, ControlError> {
    let name = field::name("name", text)?;
    if name == OWN {
        let takes = format!("{OWN} is the endpoint of the gateway's own environment");
        return Err(ControlError::invalid("name", takes));
    }
    Ok(name)
}

fn guard(row: &mut EndpointRow, given: Option<EndpointGuardrail>) -> Result<(), ControlError> {
    if let Some(EndpointGuardrail { id, version }) = &given {
        Guardrail::new(id, version).map_err(|error| {
            ControlError::invalid(error.of("guardrail.id", "guardrail.version"), error.to_string())
        })?;
    }
    (row.guardrail_id, row.guardrail_version) =
        given.map(|given| (given.id, given.version)).unzip();
    Ok(())
}

fn region(text: &str) -> Result<String, ControlError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (4..=32).contains(&text.len()) && text.contains('-') && text.bytes().all(plain);
    let takes = "takes an AWS region such as us-east-1";
    if fits { Ok(text.to_owned()) } else { Err(ControlError::invalid("region", takes)) }
}

fn geography(text: &str) -> Result<String, ControlError> {
    let all = Geography::ALL.map(Geography::prefix);
    if all.contains(&text) {
        return Ok(text.to_owned());
    }
    let takes = format!("takes one of {}, or null for the region's own", all.join(", "));
    Err(ControlError::invalid("geography", takes))
}

fn priority(priority: i32) -> Result<i32, ControlError> {
    let takes = "takes a number from 0 to 1000; the lowest is preferred";
    if (0..=1000).contains(&priority) {
        Ok(priority)
    } else {
        Err(ControlError::invalid("priority", takes))
    }
}

/// A base URL: credentials and prompts travel over TLS, or stay on this machine.
fn base_url(field: &'static str, text: &str) -> Result<String, ControlError> {
    let text = text.trim().trim_end_matches('/');
    let local = |rest: &&str| {
        let host = rest.split('/').next().unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
    };
    let host = text
        .strip_prefix("https://")
        .filter(|rest| !rest.is_empty())
        .or(text.strip_prefix("http://").filter(local));
    let plain =
        |rest: &str| rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\".contains(&byte));
    let takes = "takes an https:// URL without query; http:// only to this machine";
    match host {
        Some(rest) if text.len() <= 500 && plain(rest) => Ok(text.to_owned()),
        _ => Err(ControlError::invalid(field, takes)),
    }
}

/// The rows of an endpoint's application inference profiles; names of models become their ids.
fn profiles(id: Uuid, given: Vec<ModelProfile>) -> Result<Vec<ProfileRow>, ControlError> {
    if given.len() > MAX_PROFILES {
        let takes = format!("takes at most {MAX_PROFILES} profiles");
        return Err(ControlError::invalid("profiles", takes));
    }
    let mut rows = Vec::<ProfileRow>::with_capacity(given.len());
    for ModelProfile { model, profile } in given {
        let named = field::profile("profiles.model", &model)?;
        let model = model::find(&named).map_or(named, |model| model.id.to_owned());
        if rows.iter().any(|row| row.model == model) {
            let takes = format!("takes each model once; {model} is there twice");
            return Err(ControlError::invalid("profiles.model", takes));
        }
        let profile = field::profile("profiles.profile", &profile)?;
        if !profile.starts_with("arn:aws") || !profile.contains(":bedrock:") {
            let takes = "takes the ARN of an inference profile of Bedrock";
            return Err(ControlError::invalid("profiles.profile", takes));
        }
        rows.push(ProfileRow { endpoint_id: id, model, profile });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_leave_this_machine_only_over_tls() {
        for fits in ["https://vpce-1.bedrock.example", "http://127.0.0.1:9100/", "http://[::1]:1"] {
            assert!(base_url("runtime_url", fits).is_ok(), "{fits}");
        }
        for bad in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "https://",
            "https://user@example.com",
            "https://example.com/?x",
            "ftp://example.com",
            "http://127.0.0.1:1@example.com",
        ] {
            assert!(base_url("runtime_url", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn profiles_are_kept_by_the_id_of_their_model() {
        let arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/x".to_owned();
        let pair = |model: &str| ModelProfile { model: model.to_owned(), profile: arn.clone() };
        let rows = profiles(Uuid::nil(), vec![pair("claude-sonnet-4-5")]).unwrap();
        assert_eq!(rows[0].model, "claude-sonnet-4-5-20250929");
        let twice = vec![pair("claude-sonnet-4-5"), pair("claude-sonnet-4-5-20250929")];
        assert_eq!(profiles(Uuid::nil(), twice).unwrap_err().field(), Some("profiles.model"));
        let no_arn = ModelProfile { model: "m".to_owned(), profile: "us.x".to_owned() };
        assert!(profiles(Uuid::nil(), vec![no_arn]).is_err());
    }

    #[test]
    fn regions_and_geographies_are_checked_and_the_own_name_is_taken() {
        for bad in ["", "useast1", "us_east_1", "US-EAST-1", "us-east-1.evil.example"] {
            assert!(region(bad).is_err(), "{bad}");
        }
        assert!(region("us-gov-west-1").is_ok());
        assert!(geography("mars").is_err() && geography("global").is_ok());
        assert_eq!(endpoint_name(" default ").unwrap_err().field(), Some("name"));
    }
}

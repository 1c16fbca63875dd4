//! Downloads of whole lists: streamed part by part as the client takes them, as lines of JSON or as
//! CSV.

use std::future::Future;

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::control::ControlError;
use crate::http::csv;
use crate::http::problem::Problem;

/// How an export is written.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// A line of JSON for each entry.
    #[default]
    Ndjson,
    /// Comma-separated values with a head line.
    Csv,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Export {
    /// How it is written; `ndjson` where it is not given.
    #[serde(default)]
    #[param(required = false)]
    pub(super) format: Format,
}

/// An entry of an export.
pub(super) trait Entry: Serialize {
    /// The name of the downloaded file, without its ending.
    const NAME: &str;
    /// The columns of CSV.
    const COLUMNS: &[&str];

    /// The values of the columns.
    fn fields(&self) -> Vec<String>;
}

/// The answer that streams an export. Its first part is given, so that a refusal has a true status;
/// `next` reads the part behind an entry, and an empty one is the end.
pub(super) fn download<T, F>(
    format: Format,
    first: Vec<T>,
    next: impl Fn(T) -> F + Clone + 'static,
) -> HttpResponse
where
    T: Entry + Clone + 'static,
    F: Future<Output = Result<Vec<T>, ControlError>> + 'static,
{
    let (kind, ending) = match format {
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let head = matches!(format, Format::Csv).then(|| Ok(Bytes::from(csv::row(T::COLUMNS))));
    let parts = parts(first, next)
        .map(move |part| part.map(|entries| Bytes::from(written(&entries, format))));
    let disposition = format!("attachment; filename=\"{}.{ending}\"", T::NAME);
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("content-disposition", disposition))
        .insert_header(("cache-control", "no-store"))
        .streaming(stream::iter(head).chain(parts))
}

fn parts<T, F>(
    first: Vec<T>,
    next: impl Fn(T) -> F + Clone + 'static,
) -> impl Stream<Item = Result<Vec<T>, Problem>>
where
    T: Clone,
    F: Future<Output = Result<Vec<T>, ControlError>>,
{
    stream::try_unfold(Some(first), move |part| {
        let next = next.clone();
        async move {
            let Some(part) = part else { return Ok::<_, Problem>(None) };
            let Some(last) = part.last().cloned() else { return Ok(None) };
            let following = next(last).await?;
            Ok(Some((part, Some(following))))
        }
    })
}

fn written<T: Entry>(entries: &[T], format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        match format {
            Format::Ndjson => {
                out.extend(serde_json::to_vec(entry).unwrap_or_default());
                out.push(b'\n');
            }
            Format::Csv => out.extend(csv::row(entry.fields())),
        }
    }
    out
}

/// A value as a field; an absent one is empty.
pub(super) fn field<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

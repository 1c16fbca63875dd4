//! What a form sends or an address asks for.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use uuid::Uuid;

use super::input::{Choice, Input};
use crate::control::{ControlError, Paging, Sort};
use crate::domain::principal::RateLimits;

/// Fields with their values; one name may come several times.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Sent(Vec<(String, String)>);

impl Sent {
    /// The fields of a query; none where it cannot be read.
    pub(super) fn of_query(query: &str) -> Self {
        actix_web::web::Query::<Self>::from_query(query).map(|q| q.into_inner()).unwrap_or_default()
    }

    /// A field without the blanks around it; empty where it is absent.
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// A field that is there and not empty.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Whether a field is there, be it empty.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// All values of a field.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.0.iter().filter(|(field, value)| field == name && !value.is_empty());
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// The query that asks for the same but for one field, which is left out or has another value.
    pub(super) fn query_with(&self, name: &str, value: Option<&str>) -> String {
        let kept = self.0.iter().filter(|(field, value)| field != name && !value.is_empty());
        let kept = kept.map(|(field, value)| (field.as_str(), value.as_str()));
        let pairs = kept.chain(value.map(|value| (name, value)));
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pairs: Vec<_> =
            pairs.map(|(field, value)| format!("{}={}", encoded(field), encoded(value))).collect();
        format!("?{}", pairs.join("&"))
    }

    /// The page of a list that is asked for.
    pub(super) fn paging(&self) -> Paging {
        let sort = (self.text("sort") == "name").then_some(Sort::Name);
        Paging { limit: None, cursor: self.given("after").map(str::to_owned), sort }
    }

    /// What a list is searched for.
    pub(super) fn search(&self) -> Option<String> {
        self.given("q").map(|text| text.chars().take(200).collect())
    }

    /// The field with the order of a list of named things.
    pub(super) fn sort(&self) -> Input {
        let by_name = self.text("sort") == "name";
        let choices = vec![
            Choice::new("newest", "Newest first", !by_name),
            Choice::new("name", "By name", by_name),
        ];
        Input::select("sort", "Order", choices)
    }

    /// A field read as something else; `None` where it is empty.
    pub(super) fn read<T: FromStr>(
        &self,
        name: &'static str,
        takes: &'static str,
    ) -> Result<Option<T>, ControlError> {
        let read = self.given(name).map(|text| text.parse().map_err(|_| ()));
        read.transpose().map_err(|()| ControlError::invalid(name, takes))
    }

    /// An id.
    pub(super) fn id(&self, name: &'static str) -> Result<Option<Uuid>, ControlError> {
        self.read(name, "is not known here")
    }

    /// The three limits that keys, users and teams have.
    pub(super) fn limits(&self) -> Result<RateLimits, ControlError> {
        let limit = |name| self.read(name, "takes a whole number from 1 on, or nothing");
        Ok(RateLimits {
            requests_per_minute: limit("limits.requests_per_minute")?,
            tokens_per_minute: limit("limits.tokens_per_minute")?,
            concurrent_streams: limit("limits.concurrent_streams")?,
        })
    }

    /// The models that are checked or named; `None` where none is.
    pub(super) fn models(&self) -> Option<Vec<String>> {
        let named = self.text("other_models").split([',', '\n']).map(str::trim);
        let named = named.filter(|name| !name.is_empty());
        let models: Vec<_> =
            self.all("models").into_iter().chain(named).map(str::to_owned).collect();
        (!models.is_empty()).then_some(models)
    }

    /// The end of a day (UTC).
    pub(super) fn end_of(&self, name: &'static str) -> Result<Option<DateTime<Utc>>, ControlError> {
        let day: Option<NaiveDate> = self.read(name, "takes a date such as 2027-01-31")?;
        let end = |day: NaiveDate| {
            let end = day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN);
            end.and_utc() - chrono::TimeDelta::seconds(1)
        };
        Ok(day.map(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_several_times_and_without_blanks() {
        let sent = Sent::of_query("a=+x+&b=1&b=2&b=&limits.tokens_per_minute=7&end=2026-01-31");
        assert_eq!((sent.text("a"), sent.given("c"), sent.all("b")), ("x", None, vec!["1", "2"]));
        assert_eq!(sent.limits().unwrap().tokens_per_minute, Some(7));
        assert_eq!(sent.end_of("end").unwrap().unwrap().to_rfc3339(), "2026-01-31T23:59:59+00:00");
        assert_eq!(sent.id("a").unwrap_err().field(), Some("a"));
        assert_eq!(
            Sent::of_query("models=m&other_models=n%0A,o").models().unwrap(),
            ["m", "n", "o"]
        );
    }

    #[test]
    fn the_next_page_keeps_what_was_asked() {
        let sent = Sent::of_query("q=%22%26&after=x&sort=name&empty=");
        assert_eq!(sent.query_with("after", Some("a b")), "?q=%22%26&sort=name&after=a%20b");
        assert_eq!(sent.query_with("after", None), "?q=%22%26&sort=name");
    }
}

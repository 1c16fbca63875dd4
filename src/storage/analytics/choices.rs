//! What the filter of a page can be set to.

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::Filter;
use super::source::Question;
use super::spend::Dimension;
use crate::storage::{Database, StorageError};

/// One user or team of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Choice {
    /// Its id; the nil id means "none".
    pub id: String,
    /// Its name, where it still exists.
    pub name: Option<String>,
}

/// What a filter can be set to in its span of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Choices {
    /// Users.
    pub users: Vec<Choice>,
    /// Teams.
    pub teams: Vec<Choice>,
    /// Models.
    pub models: Vec<String>,
    /// Endpoints.
    pub endpoints: Vec<String>,
    /// Projects.
    pub projects: Vec<String>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

/// The users, teams, models, endpoints and projects that were used in a span of time, dearest
/// first, at most 1000 of each.
///
/// # Errors
/// [`StorageError`]
pub async fn choices(database: &Database, filter: &Filter) -> Result<Choices, StorageError> {
    let span = Filter::span(filter.from, filter.to);
    let people =
        [("user", Dimension::User), ("team", Dimension::Team), ("project", Dimension::Project)];
    let models = [("model", Dimension::Model), ("endpoint", Dimension::Endpoint)];
    let (people, models) = tokio::try_join!(
        of_columns(database, &span, &people),
        of_columns(database, &span, &models),
    )?;
    let rows = people.into_iter().chain(models);
    let mut choices = Choices::default();
    for Row { kind, id, name } in rows {
        match kind.as_str() {
            "user" => choices.users.push(Choice { id, name }),
            "team" => choices.teams.push(Choice { id, name }),
            "model" => choices.models.push(id),
            "endpoint" => choices.endpoints.push(id),
            _ => choices.projects.push(id),
        }
    }
    Ok(choices)
}

/// What was used of some columns, by their kinds: from the table that has no more than them.
async fn of_columns(
    database: &Database,
    span: &Filter,
    columns: &[(&str, Dimension)],
) -> Result<Vec<Row>, StorageError> {
    let (mut kinds, mut ids, mut sets) = (String::new(), Vec::new(), Vec::new());
    for (kind, dimension) in columns {
        let column = dimension.column();
        kinds += &format!("when grouping({column}) = 0 then '{kind}' ");
        ids.push(format!("{column}::text"));
        sets.push(format!("({column})"));
    }
    let head = format!(
        "select kind, id, case kind \
         when 'user' then (select name from users where users.id = g.id::uuid) \
         when 'team' then (select name from teams where teams.id = g.id::uuid) end as name \
         from (select *, row_number() over (partition by kind order by cost desc, id) as place \
         from (select case {kinds} end as kind, coalesce({}) as id, sum(cost_nanos) as cost",
        ids.join(", ")
    );
    let tail = format!(
        "group by grouping sets ({})) as s) as g where place <= 1000 and id <> '' order by kind, place",
        sets.join(", ")
    );
    let asked: Vec<_> = columns.iter().map(|(_, dimension)| *dimension).collect();
    let query = span.query(&head, Question::Sums(&asked), &tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}

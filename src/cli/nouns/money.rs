//! What was used, and what it costs.

use super::table::{KEY, TEAM, USER};
use super::{Argument, Kind, Noun, Verb, field, filter, get, id, send};

const FROM: Argument =
    filter("from", "from", Kind::Text, "Since then, such as 2030-01-31T00:00:00Z");
const TO: Argument = filter("to", "to", Kind::Text, "Until then");
const USERS: Argument = filter("user", "users", Kind::Named(USER), "That of this user");
const TEAMS: Argument = filter("team", "teams", Kind::Named(TEAM), "That of this team");
const KEYS: Argument = filter("key", "keys", Kind::Named(KEY), "That of this key");
const MODELS: Argument =
    filter("models", "models", Kind::Text, "That of these models, with commas");
const OUTCOMES: Argument =
    filter("outcomes", "outcomes", Kind::Text, "Requests that ended so, with commas");
const FORMAT: Argument = filter("format", "format", Kind::Text, "csv or ndjson");
const REASON: Argument = field("reason", "reason", Kind::Text, "Why");

pub(super) static USAGE: Noun = Noun {
    name: "usage",
    about: "Requests and what they cost",
    verbs: &[
        get(
            "totals",
            "/admin/analytics/totals",
            &[FROM, TO, USERS, TEAMS, KEYS, MODELS],
            &[],
            "Sums over a span of time",
        ),
        Verb {
            name: "by",
            about: "The same by user, team, key, model, endpoint or project, the dearest first",
            method: "GET",
            path: "/admin/analytics/breakdown",
            arguments: &[
                Argument {
                    name: "what",
                    field: "by",
                    place: super::Place::Query,
                    kind: Kind::Text,
                    is_positional: true,
                    help: "user, team, key, model, endpoint or project",
                },
                FROM,
                TO,
                USERS,
                TEAMS,
                KEYS,
                MODELS,
            ],
            columns: &[],
        },
        get(
            "list",
            "/admin/usage",
            &[FROM, TO, USERS, TEAMS, KEYS, MODELS, OUTCOMES],
            &["request_id", "started_at", "user_name", "model", "outcome", "output_tokens", "cost"],
            "Single requests, newest first",
        ),
        get(
            "export",
            "/admin/usage/export",
            &[FORMAT, FROM, TO, USERS, TEAMS, KEYS, MODELS, OUTCOMES],
            &[],
            "Single requests, as a file on the standard output",
        ),
    ],
};

pub(super) static PRICING: Noun = Noun {
    name: "pricing",
    about: "What models cost, in dollars per million tokens",
    verbs: &[
        get(
            "list",
            "/admin/prices",
            &[filter("model", "model", Kind::Text, "Those of this model")],
            &["id", "model", "reach", "source", "rates", "valid_from"],
            "Prices that count now",
        ),
        send(
            "set",
            "POST",
            "/admin/prices",
            &[
                field("model", "model", Kind::Text, "The model"),
                field("reach", "reach", Kind::Text, "global, geo or us-gov"),
                field("input", "rates.input", Kind::Json, "Prompt tokens outside the cache"),
                field("output", "rates.output", Kind::Json, "Generated tokens"),
                field("cache-read", "rates.cache_read", Kind::Json, "Tokens read from the cache"),
                field(
                    "cache-write-5m",
                    "rates.cache_write_5m",
                    Kind::Json,
                    "Written for 5 minutes",
                ),
                field("cache-write-1h", "rates.cache_write_1h", Kind::Json, "Written for 1 hour"),
                REASON,
            ],
            "Set a price above the list's",
        ),
        send("unset", "DELETE", "/admin/prices/{id}", &[id("id")], "End a price that was set"),
        get(
            "unpriced",
            "/admin/prices/unpriced",
            &[],
            &[],
            "Models that were used without a price",
        ),
        get("terms", "/admin/prices/terms", &[], &[], "What the contract says about all prices"),
        send(
            "set-terms",
            "PUT",
            "/admin/prices/terms",
            &[
                field("multiplier", "multiplier", Kind::Json, "What all prices are multiplied by"),
                field("web-search", "web_search", Kind::Json, "Dollars for one web search"),
                REASON,
            ],
            "Say what the contract says about all prices",
        ),
        send("refresh", "POST", "/admin/prices/refresh", &[], "Read the AWS Price List again"),
    ],
};

pub(super) static BUDGETS: Noun = Noun {
    name: "budgets",
    about: "How much may be spent",
    verbs: &[
        get(
            "list",
            "/admin/budgets",
            &[
                filter("target", "target", Kind::Text, "default, team_default, user, team or key"),
                filter("subject-id", "subject_id", Kind::Text, "Those of what has this id"),
            ],
            &["id", "target", "subject_id", "period", "amount_usd", "created_at"],
            "Budgets, newest first",
        ),
        get(
            "status",
            "/admin/budgets/status",
            &[
                filter("user", "user_id", Kind::Named(USER), "Of this user"),
                filter("team", "team_id", Kind::Named(TEAM), "Of this team"),
                filter("key", "key_id", Kind::Named(KEY), "Of this key"),
            ],
            &[],
            "How far the budgets of somebody are spent",
        ),
        get("show", "/admin/budgets/{id}", &[id("id")], &[], "One budget"),
        send(
            "create",
            "POST",
            "/admin/budgets",
            &[
                field("target", "target", Kind::Text, "default, team_default, user, team or key"),
                field("subject-id", "subject_id", Kind::Text, "The id of the user, team or key"),
                field("period", "period", Kind::Text, "daily, weekly or monthly"),
                AMOUNT,
                POLICY,
            ],
            "Make a budget",
        ),
        send(
            "edit",
            "PATCH",
            "/admin/budgets/{id}",
            &[id("id"), AMOUNT, POLICY],
            "Change a budget",
        ),
        send("delete", "DELETE", "/admin/budgets/{id}", &[id("id")], "Take a budget away"),
    ],
};

const AMOUNT: Argument = field("amount-usd", "amount_usd", Kind::Json, "Dollars in each period");
const POLICY: Argument =
    field("policy", "policy", Kind::Json, "What happens when it is spent, as the API takes it");

//! Keys, users, teams, and the list of all nouns.

use super::{
    Argument, Kind, Noun, Verb, field, filter, get, identity, money, new_name, operations, routing,
    send, target,
};

/// Everything that is managed from the command line.
pub static NOUNS: [&Noun; 13] = [
    &KEYS,
    &USERS,
    &TEAMS,
    &routing::ENDPOINTS,
    &routing::MODELS,
    &identity::IDPS,
    &identity::SCIM,
    &money::BUDGETS,
    &money::USAGE,
    &money::PRICING,
    &operations::SESSIONS,
    &operations::AUDIT,
    &operations::CONFIG,
];

pub(super) const KEY: &str = "/admin/keys";
pub(super) const USER: &str = "/admin/users";
pub(super) const TEAM: &str = "/admin/teams";

const SEARCH: Argument = filter("search", "search", Kind::Text, "Those with this text in the name");
const OF_USER: Argument = filter("user", "user_id", Kind::Named(USER), "Those of this user");
const OF_TEAM: Argument = filter("team", "team_id", Kind::Named(TEAM), "Those of this team");
const NAME: Argument = field("name", "name", Kind::Text, "The name");
const ROLE: Argument = field("role", "role", Kind::Text, "admin or member");
const EMAIL: Argument = field("email", "email", Kind::Text, "The e-mail address");
const IN_TEAM: Argument = field("team", "team_id", Kind::Named(TEAM), "The team");
const ALLOWED: Argument =
    field("models", "models", Kind::List, "The models it may use, with commas");
const REQUESTS: Argument =
    field("requests-per-minute", "limits.requests_per_minute", Kind::Number, "Requests per minute");
const TOKENS: Argument =
    field("tokens-per-minute", "limits.tokens_per_minute", Kind::Number, "Tokens per minute");
const STREAMS: Argument =
    field("concurrent-streams", "limits.concurrent_streams", Kind::Number, "Requests at one time");
const EXPIRES: Argument =
    field("expires-at", "expires_at", Kind::Text, "When it ends, such as 2030-01-31T00:00:00Z");

static KEYS: Noun = Noun {
    name: "keys",
    about: "API keys",
    verbs: &[
        get(
            "list",
            KEY,
            &[
                SEARCH,
                OF_USER,
                OF_TEAM,
                filter("live", "live", Kind::Boolean, "Those that open the gateway, or do not"),
            ],
            &[
                "id",
                "name",
                "prefix",
                "user_name",
                "team_name",
                "state",
                "expires_at",
                "created_at",
            ],
            "Keys, newest first",
        ),
        get("show", "/admin/keys/{id}", &[target("id", KEY)], &[], "One key"),
        send(
            "create",
            "POST",
            KEY,
            &[
                new_name(),
                field("user", "user_id", Kind::Named(USER), "Whose it is"),
                IN_TEAM,
                ALLOWED,
                EXPIRES,
                REQUESTS,
                TOKENS,
                STREAMS,
            ],
            "Make a key; it is shown this once",
        ),
        send(
            "edit",
            "PATCH",
            "/admin/keys/{id}",
            &[target("id", KEY), NAME, IN_TEAM, ALLOWED, EXPIRES, REQUESTS, TOKENS, STREAMS],
            "Change a key; limits are set all together",
        ),
        send(
            "rotate",
            "POST",
            "/admin/keys/{id}/rotate",
            &[
                target("id", KEY),
                field(
                    "overlap-seconds",
                    "overlap_seconds",
                    Kind::Number,
                    "How long the old one works",
                ),
            ],
            "Put a new key in the place of one",
        ),
        send(
            "setup-token",
            "POST",
            "/admin/setup-tokens",
            &[new_name(), field("user", "user_id", Kind::Named(USER), "Whose key it will be")],
            "Make a token with which the script at /setup fetches a new key, once",
        ),
        send(
            "revoke",
            "POST",
            "/admin/keys/{id}/revoke",
            &[target("id", KEY)],
            "End a key for good",
        ),
        send("delete", "DELETE", "/admin/keys/{id}", &[target("id", KEY)], "Take a key away"),
    ],
};

static USERS: Noun = Noun {
    name: "users",
    about: "People",
    verbs: &[
        get(
            "list",
            USER,
            &[
                SEARCH,
                OF_TEAM,
                filter("role", "role", Kind::Text, "admin or member"),
                filter("active", "active", Kind::Boolean, "Those that are active, or are not"),
            ],
            &["id", "name", "email", "role", "team_name", "active", "created_at"],
            "Users, newest first",
        ),
        get("show", "/admin/users/{id}", &[target("id", USER)], &[], "One user"),
        send(
            "create",
            "POST",
            USER,
            &[new_name(), EMAIL, ROLE, IN_TEAM, REQUESTS, TOKENS, STREAMS],
            "Make a user",
        ),
        send(
            "edit",
            "PATCH",
            "/admin/users/{id}",
            &[
                target("id", USER),
                NAME,
                EMAIL,
                ROLE,
                IN_TEAM,
                field("active", "active", Kind::Boolean, "Whether keys and sessions work"),
                REQUESTS,
                TOKENS,
                STREAMS,
            ],
            "Change a user; limits are set all together",
        ),
        send(
            "delete",
            "DELETE",
            "/admin/users/{id}",
            &[target("id", USER)],
            "Take a user away with all keys and sessions",
        ),
    ],
};

static TEAMS: Noun = Noun {
    name: "teams",
    about: "Teams and who is in them",
    verbs: &[
        get(
            "list",
            TEAM,
            &[SEARCH],
            &["id", "name", "members", "models", "created_at"],
            "Teams, newest first",
        ),
        get("show", "/admin/teams/{id}", &[target("id", TEAM)], &[], "One team"),
        send(
            "create",
            "POST",
            TEAM,
            &[new_name(), ALLOWED, REQUESTS, TOKENS, STREAMS],
            "Make a team",
        ),
        send(
            "edit",
            "PATCH",
            "/admin/teams/{id}",
            &[target("id", TEAM), NAME, ALLOWED, REQUESTS, TOKENS, STREAMS],
            "Change a team; limits are set all together",
        ),
        send(
            "delete",
            "DELETE",
            "/admin/teams/{id}",
            &[target("id", TEAM)],
            "Take a team away; its members and keys stay",
        ),
        MEMBERS,
        send(
            "add-member",
            "PUT",
            "/admin/teams/{id}/members/{user_id}",
            &[target("id", TEAM), target("user_id", USER)],
            "Put a user into a team, out of any other",
        ),
        send(
            "remove-member",
            "DELETE",
            "/admin/teams/{id}/members/{user_id}",
            &[target("id", TEAM), target("user_id", USER)],
            "Take a user out of a team",
        ),
        get(
            "routing",
            "/admin/teams/{id}/routing",
            &[target("id", TEAM)],
            &[],
            "How its requests go",
        ),
        send(
            "route",
            "PUT",
            "/admin/teams/{id}/routing",
            &[
                target("id", TEAM),
                field("strategy", "strategy", Kind::Text, "How an endpoint is chosen"),
                field("endpoints", "endpoints", Kind::Json, "The endpoints, as the API takes them"),
            ],
            "Say how its requests go",
        ),
    ],
};

const MEMBERS: Verb = Verb {
    name: "member-list",
    about: "Who is in a team",
    method: "GET",
    path: USER,
    arguments: &[filter("team", "team_id", Kind::Named(TEAM), "The team")],
    columns: &["id", "name", "email", "role", "active"],
};

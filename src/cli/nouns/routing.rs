//! Endpoints, names of models, and what was learned of both.

use super::{Argument, Kind, Noun, field, get, id, new_name, send, target};

const ENDPOINT: &str = "/admin/endpoints";

const REGION: Argument = field("region", "region", Kind::Text, "The AWS region");
const GEOGRAPHY: Argument = field("geography", "geography", Kind::Text, "Whose profiles are used");
const CREDENTIAL: Argument =
    field("credential", "credential", Kind::Json, "How AWS is called, as the API takes it");
const PRIORITY: Argument = field("priority", "priority", Kind::Number, "Lower comes first");
const ENABLED: Argument = field("enabled", "enabled", Kind::Boolean, "Whether it is used");
const DEFAULT: Argument =
    field("default", "default", Kind::Boolean, "Whether teams without endpoints use it");
const PROFILES: Argument =
    field("profiles", "profiles", Kind::Json, "Profiles of models, as the API takes them");

pub(super) static ENDPOINTS: Noun = Noun {
    name: "endpoints",
    about: "AWS accounts and regions that serve",
    verbs: &[
        get(
            "list",
            ENDPOINT,
            &[],
            &["id", "name", "region", "geography", "priority", "enabled", "default"],
            "Endpoints, newest first",
        ),
        get("show", "/admin/endpoints/{id}", &[target("id", ENDPOINT)], &[], "One endpoint"),
        send(
            "create",
            "POST",
            ENDPOINT,
            &[new_name(), REGION, GEOGRAPHY, CREDENTIAL, PRIORITY, ENABLED, DEFAULT, PROFILES],
            "Make an endpoint",
        ),
        send(
            "edit",
            "PATCH",
            "/admin/endpoints/{id}",
            &[
                target("id", ENDPOINT),
                field("name", "name", Kind::Text, "The name"),
                REGION,
                GEOGRAPHY,
                CREDENTIAL,
                PRIORITY,
                ENABLED,
                DEFAULT,
                PROFILES,
            ],
            "Change an endpoint",
        ),
        get(
            "health",
            "/admin/endpoints/{id}/health",
            &[target("id", ENDPOINT)],
            &[],
            "How one does, its profiles and its quotas",
        ),
        send(
            "test",
            "POST",
            "/admin/endpoints/{id}/test",
            &[
                target("id", ENDPOINT),
                field("model", "model", Kind::Text, "The model that is to answer"),
            ],
            "Have a model answer with one token there",
        ),
        send(
            "drain",
            "POST",
            "/admin/endpoints/{id}/drain",
            &[target("id", ENDPOINT)],
            "Let one take no new requests",
        ),
        send(
            "resume",
            "POST",
            "/admin/endpoints/{id}/resume",
            &[target("id", ENDPOINT)],
            "Let one take requests again",
        ),
        send(
            "probe",
            "POST",
            "/admin/endpoints/{id}/probe",
            &[target("id", ENDPOINT)],
            "Ask AWS now what profiles and quotas one has",
        ),
        send(
            "delete",
            "DELETE",
            "/admin/endpoints/{id}",
            &[target("id", ENDPOINT)],
            "Take one away",
        ),
    ],
};

pub(super) static MODELS: Noun = Noun {
    name: "models",
    about: "Further names of models, and what profiles take",
    verbs: &[
        get(
            "list",
            "/admin/model-mappings",
            &[],
            &["id", "name", "target", "created_at"],
            "Further names of models",
        ),
        send(
            "map",
            "POST",
            "/admin/model-mappings",
            &[
                new_name(),
                field("target", "target", Kind::Text, "The model or profile that it stands for"),
            ],
            "Give a model a further name",
        ),
        send("unmap", "DELETE", "/admin/model-mappings/{id}", &[id("id")], "Take such a name away"),
        get(
            "verdict-list",
            "/admin/verdicts",
            &[],
            &["id", "endpoint", "profile", "kind", "name", "taken", "source", "expires_at"],
            "What endpoints' profiles take, learned or decided",
        ),
        send(
            "decide",
            "POST",
            "/admin/verdicts",
            &[
                field("endpoint", "endpoint", Kind::Text, "The endpoint's name"),
                field("profile", "profile", Kind::Text, "The profile"),
                field("kind", "kind", Kind::Text, "feature, beta or field"),
                field("name", "name", Kind::Text, "The feature, beta or field"),
                field("taken", "taken", Kind::Boolean, "Whether the profile takes it"),
                field("reason", "reason", Kind::Text, "Why"),
            ],
            "Decide what an endpoint's profile takes",
        ),
        send("undecide", "DELETE", "/admin/verdicts/{id}", &[id("id")], "Take a verdict away"),
    ],
};

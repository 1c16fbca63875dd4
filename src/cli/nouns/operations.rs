//! Sessions, the audit log, and the settings of the deployment.

use super::{Kind, Noun, field, filter, get, id, send};
use crate::cli::nouns::table::USER;

const SINCE: super::Argument =
    filter("from", "from", Kind::Text, "Since then, such as 2030-01-31T00:00:00Z");
const UNTIL: super::Argument = filter("to", "to", Kind::Text, "Until then");

pub(super) static SESSIONS: Noun = Noun {
    name: "sessions",
    about: "Who is signed in to the portal",
    verbs: &[
        get(
            "list",
            "/admin/sessions",
            &[filter("user", "user_id", Kind::Named(USER), "Those of this user")],
            &["id", "user_name", "signed_in_by", "address", "last_seen_at", "created_at"],
            "Sessions, newest first",
        ),
        send("end", "DELETE", "/admin/sessions/{id}", &[id("id")], "Sign a session out"),
    ],
};

pub(super) static AUDIT: Noun = Noun {
    name: "audit",
    about: "Who changed what",
    verbs: &[
        get(
            "list",
            "/admin/audit",
            &[
                filter("action", "action", Kind::Text, "A noun, or noun.verb"),
                filter("actor", "actor_id", Kind::Named(USER), "Changes by this user"),
                filter("subject-id", "subject_id", Kind::Text, "Changes of what has this id"),
                filter("search", "search", Kind::Text, "Those with this text in a name"),
                SINCE,
                UNTIL,
            ],
            &["id", "at", "actor_name", "action", "subject_name", "address"],
            "Changes, newest first",
        ),
        get(
            "export",
            "/admin/audit/export",
            &[
                filter("format", "format", Kind::Text, "csv or ndjson"),
                filter("action", "action", Kind::Text, "A noun, or noun.verb"),
                SINCE,
                UNTIL,
            ],
            &[],
            "All changes, as a file on the standard output",
        ),
        get("verify", "/admin/audit/integrity", &[], &[], "Whether the log was tampered with"),
    ],
};

pub(super) static CONFIG: Noun = Noun {
    name: "config",
    about: "Settings of the deployment",
    verbs: &[
        get("show", "/admin/settings", &[], &[], "All settings"),
        send(
            "set",
            "PATCH",
            "/admin/settings",
            &[field("set", "*", Kind::List, "NAME=VALUE; NAME=none puts the default back")],
            "Change settings",
        ),
    ],
};

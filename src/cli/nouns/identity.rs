//! How people come in.

use super::{Kind, Noun, Verb, field, id, new_name, send, target};

const PROVIDER: &str = "/admin/identity-providers";

pub(super) static SCIM: Noun = Noun {
    name: "scim",
    about: "Tokens with which identity providers provision",
    verbs: &[
        Verb {
            name: "tokens",
            about: "The tokens of a provider",
            method: "GET",
            path: "/admin/identity-providers/{id}/scim-tokens",
            arguments: &[target("id", PROVIDER)],
            columns: &["id", "name", "prefix", "expires_at", "last_used_at", "created_at"],
        },
        send(
            "create-token",
            "POST",
            "/admin/identity-providers/{id}/scim-tokens",
            &[
                target("id", PROVIDER),
                new_name(),
                field("expires-at", "expires_at", Kind::Text, "When it ends"),
            ],
            "Make a token; it is shown this once",
        ),
        send(
            "delete-token",
            "DELETE",
            "/admin/identity-providers/{id}/scim-tokens/{token_id}",
            &[target("id", PROVIDER), id("token_id")],
            "Take a token away",
        ),
    ],
};

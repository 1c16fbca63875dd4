//! How people come in.

use super::table::TEAM;
use super::{Argument, Kind, Noun, Verb, field, get, id, new_name, send, target};

const PROVIDER: &str = "/admin/identity-providers";

const ENABLED: Argument =
    field("enabled", "enabled", Kind::Boolean, "Whether people and tokens of it come in");
const ISSUER: Argument = field("issuer", "oidc.issuer", Kind::Text, "The OpenID issuer");
const CLIENT_ID: Argument =
    field("client-id", "oidc.client_id", Kind::Text, "The client's id there");
const SCOPES: Argument = field("scopes", "oidc.scopes", Kind::List, "The scopes, with commas");
const USER_CLAIM: Argument =
    field("user-claim", "oidc.user_claim", Kind::Text, "The claim that tells who somebody is");
const GROUPS_CLAIM: Argument =
    field("groups-claim", "oidc.groups_claim", Kind::Text, "The claim with the groups");
const ADMIN_GROUPS: Argument =
    field("admin-groups", "oidc.admin_groups", Kind::List, "Groups of admins, with commas");
const TEAM_GROUPS: Argument =
    field("team-groups", "oidc.team_groups", Kind::Json, "Ids of teams by the names of groups");
const DOMAINS: Argument =
    field("allowed-domains", "oidc.allowed_domains", Kind::List, "Whose addresses may come in");
const PROVISION: Argument =
    field("auto-provision", "oidc.auto_provision", Kind::Boolean, "Whether strangers get a user");
const ROLE: Argument = field("default-role", "oidc.default_role", Kind::Text, "admin or member");
const PROVISIONING: Argument = field(
    "provisioning",
    "provisioning",
    Kind::Json,
    "What groups make of people where it only provisions, as JSON",
);
const IN_TEAM: Argument =
    field("default-team", "oidc.default_team_id", Kind::Named(TEAM), "The team of new users");

pub(super) static IDPS: Noun = Noun {
    name: "idps",
    about: "Identity providers; a client's secret is set in the portal, not on a command line",
    verbs: &[
        get("list", PROVIDER, &[], &["id", "name", "kind", "enabled", "created_at"], "Providers"),
        get(
            "show",
            "/admin/identity-providers/{id}",
            &[target("id", PROVIDER)],
            &[],
            "One provider",
        ),
        send(
            "create",
            "POST",
            PROVIDER,
            &[
                new_name(),
                ENABLED,
                ISSUER,
                CLIENT_ID,
                SCOPES,
                USER_CLAIM,
                GROUPS_CLAIM,
                ADMIN_GROUPS,
                TEAM_GROUPS,
                DOMAINS,
                PROVISION,
                ROLE,
                IN_TEAM,
                PROVISIONING,
            ],
            "Make a provider; without an issuer it only provisions",
        ),
        send(
            "edit",
            "PATCH",
            "/admin/identity-providers/{id}",
            &[
                target("id", PROVIDER),
                field("name", "name", Kind::Text, "The name"),
                ENABLED,
                ISSUER,
                CLIENT_ID,
                SCOPES,
                USER_CLAIM,
                GROUPS_CLAIM,
                ADMIN_GROUPS,
                TEAM_GROUPS,
                DOMAINS,
                PROVISION,
                ROLE,
                IN_TEAM,
                PROVISIONING,
            ],
            "Change a provider",
        ),
        send(
            "test",
            "POST",
            "/admin/identity-providers/{id}/test",
            &[target("id", PROVIDER)],
            "Try a provider: its document, its keys, and whether it knows the client",
        ),
        send(
            "delete",
            "DELETE",
            "/admin/identity-providers/{id}",
            &[target("id", PROVIDER)],
            "Take a provider away",
        ),
    ],
};

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

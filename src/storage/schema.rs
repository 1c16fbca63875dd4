//! The tables as diesel sees them.

diesel::table! {
    /// API keys; `key_hash` is the SHA-256 of the whole key.
    api_keys (id) {
        id -> Uuid,
        name -> Text,
        key_hash -> Bytea,
        user_id -> Uuid,
        team_id -> Nullable<Uuid>,
        requests_per_minute -> Nullable<Integer>,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        prefix -> Nullable<Text>,
        models -> Nullable<Array<Text>>,
        tokens_per_minute -> Nullable<Integer>,
        concurrent_streams -> Nullable<Integer>,
        replaces -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// People, and what they may do.
    users (id) {
        id -> Uuid,
        name -> Text,
        role -> Text,
        team_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        email -> Nullable<Text>,
        active -> Bool,
        requests_per_minute -> Nullable<Integer>,
        tokens_per_minute -> Nullable<Integer>,
        concurrent_streams -> Nullable<Integer>,
    }
}

diesel::table! {
    /// Groups of people with a budget, routing and limits of their own.
    teams (id) {
        id -> Uuid,
        name -> Text,
        created_at -> Timestamptz,
        models -> Nullable<Array<Text>>,
        requests_per_minute -> Nullable<Integer>,
        tokens_per_minute -> Nullable<Integer>,
        concurrent_streams -> Nullable<Integer>,
        routing_strategy -> Nullable<Text>,
    }
}

diesel::table! {
    /// AWS accounts and regions as reached with one credential.
    endpoints (id) {
        id -> Uuid,
        name -> Text,
        region -> Text,
        geography -> Nullable<Text>,
        credential -> Text,
        role_arn -> Nullable<Text>,
        external_id -> Nullable<Text>,
        session_tags -> Bool,
        api_key -> Nullable<Bytea>,
        runtime_url -> Nullable<Text>,
        control_url -> Nullable<Text>,
        priority -> Integer,
        enabled -> Bool,
        is_default -> Bool,
        created_at -> Timestamptz,
        guardrail_id -> Nullable<Text>,
        guardrail_version -> Nullable<Text>,
    }
}

diesel::table! {
    /// Application inference profiles of an endpoint.
    endpoint_profiles (endpoint_id, model) {
        endpoint_id -> Uuid,
        model -> Text,
        profile -> Text,
    }
}

diesel::table! {
    /// Names that admins have given to models.
    model_mappings (id) {
        id -> Uuid,
        name -> Text,
        target -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// A team's endpoints, in the order of preference.
    team_endpoints (team_id, endpoint_id) {
        team_id -> Uuid,
        endpoint_id -> Uuid,
        position -> Integer,
    }
}

diesel::table! {
    /// Who changed what, each row chained to the one before it by its hash.
    audit (id) {
        id -> BigInt,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        actor_name -> Text,
        credential -> Nullable<Text>,
        address -> Nullable<Text>,
        action -> Text,
        subject_id -> Nullable<Text>,
        subject_name -> Text,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
        previous_hash -> Bytea,
        hash -> Bytea,
    }
}

diesel::table! {
    /// Settings of the deployment, a JSON value each.
    settings (name) {
        name -> Text,
        value -> Jsonb,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Browsers that are signed in.
    portal_sessions (id) {
        id -> Uuid,
        secret_hash -> Bytea,
        user_id -> Nullable<Uuid>,
        signed_in_by -> Text,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        provider_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// What an OpenID provider needs beyond its name; `client_secret` is sealed.
    oidc_providers (provider_id) {
        provider_id -> Uuid,
        issuer -> Text,
        client_id -> Text,
        client_secret -> Nullable<Bytea>,
        audiences -> Array<Text>,
        scopes -> Array<Text>,
        jwks_url -> Nullable<Text>,
        user_claim -> Text,
        groups_claim -> Text,
        admin_groups -> Array<Text>,
        team_groups -> Jsonb,
        allowed_domains -> Array<Text>,
        link_by_email -> Bool,
        auto_provision -> Bool,
        default_role -> Text,
        default_team_id -> Nullable<Uuid>,
        configured_by -> Text,
    }
}

diesel::table! {
    /// Who somebody is: a provider and what it calls them.
    identities (provider_id, subject) {
        provider_id -> Uuid,
        subject -> Text,
        user_id -> Uuid,
        email -> Nullable<Text>,
        created_at -> Timestamptz,
        last_sign_in_at -> Timestamptz,
    }
}

diesel::table! {
    /// Sign-ins of clients that wait for somebody to confirm their code.
    device_authorizations (id) {
        id -> Uuid,
        device_code_hash -> Bytea,
        user_code -> Text,
        surface -> Text,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        polled_at -> Nullable<Timestamptz>,
        decided_at -> Nullable<Timestamptz>,
        approved -> Nullable<Bool>,
        user_id -> Nullable<Uuid>,
        provider_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Clients that are signed in.
    client_sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        provider_id -> Nullable<Uuid>,
        surface -> Text,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What keeps a client signed in, each used once; by its SHA-256.
    refresh_tokens (token_hash) {
        token_hash -> Bytea,
        session_id -> Uuid,
        created_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Passwords, as argon2id hashes.
    passwords (user_id) {
        user_id -> Uuid,
        hash -> Text,
        configured_hash -> Nullable<Text>,
        is_default -> Bool,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    /// What an endpoint's profile takes, beyond the capability table.
    verdicts (id) {
        id -> Uuid,
        endpoint -> Text,
        profile -> Text,
        kind -> Text,
        name -> Text,
        taken -> Bool,
        source -> Text,
        reason -> Text,
        expires_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Where people come from: who signs them in, and who provisions them.
    identity_providers (id) {
        id -> Uuid,
        name -> Text,
        kind -> Text,
        enabled -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        provisioning -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// What may be spent by whom.
    budgets (id) {
        id -> Uuid,
        target -> Text,
        subject_id -> Uuid,
        period -> Text,
        amount_nanos -> Nullable<BigInt>,
        policy -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        subject_name -> Text,
    }
}

diesel::table! {
    /// With what a provider's provisioning comes in.
    scim_tokens (id) {
        id -> Uuid,
        provider_id -> Uuid,
        name -> Text,
        token_hash -> Bytea,
        prefix -> Text,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Users that a provider has provisioned.
    scim_users (user_id) {
        user_id -> Uuid,
        provider_id -> Uuid,
        user_name -> Text,
        external_id -> Nullable<Text>,
        attributes -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// With what a setup script fetches an API key, once.
    setup_tokens (id) {
        id -> Uuid,
        token_hash -> Bytea,
        user_id -> Uuid,
        key_name -> Text,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Groups that a provider has provisioned.
    scim_groups (id) {
        id -> Uuid,
        provider_id -> Uuid,
        display_name -> Text,
        external_id -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Who is in which of them.
    scim_members (group_id, user_id) {
        group_id -> Uuid,
        user_id -> Uuid,
    }
}

diesel::joinable!(scim_tokens -> identity_providers (provider_id));
diesel::joinable!(scim_users -> users (user_id));
diesel::joinable!(scim_members -> scim_groups (group_id));
diesel::joinable!(scim_members -> scim_users (user_id));
diesel::table! {
    /// Where notifications go; `sealed` has a webhook's address and secrets.
    notification_destinations (id) {
        id -> Uuid,
        name -> Text,
        kind -> Text,
        target -> Text,
        sealed -> Nullable<Bytea>,
        categories -> Array<Text>,
        state -> Text,
        replaces -> Nullable<Uuid>,
        tested_at -> Nullable<Timestamptz>,
        test_error -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(oidc_providers -> identity_providers (provider_id));
diesel::joinable!(portal_sessions -> identity_providers (provider_id));
diesel::joinable!(client_sessions -> identity_providers (provider_id));
diesel::joinable!(client_sessions -> users (user_id));
diesel::joinable!(refresh_tokens -> client_sessions (session_id));
diesel::joinable!(identities -> users (user_id));
diesel::joinable!(identities -> identity_providers (provider_id));
diesel::joinable!(passwords -> users (user_id));
diesel::joinable!(portal_sessions -> users (user_id));
diesel::joinable!(api_keys -> teams (team_id));
diesel::joinable!(api_keys -> users (user_id));
diesel::joinable!(users -> teams (team_id));
diesel::allow_tables_to_appear_in_same_query!(endpoints, team_endpoints);
diesel::joinable!(team_endpoints -> endpoints (endpoint_id));
diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    client_sessions,
    identities,
    identity_providers,
    oidc_providers,
    passwords,
    portal_sessions,
    refresh_tokens,
    scim_groups,
    scim_members,
    scim_tokens,
    scim_users,
    teams,
    users,
);

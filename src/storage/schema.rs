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

diesel::joinable!(api_keys -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(api_keys, users);

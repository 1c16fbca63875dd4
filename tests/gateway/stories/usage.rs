//! One row of usage for each authenticated request, whatever became of it.

use crate::support::answers::{self, MODEL};
use crate::support::rows;
use crate::support::upstream::Script;
use crate::support::world::{World, plain, streaming};

#[test]
fn a_completed_stream_is_counted_in_all_its_tokens() {
    let world = World::start();
    world.upstream.next(Script::events(&answers::whole(9)).end());
    let mut incoming = streaming()
        .header("x-claude-code-session-id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427")
        .header("x-claude-code-agent-id", "agent-7")
        .header("user-agent", "claude-cli/2.1.330 (external, sdk-cli)")
        .open(world.address());
    incoming.events();
    let row = &rows::usage(&world.database, 1)[0];
    rows::assert_columns(
        row,
        &[
            ("request_id", &incoming.request_id()),
            ("session_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
            ("agent_id", "agent-7"),
            ("client_version", "2.1.330"),
            ("model", MODEL),
            ("profile", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("streaming", "t"),
            ("input_tokens", "11"),
            ("output_tokens", "9"),
            ("cache_read_tokens", "7"),
            ("cache_write_5m_tokens", "5"),
            ("cache_write_1h_tokens", "3"),
            ("tokens_estimated", "f"),
            ("outcome", "completed"),
            ("status", "200"),
            ("stop_reason", "end_turn"),
        ],
    );
    assert!(row["error_type"].is_none(), "{row:?}");
    for present in ["started_at", "ended_at", "endpoint", "first_token_ms"] {
        assert!(row[present].is_some(), "no {present} in {row:?}");
    }
    let cost: i64 = row["cost_nanos"].as_deref().unwrap().parse().unwrap();
    assert!(cost > 0, "{row:?}");
}

#[test]
fn a_completed_message_is_counted_in_all_its_tokens() {
    let world = World::start();
    let reply = world.ask(Script::reply(200, &answers::message()));
    let row = &rows::usage(&world.database, 1)[0];
    rows::assert_columns(
        row,
        &[
            ("request_id", reply.header("request-id")),
            ("streaming", "f"),
            ("input_tokens", "11"),
            ("output_tokens", "4"),
            ("cache_read_tokens", "7"),
            ("cache_write_5m_tokens", "5"),
            ("cache_write_1h_tokens", "3"),
            ("outcome", "completed"),
            ("status", "200"),
            ("stop_reason", "end_turn"),
        ],
    );
}

#[test]
fn what_the_gateway_itself_refuses_is_rejected_and_costs_nothing() {
    let world = World::start();
    let refused = [
        plain().body("{"),
        plain().body(r#"{"model":"claude-nonesuch","max_tokens":1,"messages":[{"role":"user","content":"x"}]}"#),
    ];
    for (number, request) in refused.iter().enumerate() {
        let reply = request.send(world.address());
        let rows = rows::usage(&world.database, number + 1);
        let row = &rows[number];
        rows::assert_columns(
            row,
            &[
                ("request_id", reply.header("request-id")),
                ("outcome", "rejected"),
                ("status", &reply.status.to_string()),
                ("input_tokens", "0"),
                ("output_tokens", "0"),
                ("cost_nanos", "0"),
            ],
        );
    }
}

#[test]
fn requests_without_a_valid_key_leave_no_row() {
    let world = World::start();
    let stranger = plain().without("x-api-key").send(world.address());
    assert_eq!(stranger.status, 401);
    let known = plain().send(world.address());
    let row = &rows::usage(&world.database, 1)[0];
    rows::assert_columns(row, &[("request_id", known.header("request-id"))]);
}

#[test]
fn a_row_names_the_key_and_its_owner() {
    let world = World::start();
    plain().send(world.address());
    let row = &rows::usage(&world.database, 1)[0];
    let key = &world.database.sql("select id, user_id, team_id from api_keys")[0];
    assert_eq!(row["key_id"], key["id"]);
    assert_eq!(row["user_id"], key["user_id"]);
    assert_eq!(row["team_id"], key["team_id"]);
}

#[test]
fn a_journal_that_cannot_be_written_loses_no_record() {
    let world = World::start();
    std::fs::remove_dir_all(world.gateway.process.data_dir().join("journal")).unwrap();
    for _ in 0..3 {
        assert_eq!(plain().send(world.address()).status, 200);
    }
    rows::usage(&world.database, 3);
}

//! What clients learn about the models.

use serde_json::Value;

use crate::support::client::Request;
use crate::support::gateway::KEY;
use crate::support::world::World;

fn get(world: &World, path: &str) -> Value {
    let reply = Request::get(path).x_api_key(KEY).send(world.address());
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    assert!(!reply.header("request-id").is_empty());
    reply.json()
}

#[test]
fn the_list_pages_in_both_directions_without_asking_bedrock() {
    let world = World::start();
    let all = get(&world, "/v1/models?limit=1000");
    let data = all["data"].as_array().unwrap();
    assert_eq!(all["has_more"], false);
    assert_eq!((&all["first_id"], &all["last_id"]), (&data[0]["id"], &data.last().unwrap()["id"]));
    for entry in data {
        assert_eq!(entry["type"], "model", "{entry}");
        // Claude Code drops ids without it.
        assert!(entry["id"].as_str().unwrap().contains("claude"), "{entry}");
        assert!(entry["display_name"].as_str().unwrap().starts_with("Claude "), "{entry}");
        assert!(entry["created_at"].as_str().unwrap().ends_with("T00:00:00Z"), "{entry}");
    }

    let first = get(&world, "/v1/models?limit=2");
    assert_eq!((&first["data"][1], &first["has_more"]), (&data[1], &Value::Bool(true)));
    let last = first["last_id"].as_str().unwrap();
    let second = get(&world, &format!("/v1/models?limit=2&after_id={last}"));
    assert_eq!(second["data"][0], data[2]);
    let third = data[2]["id"].as_str().unwrap();
    let back = get(&world, &format!("/v1/models?limit=2&before_id={third}"));
    assert_eq!(back["data"], first["data"]);
    assert_eq!(back["has_more"], false);
    assert_eq!(get(&world, "/v1/models")["data"].as_array().unwrap().len(), 20);
    assert_eq!(world.upstream.count(), 0);
}

#[test]
fn a_model_is_found_by_each_of_its_names() {
    let world = World::start();
    for name in [
        "claude-sonnet-4-5-20250929",
        "claude-sonnet-4-5",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1:1:inference-profile%2Fus.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ] {
        let model = get(&world, &format!("/v1/models/{name}?beta=true"));
        assert_eq!(model["id"], "claude-sonnet-4-5-20250929", "{name}");
        assert_eq!(model["created_at"], "2025-09-29T00:00:00Z");
        assert_eq!(
            (&model["max_input_tokens"], &model["max_tokens"]),
            (&200_000.into(), &64_000.into())
        );
    }
    let long = get(&world, "/v1/models/claude-sonnet-4-5%5B1m%5D");
    assert_eq!(long["id"], "claude-sonnet-4-5-20250929[1m]");
    assert_eq!(long["max_input_tokens"], 1_000_000);
    let undated = get(&world, "/v1/models/opus");
    assert_eq!(undated["created_at"], "1970-01-01T00:00:00Z");
}

#[test]
fn bad_questions_about_models_are_refused_in_the_shape_of_the_api() {
    let world = World::start();
    for (query, named) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("after_id=claude-nonesuch", "claude-nonesuch"),
        ("after_id=a&before_id=b", "before_id"),
        ("limit=1&limit=2", "limit"),
    ] {
        let path = format!("/v1/models?{query}");
        let reply = Request::get(&path).x_api_key(KEY).send(world.address());
        reply.assert_error(400, "invalid_request_error");
        assert!(reply.text().contains(named), "{query}: {}", reply.text());
    }
    for path in ["/v1/models/claude-nonesuch", "/v1/models/"] {
        let reply = Request::get(path).x_api_key(KEY).send(world.address());
        reply.assert_error(404, "not_found_error");
    }
    for path in ["/v1/models", "/v1/models/opus"] {
        Request::get(path).send(world.address()).assert_error(401, "authentication_error");
        let reply = Request::post(path).x_api_key(KEY).send(world.address());
        reply.assert_error(405, "invalid_request_error");
    }
}

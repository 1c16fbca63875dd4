use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn ann() -> Attributes {
    read(
        &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "USERNAME": "Ann@Example.com",
            "externalId": "aBc",
            "id": "made up",
            "name": { "givenName": "Ann", "familyName": "Ünal" },
            "title": null,
            "active": "True",
            "emails": [
                { "value": "ann@example.com", "type": "work", "primary": true },
                { "value": "ann@home.example", "type": "home" },
            ],
            "unknown": 1,
            ENTERPRISE: { "department": "Tools", "manager": "m1" },
        }),
        &USER,
    )
    .unwrap()
}

fn fits(filter: &str) -> bool {
    let filter = parse(filter).unwrap_or_else(|fault| panic!("{filter}: {fault}"));
    let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    matches(&filter, &assemble(&USER, "u1", ann(), (now, now), "http://g/scim/v2"), &USER)
}

#[test]
fn a_resource_is_brought_to_the_schemas_names_and_types() {
    let ann = ann();
    assert_eq!(ann["userName"], "Ann@Example.com");
    assert_eq!(ann["active"], true);
    assert_eq!(ann[ENTERPRISE]["manager"], json!({ "value": "m1" }));
    for absent in ["id", "schemas", "title", "unknown"] {
        assert!(!ann.contains_key(absent), "{absent}");
    }
    for (bad, word) in [
        (json!([]), "object"),
        (json!({ "schemas": ["urn:x"], "userName": "a" }), "schemas"),
        (json!({ "displayName": "a" }), "userName is required"),
        (json!({ "userName": 7 }), "userName takes text"),
        (json!({ "userName": "a\0" }), "NUL"),
        (json!({ "userName": "a", "active": "yes" }), "true or false"),
        (json!({ "userName": "a", "name": [] }), "an object"),
        (
            json!({ "userName": "a", "emails": [{ "value": "x", "primary": true }, { "value": "y", "primary": true }] }),
            "primary",
        ),
    ] {
        let fault = read(&bad, &USER).unwrap_err();
        assert!(fault.detail.contains(word), "{bad}: {fault}");
    }
}

#[test]
fn filters_fit_as_the_standard_says() {
    for filter in [
        r#"userName eq "ann@example.COM""#,
        r#"USERNAME Eq "ann@example.com" and Title pr or active eq true"#,
        r#"not (userName sw "b") and (title eq null)"#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName co "@EXAMPLE""#,
        r#"name.familyName ew "ünal""#,
        r#"externalId eq "aBc""#,
        r#"emails pr and emails co "home.example""#,
        r#"emails[type eq "work" and value sw "ann"]"#,
        r#"emails[not (type eq "other")]"#,
        r#"emails.type eq "home""#,
        &format!(r#"{ENTERPRISE}:department eq "tools""#),
        &format!("{ENTERPRISE} pr"),
        r#"meta.created ge "2023-11-14T22:13:20Z" and meta.lastModified lt "2030-01-01T00:00:00+01:00""#,
        r#"userName ne "bob" and nickName ne "x""#,
        r#"active eq "true" and active ne false"#,
        r#"userName gt "a" and userName le "z""#,
        r#"id eq "u1" and meta.resourceType eq "User""#,
    ] {
        assert!(fits(filter), "{filter}");
    }
    for filter in [
        r#"externalId eq "abc""#,
        r#"emails[type eq "work" and value co "home"]"#,
        r#"title pr"#,
        r#"userName eq "a" or userName eq "b" and active eq true"#,
        r#"unknown eq "x""#,
        r#"userName eq 7"#,
        r#"active eq false"#,
        r#"userName[value eq "x" and type eq "y"]"#,
    ] {
        assert!(!fits(filter), "{filter}");
    }
}

#[test]
fn what_is_no_filter_is_refused() {
    let deep = format!("{}a pr{}", "(".repeat(50), ")".repeat(50));
    for bad in [
        "",
        "userName",
        "userName eq",
        "userName xx \"a\"",
        "userName eq a",
        "(userName pr",
        "userName pr)",
        "userName eq \"a",
        "emails[type eq \"a\"",
        "and",
        "userName pr and",
        "ü eq \"a\"",
        "userName eq {}",
        &deep,
        &"a".repeat(9000),
    ] {
        assert_eq!(parse(bad).unwrap_err().kind, FaultKind::InvalidFilter, "{bad}");
    }
    assert!(parse("active gt true").unwrap().check(&USER).is_err());
    assert!(parse("active eq true and userName gt \"a\"").unwrap().check(&USER).is_ok());
    let narrow = parse(r#"userName eq "a" and (active eq true or externalId eq "b")"#).unwrap();
    assert_eq!((narrow.equal("username"), narrow.equal("externalId")), (Some("a"), None));
    assert!(parse("members[value pr]").unwrap().mentions("members"));
}

fn patched(operations: Value) -> Result<Attributes, Fault> {
    patch(&ann(), &json!({ "Operations": operations }), &USER)
}

#[test]
fn changes_do_what_the_standard_says() {
    let after = |operations: Value| patched(operations).unwrap();
    let one = after(json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    assert_eq!(one["active"], false);
    let several = after(json!([
        { "op": "add", "path": "name.middleName", "value": "B" },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@example.com" },
        { "op": "add", "path": "emails[type eq \"other\"].value", "value": "o@example.com" },
        { "op": "add", "path": "emails", "value": [{ "value": "p@example.com", "primary": true }] },
        { "op": "remove", "path": "emails[value eq \"ann@home.example\"]" },
        { "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Ops" },
        { "op": "remove", "path": format!("{ENTERPRISE}:manager") },
        { "op": "remove", "path": "externalId" },
    ]));
    assert_eq!(
        several["name"],
        json!({ "givenName": "Ann", "familyName": "Ünal", "middleName": "B" })
    );
    assert_eq!(
        several["emails"],
        json!([
            { "value": "new@example.com", "type": "work", "primary": false },
            { "type": "other", "value": "o@example.com" },
            { "value": "p@example.com", "primary": true },
        ])
    );
    assert_eq!(several[ENTERPRISE], json!({ "department": "Ops" }));
    assert!(!several.contains_key("externalId"));
    let by_names = after(json!([{ "op": "replace", "value": {
        "id": "x", "name.givenName": "Anna", "active": false, "unknown": 1,
        format!("{ENTERPRISE}:costCenter"): "7", ENTERPRISE: { "division": "D" },
    } }]));
    assert_eq!(by_names["name"]["givenName"], "Anna");
    assert_eq!(by_names[ENTERPRISE]["costCenter"], "7");
    assert_eq!(by_names[ENTERPRISE]["division"], "D");
    assert_eq!(by_names[ENTERPRISE]["department"], "Tools");
    let gone = after(
        json!([{ "op": "remove", "path": ENTERPRISE }, { "op": "remove", "path": "emails" }]),
    );
    assert!(!gone.contains_key(ENTERPRISE) && !gone.contains_key("emails"));
}

#[test]
fn members_come_and_go_by_their_id() {
    let group =
        read(&json!({ "displayName": "g", "members": [{ "value": "1" }] }), &GROUP).unwrap();
    let body = json!({ "Operations": [
        { "op": "add", "path": "members", "value": [{ "value": "1" }, { "value": "2", "type": "User" }, { "value": "3" }] },
        { "op": "remove", "path": "members", "value": [{ "value": "1" }] },
        { "op": "remove", "path": "members[value eq \"3\"]" },
    ] });
    let changed = patch(&group, &body, &GROUP).unwrap();
    assert_eq!(changed["members"], json!([{ "value": "2", "type": "User" }]));
}

#[test]
fn a_wrong_change_changes_nothing_and_says_why() {
    for (operation, kind) in [
        (json!({ "op": "move", "path": "title" }), FaultKind::InvalidSyntax),
        (json!({ "op": "remove" }), FaultKind::NoTarget),
        (
            json!({ "op": "replace", "path": "emails[type eq \"x\"].value", "value": "v" }),
            FaultKind::NoTarget,
        ),
        (json!({ "op": "add", "path": "id", "value": "x" }), FaultKind::Mutability),
        (json!({ "op": "add", "path": "meta.created", "value": "x" }), FaultKind::Mutability),
        (json!({ "op": "remove", "path": "userName" }), FaultKind::Mutability),
        (json!({ "op": "add", "path": "colour", "value": "x" }), FaultKind::InvalidPath),
        (json!({ "op": "add", "path": "emails[", "value": "x" }), FaultKind::InvalidPath),
        (json!({ "op": "add", "path": "title[a pr]", "value": "x" }), FaultKind::InvalidPath),
        (json!({ "op": "add", "path": "active", "value": "maybe" }), FaultKind::InvalidValue),
        (json!({ "op": "add", "value": "x" }), FaultKind::InvalidSyntax),
    ] {
        assert_eq!(patched(json!([operation])).unwrap_err().kind, kind, "{operation}");
    }
    assert!(patch(&ann(), &json!({}), &USER).is_err());
}

#[test]
fn what_is_shown_follows_what_is_asked() {
    let now = chrono::DateTime::UNIX_EPOCH;
    let shown = |only, without| {
        let whole = assemble(&USER, "u1", ann(), (now, now), "b");
        Value::Object(Projection::of(only, without).apply(whole, &USER))
    };
    let some = shown(Some("userName, emails.value,emails.type,urn:x:y"), None);
    assert_eq!(some["emails"][0], json!({ "value": "ann@example.com", "type": "work" }));
    assert_eq!(some.as_object().unwrap().len(), 4, "{some}");
    let rest = shown(None, Some("emails,name.givenName,id,schemas,meta"));
    assert_eq!(rest["name"], json!({ "familyName": "Ünal" }));
    assert!(rest.get("id").is_some() && rest.get("emails").is_none() && rest.get("meta").is_none());
    assert!(!Projection::of(None, Some("Members")).shows("members", &GROUP));
    assert!(!Projection::of(Some("displayName"), None).shows("members", &GROUP));
    assert!(Projection::default().shows("members", &GROUP));
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader_of_filters(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_words_break_it_either(words in proptest::collection::vec(
        prop_oneof!["userName", "eq", "and", "or", "not", "\\(", "\\)", "\\[", "\\]", "\"ü\"", "pr", "emails", "-1", "true"], 0..20)) {
        if let Ok(filter) = parse(&words.join(" ")) {
            let _ = matches(&filter, &ann(), &USER);
        }
    }
}

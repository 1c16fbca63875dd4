use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn whole(body: &Bytes) -> Span {
    Span { start: 0, end: body.len() }
}

fn without(text: &str, names: &[&str]) -> String {
    let body = body(text);
    let mut edits = Edits::default();
    edits.remove_members(&body, whole(&body), |key| names.iter().any(|name| key.is(&body, name)));
    String::from_utf8(edits.apply(&body).to_vec()).unwrap()
}

#[test]
fn no_edits_copy_nothing() {
    let body = body(r#"{"a":1}"#);
    assert_eq!(Edits::default().apply(&body).as_ptr(), body.as_ptr());
}

#[test]
fn members_go_with_one_comma_each() {
    let text = r#"{"a": 1 , "b" :[2], "c":{}}"#;
    assert_eq!(without(text, &["a"]), r#"{"b" :[2], "c":{}}"#);
    assert_eq!(without(text, &["b"]), r#"{"a": 1, "c":{}}"#);
    assert_eq!(without(text, &["c"]), r#"{"a": 1 , "b" :[2]}"#);
    assert_eq!(without(text, &["a", "b"]), r#"{"c":{}}"#);
    assert_eq!(without(text, &["a", "c"]), r#"{"b" :[2]}"#);
    assert_eq!(without(text, &["a", "b", "c"]), "{}");
    assert_eq!(without(text, &["d"]), text);
    assert_eq!(without("[1]", &["a"]), "[1]");
}

#[test]
fn an_edit_inside_a_removed_part_is_void() {
    let body = body("0123456789");
    let mut edits = Edits::default();
    edits.replace(Span { start: 4, end: 6 }, "inner");
    edits.remove(Span { start: 2, end: 8 });
    edits.insert(8, "a");
    edits.insert(8, "b");
    edits.replace(Span { start: 8, end: 9 }, "c");
    assert_eq!(edits.render(&body, Span { start: 3, end: 7 }), b"3inner6");
    assert_eq!(edits.apply(&body), "01abc9");
}

#[test]
fn the_result_is_allocated_once_and_full() {
    let body = body("0123456789");
    let mut edits = Edits::default();
    edits.insert(3, "xyz");
    edits.remove(Span { start: 5, end: 9 });
    let out = edits.render(&body, whole(&body));
    assert_eq!((out.len(), out.capacity()), (9, 9));
}

fn object() -> impl Strategy<Value = Vec<(String, Value)>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        "(?s).{0,12}".prop_map(Value::from),
        Just(json!({"x": [1, {"y": "\"\\"}]})),
    ];
    prop::collection::btree_map("[a-h\"é]{1,2}", leaf, 0..9)
        .prop_map(|map| map.into_iter().collect())
}

proptest! {
    #[test]
    fn edits_do_what_the_same_edits_on_values_do(
        members in object(),
        fates in prop::collection::vec(0u8..3, 9),
        pretty: bool,
    ) {
        let value = Value::Object(members.iter().cloned().collect::<Map<_, _>>());
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let body = body(&text);
        let mut expected = Map::new();
        let mut edits = Edits::default();
        let mut cursor = Cursor::new(&body).unwrap();
        let mut spans = Vec::new();
        cursor.object(|inner, key| {
            spans.push((key, inner.skip()?));
            Ok::<_, JsonError>(())
        }).unwrap();
        let mut items = Vec::new();
        for ((key, span), fate) in spans.into_iter().zip(fates) {
            let name = key.decode(&body).into_owned();
            match fate {
                0 => { expected.insert(name.clone(), value[&name].clone()); }
                1 => {
                    edits.replace(span, r#"["new"]"#);
                    expected.insert(name, json!(["new"]));
                }
                _ => edits.replace(span, "void where the member goes"),
            }
            items.push((Span { start: key.span.start, end: span.end }, fate == 2));
        }
        edits.remove_items(items);
        let out = edits.apply(&body);
        prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), Value::Object(expected));
    }

    #[test]
    fn arbitrary_edits_never_panic(spans in prop::collection::vec((0usize..40, 0usize..40), 0..8)) {
        let body = body("0123456789abcdefghijklmnopqrstuv");
        let mut edits = Edits::default();
        for (start, end) in spans {
            edits.replace(Span { start, end }, "-");
        }
        let _ = edits.apply(&body);
    }
}

use proptest::prelude::*;

use super::*;

fn accepts(bytes: &[u8]) -> bool {
    let read = || -> Result<Span, JsonError> {
        let mut cursor = Cursor::new(bytes)?;
        let span = cursor.skip()?;
        cursor.finish().map(|()| span)
    };
    read().is_ok()
}

fn agrees(bytes: &[u8]) {
    let theirs = serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    assert_eq!(accepts(bytes), theirs, "{}", String::from_utf8_lossy(bytes));
}

#[test]
fn the_corners_of_the_grammar_are_judged_as_serde_json_does() {
    for text in [
        "",
        " ",
        "1",
        "-",
        "-0",
        "01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "1E-7",
        "-0.0e0",
        "1e999",
        "0e999",
        "tru",
        "truex",
        "nul",
        "null ",
        "[]",
        "[ ]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{}",
        "{ }",
        "{,}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{a:1}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a":1}{"#,
        r#""a"#,
        r#""\x""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\ude00""#,
        r#""\ud83d\u0041""#,
        r#""\ud83dx""#,
        "\"\t\"",
        "\"\u{7f}\"",
        "\"\\",
        "\u{feff}{}",
        "\"1234567\\n89abcdef\"",
        "\"1234567\u{1}\"",
        "[[[[",
        "]",
        "}",
        ":",
        ",",
    ] {
        agrees(text.as_bytes());
    }
    agrees(b"\"\xff\"");
    agrees(&[b"1".repeat(400), b"e-300".to_vec()].concat());
    agrees(&b"9".repeat(400));
}

#[test]
fn the_depth_limit_is_that_of_serde_json() {
    for depth in [126, 127, 128, 129, 100_000] {
        agrees(&[b"[".repeat(depth), b"]".repeat(depth)].concat());
        agrees(&[br#"{"a":"#.repeat(depth), b"1".to_vec(), b"}".repeat(depth)].concat());
    }
}

#[test]
fn members_and_elements_come_with_their_spans() {
    let text = br#" { "a" : [1 , "x\n"], "\u0062":{} } "#;
    let mut cursor = Cursor::new(text).unwrap();
    let mut seen = Vec::new();
    cursor
        .object(|inner, key| {
            let value = inner.skip()?;
            seen.push((key.decode(text).into_owned(), value.of(text).to_vec()));
            assert!(key.is(text, &seen.last().unwrap().0));
            Ok::<_, JsonError>(())
        })
        .unwrap();
    cursor.finish().unwrap();
    assert_eq!(seen, [("a".into(), b"[1 , \"x\\n\"]".to_vec()), ("b".into(), b"{}".to_vec())]);
}

#[test]
fn an_error_says_where() {
    let mut cursor = Cursor::new(br#"{"a":tru}"#).unwrap();
    assert_eq!(cursor.skip().unwrap_err().to_string(), "expected a value at byte 5");
    assert_eq!(Cursor::new(b"ab\xff").unwrap_err().to_string(), "invalid UTF-8 at byte 2");
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "(?s).{0,40}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map("(?s).{0,9}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_judged_as_serde_json_does(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        agrees(&bytes);
    }

    #[test]
    fn arbitrary_text_of_json_letters_is_judged_alike(text in r#"[\[\]{}:,"\\u0-9a-eE+. \n-]{0,24}"#) {
        agrees(text.as_bytes());
        agrees(format!("\"{text}\"").as_bytes());
    }

    #[test]
    fn arbitrary_json_is_accepted_whole(value in value(), pretty: bool) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        let span = Cursor::new(&text).unwrap().skip().unwrap();
        prop_assert_eq!(span, Span { start: 0, end: text.len() });
    }

    #[test]
    fn mutated_json_is_judged_alike(value in value(), at: prop::sample::Index, byte: u8, cut: bool) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let at = at.index(text.len());
        if cut { text.truncate(at) } else { text[at] = byte }
        agrees(&text);
    }
}

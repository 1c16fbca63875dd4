//! Rust source to names and punctuation, and names to whole paths with groups spread out.

/// One name or one punctuation character; literals, comments and lifetimes are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Name(String),
    Mark(char),
}

/// Splits `source`; a raw name `r#x` comes out as `x`.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(&c) = text.get(at) {
        let next = text.get(at + 1).copied().unwrap_or(' ');
        at = match c {
            '/' if next == '/' => find(&text, at, |rest| rest[0] == '\n'),
            '/' if next == '*' => block_comment(&text, at),
            '"' => quoted(&text, at),
            '\'' => quote(&text, at),
            c if c.is_alphabetic() || c == '_' => {
                let end = find(&text, at, |rest| !rest[0].is_alphanumeric() && rest[0] != '_');
                let name: String = text[at..end].iter().collect();
                match (name.as_str(), text.get(end)) {
                    ("r" | "br" | "cr", Some('"' | '#')) => raw(&text, end),
                    ("b" | "c", Some('"')) => quoted(&text, end),
                    ("b", Some('\'')) => quote(&text, end),
                    _ => {
                        out.push(Token::Name(name));
                        end
                    }
                }
            }
            c => {
                if !c.is_whitespace() {
                    out.push(Token::Mark(c));
                }
                at + 1
            }
        };
    }
    out
}

fn find(text: &[char], from: usize, stop: impl Fn(&[char]) -> bool) -> usize {
    (from..text.len()).find(|at| stop(&text[*at..])).unwrap_or(text.len())
}

fn block_comment(text: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn quoted(text: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// A character literal is jumped over; of a lifetime only the quote and its name.
fn quote(text: &[char], from: usize) -> usize {
    match (text.get(from + 1), text.get(from + 2)) {
        (Some('\\'), _) => find(text, from + 3, |rest| rest[0] == '\'') + 1,
        (_, Some('\'')) => from + 3,
        _ => find(text, from + 1, |rest| !rest[0].is_alphanumeric() && rest[0] != '_'),
    }
}

/// From the first `#` or quote of a raw string, or of a raw name.
fn raw(text: &[char], from: usize) -> usize {
    let open = find(text, from, |rest| rest[0] != '#');
    if text.get(open) != Some(&'"') {
        return open;
    }
    let end: Vec<char> =
        std::iter::once('"').chain(std::iter::repeat_n('#', open - from)).collect();
    find(text, open + 1, |rest| rest.starts_with(&end)) + end.len()
}

/// A path as written, groups spread out, with the depth of inline modules around it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: Vec<String>,
    pub(crate) inline: usize,
}

/// All paths of the source, one for each leaf of a group.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Found> {
    let (mut found, mut at) = (Vec::new(), 0);
    let mut braces: Vec<bool> = Vec::new();
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Name(name) if name == "mod" => {
                let opens = tokens.get(at + 2) == Some(&Token::Mark('{'));
                braces.extend(opens.then_some(true));
                at += if opens { 3 } else { 2 };
                continue;
            }
            Token::Name(_) => {
                let inline = braces.iter().filter(|module| **module).count();
                let mut spread = Vec::new();
                at = tree(tokens, at, &[], &mut spread);
                found.extend(spread.into_iter().map(|path| Found { path, inline }));
                continue;
            }
            Token::Mark('{') => braces.push(false),
            Token::Mark('}') => drop(braces.pop()),
            Token::Mark(_) => {}
        }
        at += 1;
    }
    found
}

/// Reads one path or group that continues `prefix`; returns where it ends.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], out: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(at) {
            Some(Token::Name(name)) => path.push(name.clone()),
            Some(Token::Mark('*')) => path.push("*".to_owned()),
            Some(Token::Mark('{')) => return group(tokens, at + 1, &path, out),
            _ => break,
        }
        at += 1;
        let colons = [Some(&Token::Mark(':')); 2];
        if [tokens.get(at), tokens.get(at + 1)] != colons {
            break;
        }
        at += 2;
    }
    out.push(path);
    at
}

fn group(tokens: &[Token], mut at: usize, prefix: &[String], out: &mut Vec<Vec<String>>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Mark('}') => return at + 1,
            Token::Mark(',') => at += 1,
            Token::Name(name) if name == "as" => at += 2,
            Token::Name(_) | Token::Mark('{' | '*') => at = tree(tokens, at, prefix, out),
            Token::Mark(_) => at += 1,
        }
    }
    at
}

#[test]
fn literals_and_comments_hold_no_names() {
    let source = r####"
        // crate::a
        /* crate::b /* crate::c */ crate::d */
        let s = "crate::e \" crate::f"; let r = r#"crate::g " crate::h"#; let b = b"crate::i";
        let c = '"'; let e = '\''; let n = b'\n'; fn f<'crate_>(x: &'crate_ str) {}
        crate::kept
    "####;
    let named: Vec<String> = paths(&tokens(source))
        .into_iter()
        .filter(|found| found.path[0] == "crate")
        .map(|found| found.path.join("::"))
        .collect();
    assert_eq!(named, ["crate::kept"]);
}

#[test]
fn groups_are_spread_and_inline_modules_counted() {
    let source = "use crate::{a::{B, c as d}, e::*}; mod t { use super::f; mod u { g::<h>() } } i";
    let all: Vec<(String, usize)> = paths(&tokens(source))
        .into_iter()
        .map(|found| (found.path.join("::"), found.inline))
        .filter(|(path, _)| path != "use")
        .collect();
    let expected = [
        ("crate::a::B", 0),
        ("crate::a::c", 0),
        ("crate::e::*", 0),
        ("super::f", 1),
        ("g", 2),
        ("h", 2),
        ("i", 0),
    ]
    .map(|(path, inline)| (path.to_owned(), inline));
    assert_eq!(all, expected);
}

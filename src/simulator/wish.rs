//! Finds in what the user said the few things that the script can do, and the faults it can play.

/// A file to write, and perhaps to read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) content: String,
    pub(super) read_back: bool,
}

/// A fault that the prompt asks the simulated service to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Throttle,
    Overload,
    Cut,
    ErrorMidstream,
    Stall,
}

const FAULTS: &[(&str, Fault)] = &[
    ("[[throttle]]", Fault::Throttle),
    ("[[overload]]", Fault::Overload),
    ("[[cut]]", Fault::Cut),
    ("[[error-midstream]]", Fault::ErrorMidstream),
    ("[[stall]]", Fault::Stall),
];

const QUOTES: &[(char, char)] = &[('"', '"'), ('“', '”'), ('`', '`'), ('\'', '\'')];
const LONG: &[&str] = &["count slowly", "long story", "long tale", "very long answer"];
const SEARCH: &[&str] = &["search the web for", "web search for the query:", "web search for"];

/// Numbers that a long answer counts when the prompt names none.
const COUNT: usize = 600;
const MOST_COUNTED: usize = 5000;

/// The first fault that `prompt` names.
pub(super) fn fault(prompt: &str) -> Option<Fault> {
    let named = FAULTS.iter().find(|(mark, _)| prompt.contains(mark));
    named.map(|(_, fault)| *fault)
}

/// How far a prompt wants the script to count, or how long a story it wants.
pub(super) fn long(prompt: &str) -> Option<usize> {
    let lower = prompt.to_lowercase();
    LONG.iter().any(|phrase| lower.contains(phrase)).then(|| {
        let numbers = lower.split(|c: char| !c.is_ascii_digit());
        let asked = numbers.filter_map(|number| number.parse::<usize>().ok()).max();
        asked.unwrap_or(COUNT).clamp(1, MOST_COUNTED)
    })
}

/// What to search the web for.
pub(super) fn search(prompt: &str) -> Option<&str> {
    let lower = prompt.to_ascii_lowercase();
    let found = SEARCH.iter().find_map(|phrase| Some(lower.find(phrase)? + phrase.len()))?;
    let query = prompt.get(found..)?.trim().trim_matches('"');
    (!query.is_empty()).then_some(query)
}

/// The file that the user wants written, as in `write "hello" to note.txt and read it back`.
pub(super) fn file(prompt: &str) -> Option<File> {
    let lower = prompt.to_lowercase();
    let asks = |verb: &str| lower.split(|c: char| !c.is_alphabetic()).any(|word| word == verb);
    if !["write", "create", "save", "put"].iter().any(|verb| asks(verb)) {
        return None;
    }
    let quoted = quoted(prompt);
    let outside = quoted.iter().fold(prompt.to_owned(), |text, part| text.replacen(part, "", 1));
    let path = outside
        .split_whitespace()
        .map(bare)
        .find(|word| looks_like_file(word))
        .or_else(|| quoted.iter().map(|text| bare(text)).find(|word| looks_like_file(word)))?;
    let content = quoted.iter().find(|text| bare(text) != path);
    let content = match content {
        Some(text) => (*text).to_owned(),
        None => between(prompt, path)?,
    };
    Some(File { path: path.to_owned(), content, read_back: asks("read") })
}

/// All texts in quotes, in order.
fn quoted(prompt: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = prompt;
    while let Some((at, open)) = rest.char_indices().find(|(_, c)| opens(*c).is_some()) {
        let after = rest.get(at + open.len_utf8()..).unwrap_or_default();
        let close = opens(open).unwrap_or(open);
        // An apostrophe inside a word opens nothing.
        let inside_word = rest.get(..at).and_then(|before| before.chars().last());
        match after.split_once(close) {
            Some((text, left)) if !inside_word.is_some_and(char::is_alphanumeric) => {
                found.push(text);
                rest = left;
            }
            _ => rest = after,
        }
    }
    found
}

fn opens(c: char) -> Option<char> {
    let pair = QUOTES.iter().find(|(open, _)| *open == c);
    pair.map(|(_, close)| *close)
}

fn bare(word: &str) -> &str {
    let noise = |c: char| {
        matches!(c, '"' | '“' | '”' | '`' | '\'' | ',' | ';' | ':' | '!' | '?' | '(' | ')')
    };
    word.trim_matches(noise).trim_end_matches('.')
}

fn looks_like_file(word: &str) -> bool {
    let Some((stem, ending)) = word.rsplit_once('.') else {
        return word.starts_with('/') && word.len() > 1;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    !stem.is_empty() && (1..=8).contains(&ending.len()) && word.chars().all(plain)
}

/// The unquoted words between the verb and the file: `write hello world to note.txt`.
fn between(prompt: &str, path: &str) -> Option<String> {
    let (before, _) = prompt.split_once(path)?;
    let (_, words) = before.trim_start().split_once(' ')?;
    let words = words.trim().trim_end_matches(['"', '`', '\'']).trim_end();
    let (content, _) = words
        .rsplit_once(' ')
        .filter(|(_, link)| ["to", "into", "in", "named", "called", "file"].contains(link))?;
    Some(content.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(prompt: &str) -> Option<(String, String, bool)> {
        file(prompt).map(|file| (file.path, file.content, file.read_back))
    }

    #[test]
    fn files_are_found_however_they_are_asked_for() {
        let hello = |read: bool| Some(("note.txt".to_owned(), "hello".to_owned(), read));
        assert_eq!(told("write \"hello\" to note.txt and read it back"), hello(true));
        assert_eq!(told("Please write 'hello' into the file `note.txt`."), hello(false));
        assert_eq!(told("create note.txt containing “hello”, then read it"), hello(true));
        assert_eq!(told("write hello to note.txt and read it back"), hello(true));
        assert_eq!(told("save \"hello\" in \"note.txt\""), hello(false));
        let path = told("write \"a.b c\" to /tmp/x/deep.md").unwrap();
        assert_eq!((path.0.as_str(), path.1.as_str()), ("/tmp/x/deep.md", "a.b c"));
        assert_eq!(told("What does note.txt say?"), None);
        assert_eq!(told("write me a poem"), None);
        assert_eq!(told("don't write that, it's silly"), None);
    }

    #[test]
    fn long_answers_searches_and_faults_are_recognised() {
        assert_eq!(long("Please count slowly."), Some(COUNT));
        assert_eq!(long("Count slowly to 40, please"), Some(40));
        assert_eq!(long("tell me a long story"), Some(COUNT));
        assert_eq!(long("count my files"), None);
        assert_eq!(search("Perform a web search for the query: Rust 1.95"), Some("Rust 1.95"));
        assert_eq!(search("look around"), None);
        assert_eq!(fault("please [[stall]] now"), Some(Fault::Stall));
        assert_eq!(fault("please stall now"), None);
    }
}

//! The short code that somebody compares and confirms.

use crate::control::error::ControlError;
use crate::control::random;

/// The letters of codes: none that is taken for another, no vowels that make words.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// A new code.
///
/// # Errors
/// Where the system gives no randomness.
pub(super) fn make() -> Result<String, ControlError> {
    let mut code = String::new();
    while code.len() <= LENGTH {
        // Bytes that would make some letters more frequent than others are left out.
        let letters = random()?.into_iter().filter(|byte| *byte < 240);
        for letter in letters.filter_map(|byte| LETTERS.get(usize::from(byte) % LETTERS.len())) {
            if code.len() == LENGTH / 2 {
                code.push('-');
            }
            if code.len() <= LENGTH {
                code.push(char::from(*letter));
            }
        }
    }
    Ok(code)
}

/// A code as it is stored, however it was typed.
pub(super) fn canonical(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphabetic).take(LENGTH + 1);
    let mut code: String = letters.map(|c| c.to_ascii_uppercase()).collect();
    if code.len() == LENGTH {
        code.insert(LENGTH / 2, '-');
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_random_and_read_however_they_are_typed() {
        let codes: std::collections::HashSet<_> = (0..100).map(|_| make().unwrap()).collect();
        assert_eq!(codes.len(), 100);
        for code in &codes {
            assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'), "{code}");
            assert!(code.bytes().all(|letter| letter == b'-' || LETTERS.contains(&letter)));
            assert_eq!(canonical(&code.to_lowercase().replace('-', " ")), *code);
        }
        assert_eq!(canonical("bcdfghjklmn"), "BCDFGHJKL");
        assert_eq!(canonical(""), "");
    }
}

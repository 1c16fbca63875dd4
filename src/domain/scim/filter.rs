//! Filters (RFC 7644, section 3.4.2.2): read by the grammar's precedence, `not` before `and` before
//! `or`.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::Value;

use super::fault::Fault;
use super::lexer::{Word, words};
use super::path::Name;
use super::schema::{Kind, ResourceType};

/// How deep parentheses and brackets may go.
const MAX_DEPTH: usize = 40;

/// How an attribute is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Is the same.
    Eq,
    /// Is another.
    Ne,
    /// Has it in it.
    Co,
    /// Begins with it.
    Sw,
    /// Ends with it.
    Ew,
    /// Is greater or later.
    Gt,
    /// Is not less or earlier.
    Ge,
    /// Is less or earlier.
    Lt,
    /// Is not greater or later.
    Le,
}

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// The attribute has a value.
    Present(Name),
    /// The attribute compares so with the value.
    Compare(Name, Operator, Value),
    /// One value of the attribute fits the inner filter, whose names are of its sub-attributes.
    Element(Name, Box<Filter>),
    /// The inner filter does not fit.
    Not(Box<Filter>),
    /// Both fit.
    And(Box<Filter>, Box<Filter>),
    /// One fits.
    Or(Box<Filter>, Box<Filter>),
}

/// Reads a filter.
///
/// # Errors
/// Where it is none.
pub fn parse(text: &str) -> Result<Filter, Fault> {
    let mut parser = Parser::of(words(text)?);
    let filter = parser.or(0)?;
    parser.end()?;
    Ok(filter)
}

/// What reads words in turn.
pub(super) struct Parser(Peekable<IntoIter<Word>>);

impl Parser {
    pub(super) fn of(words: Vec<Word>) -> Self {
        Self(words.into_iter().peekable())
    }

    pub(super) fn next(&mut self) -> Option<Word> {
        self.0.next()
    }

    pub(super) fn takes(&mut self, mark: char) -> bool {
        self.0.next_if_eq(&Word::Mark(mark)).is_some()
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_it =
            |next: &Word| matches!(next, Word::Name(name) if name.eq_ignore_ascii_case(word));
        self.0.next_if(is_it).is_some()
    }

    pub(super) fn needs(&mut self, mark: char) -> Result<(), Fault> {
        if self.takes(mark) { Ok(()) } else { Err(Fault::filter(format!("{mark:?} is missing."))) }
    }

    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.next() {
            None => Ok(()),
            Some(_) => Err(Fault::filter("Something follows behind the end of the filter.")),
        }
    }

    pub(super) fn or(&mut self, depth: usize) -> Result<Filter, Fault> {
        let mut left = self.and(depth)?;
        while self.takes_word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and(depth)?));
        }
        Ok(left)
    }

    fn and(&mut self, depth: usize) -> Result<Filter, Fault> {
        let mut left = self.one(depth)?;
        while self.takes_word("and") {
            left = Filter::And(Box::new(left), Box::new(self.one(depth)?));
        }
        Ok(left)
    }

    fn one(&mut self, depth: usize) -> Result<Filter, Fault> {
        if depth >= MAX_DEPTH {
            return Err(Fault::filter("The filter is nested too deeply."));
        }
        if self.takes('(') {
            return self.inner(depth);
        }
        let Some(Word::Name(name)) = self.next() else {
            return Err(Fault::filter("The name of an attribute is missing."));
        };
        if name.eq_ignore_ascii_case("not") && self.takes('(') {
            return Ok(Filter::Not(Box::new(self.inner(depth)?)));
        }
        let name = Name::new(&name);
        if self.takes('[') {
            let inner = self.or(depth + 1)?;
            self.needs(']')?;
            return Ok(Filter::Element(name, Box::new(inner)));
        }
        self.comparison(name)
    }

    fn inner(&mut self, depth: usize) -> Result<Filter, Fault> {
        let filter = self.or(depth + 1)?;
        self.needs(')')?;
        Ok(filter)
    }

    fn comparison(&mut self, name: Name) -> Result<Filter, Fault> {
        let Some(Word::Name(word)) = self.next() else {
            return Err(Fault::filter(format!("An operator is missing behind {}.", name.text())));
        };
        let operator = match word.to_ascii_lowercase().as_str() {
            "pr" => return Ok(Filter::Present(name)),
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "co" => Operator::Co,
            "sw" => Operator::Sw,
            "ew" => Operator::Ew,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            _ => return Err(Fault::filter(format!("There is no operator {word:?}."))),
        };
        let value = match self.next() {
            Some(Word::Literal(value)) => value,
            Some(Word::Name(word)) => match word.to_ascii_lowercase().as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => return Err(Fault::filter(format!("{word:?} is no value: quote text."))),
            },
            _ => return Err(Fault::filter(format!("A value is missing behind {word}."))),
        };
        Ok(Filter::Compare(name, operator, value))
    }
}

impl Filter {
    /// Refuses orders among values that have none (RFC 7644: booleans, and parts of other values than
    /// text).
    ///
    /// # Errors
    /// The comparison that makes no sense.
    pub fn check(&self, kind: &ResourceType) -> Result<(), Fault> {
        match self {
            Self::Compare(name, operator, _) => {
                let place = name.place(kind);
                let of = place.and_then(|place| place.sub.or(place.attribute));
                let has_order = of.is_none_or(|attribute| attribute.kind != Kind::Boolean);
                if has_order || matches!(operator, Operator::Eq | Operator::Ne) {
                    return Ok(());
                }
                Err(Fault::filter(format!("{} is true or false only.", name.text())))
            }
            Self::Present(_) | Self::Element(..) => Ok(()),
            Self::Not(inner) => inner.check(kind),
            Self::And(left, right) | Self::Or(left, right) => {
                left.check(kind)?;
                right.check(kind)
            }
        }
    }

    /// The text that every match has as the attribute `name` (in any case), where the filter says so;
    /// lets a database find the few candidates.
    #[must_use]
    pub fn equal(&self, wanted: &str) -> Option<&str> {
        match self {
            Self::Compare(name, Operator::Eq, Value::String(value))
                if name.text().eq_ignore_ascii_case(wanted) =>
            {
                Some(value)
            }
            Self::And(left, right) => left.equal(wanted).or_else(|| right.equal(wanted)),
            _ => None,
        }
    }

    /// Whether the filter looks at this attribute of the resource's own schema.
    #[must_use]
    pub fn mentions(&self, attribute: &str) -> bool {
        let is_it = |name: &Name| {
            let rest = name.text().rsplit(':').next().unwrap_or_default();
            rest.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case(attribute))
        };
        match self {
            Self::Present(name) | Self::Compare(name, ..) | Self::Element(name, _) => is_it(name),
            Self::Not(inner) => inner.mentions(attribute),
            Self::And(left, right) | Self::Or(left, right) => {
                left.mentions(attribute) || right.mentions(attribute)
            }
        }
    }
}

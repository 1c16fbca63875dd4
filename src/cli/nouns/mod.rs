//! The management commands as data: `ccag NOUN VERB` is one call of the JSON API.

mod identity;
mod money;
mod operations;
mod routing;
mod table;

use clap::{Arg, ArgAction, Command};

pub use table::NOUNS;

/// Something that is managed.
#[derive(Debug)]
pub struct Noun {
    /// The word on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What can be done with it.
    pub verbs: &'static [Verb],
}

/// One call of the API.
#[derive(Debug)]
pub struct Verb {
    /// The word on the command line.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The route, as `/openapi.json` has it.
    pub path: &'static str,
    /// What it takes.
    pub arguments: &'static [Argument],
    /// The columns of a table of its answer, by their JSON names; empty means all.
    pub columns: &'static [&'static str],
}

/// Where an argument goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Into the route.
    Path,
    /// Behind the question mark.
    Query,
    /// Into the order's JSON.
    Body,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Text, several times.
    List,
    /// JSON; text that is none counts as text.
    Json,
    /// The id or the name of something that this route lists.
    Named(&'static str),
}

/// One argument.
#[derive(Debug)]
pub struct Argument {
    /// The option's name, or what a positional one is called.
    pub name: &'static str,
    /// The name in the API; dots lead into objects.
    pub field: &'static str,
    /// Where it goes.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
    /// Whether it stands without a name.
    pub is_positional: bool,
    help: &'static str,
}

/// What a route is about: the id or name of something that `list` lists.
const fn target(field: &'static str, list: &'static str) -> Argument {
    Argument {
        name: field,
        field,
        place: Place::Path,
        kind: Kind::Named(list),
        is_positional: true,
        help: "Its id or its name",
    }
}

/// The id of what a route is about, where nothing has a name.
const fn id(field: &'static str) -> Argument {
    Argument {
        name: field,
        field,
        place: Place::Path,
        kind: Kind::Text,
        is_positional: true,
        help: "Its id",
    }
}

/// The name that something new gets.
const fn new_name() -> Argument {
    Argument {
        name: "name",
        field: "name",
        place: Place::Body,
        kind: Kind::Text,
        is_positional: true,
        help: "Its name",
    }
}

/// A filter of a list.
const fn filter(
    name: &'static str,
    field: &'static str,
    kind: Kind,
    help: &'static str,
) -> Argument {
    Argument { name, field, place: Place::Query, kind, is_positional: false, help }
}

/// A field of an order.
const fn field(
    name: &'static str,
    field: &'static str,
    kind: Kind,
    help: &'static str,
) -> Argument {
    Argument { name, field, place: Place::Body, kind, is_positional: false, help }
}

const fn get(
    name: &'static str,
    path: &'static str,
    arguments: &'static [Argument],
    columns: &'static [&'static str],
    about: &'static str,
) -> Verb {
    Verb { name, about, method: "GET", path, arguments, columns }
}

const fn send(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    arguments: &'static [Argument],
    about: &'static str,
) -> Verb {
    Verb { name, about, method, path, arguments, columns: &[] }
}

/// The command line of a noun.
#[must_use]
pub fn command(noun: &'static Noun) -> Command {
    let verbs = noun.verbs.iter().map(|verb| {
        let command = Command::new(verb.name).about(verb.about);
        let command = command.args(verb.arguments.iter().map(|argument| option(argument, verb)));
        if verb.is_list() {
            let limit = Arg::new("limit").long("limit").value_name("NUMBER").default_value("50");
            let limit = limit.value_parser(clap::value_parser!(u32).range(1..=200));
            let all = Arg::new("all").long("all").action(ArgAction::SetTrue);
            return command
                .arg(limit.help("How many at the most"))
                .arg(all.help("All of them").conflicts_with("limit"));
        }
        command
    });
    Command::new(noun.name)
        .about(noun.about)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(verbs)
}

fn option(argument: &'static Argument, verb: &Verb) -> Arg {
    let arg = Arg::new(argument.name).help(argument.help);
    if argument.is_positional {
        return arg.required(true).value_name(argument.name);
    }
    let value = match argument.kind {
        Kind::Number => "NUMBER",
        Kind::Boolean => "true|false",
        Kind::Json => "JSON",
        Kind::Named(_) => "NAME|ID",
        Kind::Text | Kind::List => "TEXT",
    };
    let arg = arg.long(argument.name).value_name(value).allow_hyphen_values(true);
    match argument.kind {
        Kind::List => arg.action(ArgAction::Append).value_delimiter(','),
        _ if verb.method == "PATCH" => arg.help(format!("{}; `none` clears it", argument.help)),
        _ => arg,
    }
}

impl Verb {
    /// Whether it shows a page of a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.name == "list" || self.name.ends_with("-list") || self.name == "tokens"
    }
}

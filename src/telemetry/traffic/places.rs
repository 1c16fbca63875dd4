//! The closed sets of labels' values that no other room has, as enums: a value's place is its number.

use crate::domain::error::ErrorKind;

/// Names of an enum's values, whose places are their numbers.
macro_rules! places {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident: $label:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl $name {
            /// The values of the label, in the order of the enum.
            pub const NAMES: &'static [&'static str] = &[$($label),*];

            /// The place among [`Self::NAMES`].
            #[must_use]
            pub fn place(self) -> usize {
                self as usize
            }
        }
    };
}

places! {
    /// By which route a request came.
    Route {
        /// `/v1/messages`
        Messages: "messages",
        /// Bedrock's own routes.
        Native: "native",
    }
}

places! {
    /// Whose limit or budget refused a request.
    Scope {
        /// The API key's.
        Key: "key",
        /// The user's.
        User: "user",
        /// The team's.
        Team: "team",
        /// The gateway's own.
        Gateway: "gateway",
    }
}

places! {
    /// What was used up.
    Reason {
        /// Requests per minute.
        Requests: "requests",
        /// Tokens per minute.
        Tokens: "tokens",
        /// Streams at once.
        Concurrency: "concurrency",
        /// Money.
        Budget: "budget",
        /// Connections that the gateway serves at once.
        Capacity: "capacity",
        /// The gateway is shutting down.
        Draining: "draining",
    }
}

places! {
    /// What a call of Bedrock brought.
    Attempt {
        /// An answer began.
        Answer: "ok",
        /// A quota of the account is used up.
        Throttled: "throttled",
        /// The service has too much to do.
        Overloaded: "overloaded",
        /// The request was refused as wrong.
        Invalid: "invalid_request",
        /// The gateway's credential may not do this, or is no longer valid.
        Permission: "permission",
        /// There is no such model.
        NotFound: "not_found",
        /// The request was too large.
        TooLarge: "too_large",
        /// Nothing came in time.
        Timeout: "timeout",
        /// No connection, or it was lost.
        Connection: "connection",
        /// Anything else.
        Error: "error",
    }
}

impl Attempt {
    /// What a failed call was; `answered` where Bedrock itself refused.
    #[must_use]
    pub fn failed(kind: ErrorKind, answered: bool) -> Self {
        match kind {
            ErrorKind::Timeout => Self::Timeout,
            _ if !answered => Self::Connection,
            ErrorKind::RateLimit => Self::Throttled,
            ErrorKind::Overloaded | ErrorKind::Unavailable => Self::Overloaded,
            ErrorKind::InvalidRequest => Self::Invalid,
            ErrorKind::Permission | ErrorKind::Authentication => Self::Permission,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::RequestTooLarge => Self::TooLarge,
            _ => Self::Error,
        }
    }
}

impl Route {
    /// The route of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.starts_with("/model/") { Self::Native } else { Self::Messages }
    }
}

//! Who logs in to Postgres, with what: a password that stays, one that is rotated by somebody else, or a
//! token made for each connection.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use tokio_postgres::Config;
use tokio_postgres::error::SqlState;

/// How long a source is left alone that had nothing the server takes.
const PAUSE: Duration = Duration::from_secs(1);

/// A user, where it is not the configured one, and a password.
#[derive(Clone)]
pub struct Login {
    /// The role, where the source names it.
    pub user: Option<String>,
    /// The password, or the token in its place.
    pub password: SecretString,
}

impl Login {
    /// `config` with this login in it.
    #[must_use]
    pub fn on(&self, config: &Config) -> Config {
        let mut config = config.clone();
        if let Some(user) = &self.user {
            config.user(user);
        }
        config.password(self.password.expose_secret());
        config
    }

    fn is(&self, other: &Self) -> bool {
        self.user == other.user && self.password.expose_secret() == other.password.expose_secret()
    }
}

/// Where logins come from, outside of this process.
pub trait Logins: Send + Sync {
    /// The logins that may be right now, the likeliest first; or why there are none.
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<Login>, String>>;
}

/// How connections log in.
#[derive(Clone)]
pub enum LogIn {
    /// As the connection parameters say.
    Fixed,
    /// With a login that others rotate: the one that worked last, until it is refused.
    Rotated(Arc<Rotated>),
    /// With a login that is made for each connection.
    Each(Arc<dyn Logins>),
}

/// A login that others rotate.
pub struct Rotated {
    source: Arc<dyn Logins>,
    known: Mutex<Known>,
}

/// What is known of it.
struct Known {
    login: Option<Login>,
    asked_at: Option<Instant>,
}

impl LogIn {
    /// With what `source` has, beginning with the password in `config` where there is one.
    #[must_use]
    pub fn rotated(source: Arc<dyn Logins>, config: &Config) -> Self {
        let password = config.get_password().map(String::from_utf8_lossy);
        let login = password.map(|password| Login {
            user: config.get_user().map(str::to_owned),
            password: password.into_owned().into(),
        });
        let known = Mutex::new(Known { login, asked_at: None });
        Self::Rotated(Arc::new(Rotated { source, known }))
    }
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed => "Fixed",
            Self::Rotated(_) => "Rotated",
            Self::Each(_) => "Each",
        })
    }
}

/// Why no session was opened.
pub(super) enum NoSession {
    /// The server takes this login no longer, or not yet.
    Refused(String),
    /// Anything else.
    Failed(String),
}

impl From<tokio_postgres::Error> for NoSession {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = match std::error::Error::source(&error) {
            // The reason stands one level down.
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        let refusals = [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION];
        match error.code() {
            Some(code) if refusals.contains(code) => Self::Refused(text),
            _ => Self::Failed(text),
        }
    }
}

/// What logins open: the server, as seen from here.
pub(super) trait Door: Sync {
    /// What is behind it.
    type Session;

    /// Tries a login.
    fn open(&self, login: &Login) -> impl Future<Output = Result<Self::Session, NoSession>> + Send;
}

impl Rotated {
    /// Opens `door` with the login known, else with what the source has now.
    pub(super) async fn open<D: Door>(&self, door: &D) -> Result<D::Session, NoSession> {
        let tried = self.known.lock().await.login.clone();
        let refusal = match &tried {
            Some(login) => match door.open(login).await {
                Err(NoSession::Refused(refusal)) => refusal,
                done => return done,
            },
            None => "no password is known yet".to_owned(),
        };
        // Whoever is refused meanwhile waits here, and finds what the first has found.
        let mut known = self.known.lock().await;
        let renewed =
            known.login.clone().filter(|now| tried.as_ref().is_none_or(|old| !now.is(old)));
        if let Some(login) = renewed {
            return door.open(&login).await;
        }
        if known.asked_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(NoSession::Refused(refusal));
        }
        known.asked_at = Some(Instant::now());
        let logins = self.source.fetch().await.map_err(|reason| {
            NoSession::Failed(format!("{refusal}; and the current login cannot be read: {reason}"))
        })?;
        for login in logins {
            match door.open(&login).await {
                Err(NoSession::Refused(_)) => {}
                Ok(session) => {
                    *known = Known { login: Some(login), asked_at: None };
                    tracing::info!("Postgres takes the login that was read anew.");
                    return Ok(session);
                }
                failed => return failed,
            }
        }
        Err(NoSession::Refused(format!("{refusal}; and so is the login that was read anew")))
    }
}

/// Opens `door` with the first login of `source` that is taken.
pub(super) async fn open_each<D: Door>(
    source: &dyn Logins,
    door: &D,
) -> Result<D::Session, NoSession> {
    let mut refused = NoSession::Failed("there is no login".to_owned());
    for login in source.fetch().await.map_err(NoSession::Failed)? {
        match door.open(&login).await {
            Err(NoSession::Refused(reason)) => refused = NoSession::Refused(reason),
            done => return done,
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt as _;
    use futures_util::future::join_all;

    use super::*;

    /// A secret store that counts how often it is read.
    struct Store(StdMutex<Vec<&'static str>>, AtomicUsize);

    impl Logins for Store {
        fn fetch(&self) -> BoxFuture<'_, Result<Vec<Login>, String>> {
            self.1.fetch_add(1, Ordering::SeqCst);
            let passwords = self.0.lock().unwrap().clone();
            async move { Ok(passwords.into_iter().map(login).collect()) }.boxed()
        }
    }

    fn login(password: &str) -> Login {
        Login { user: None, password: password.to_owned().into() }
    }

    fn rotated(known: Option<&str>, stored: &[&'static str]) -> (Arc<Store>, Rotated) {
        let store = Arc::new(Store(StdMutex::new(stored.to_vec()), AtomicUsize::new(0)));
        let known = Known { login: known.map(login), asked_at: None };
        (Arc::clone(&store), Rotated { source: store, known: Mutex::new(known) })
    }

    /// A server that takes one password, after a moment in which others may come.
    struct Server(&'static str);

    impl Door for Server {
        type Session = String;

        async fn open(&self, login: &Login) -> Result<String, NoSession> {
            tokio::task::yield_now().await;
            let password = login.password.expose_secret();
            if password == self.0 {
                Ok(password.to_owned())
            } else {
                Err(NoSession::Refused("password authentication failed".to_owned()))
            }
        }
    }

    async fn opened(rotated: &Rotated, right: &'static str) -> Option<String> {
        rotated.open(&Server(right)).await.ok()
    }

    #[tokio::test]
    async fn a_login_that_works_is_kept_and_the_store_left_alone() {
        let (store, rotated) = rotated(Some("old"), &["new"]);
        assert_eq!(opened(&rotated, "old").await.as_deref(), Some("old"));
        assert_eq!(store.1.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn many_that_are_refused_at_once_read_the_store_once() {
        let (store, rotated) = rotated(Some("old"), &["new"]);
        let all = join_all((0..8).map(|_| opened(&rotated, "new"))).await;
        assert!(all.iter().all(|got| got.as_deref() == Some("new")), "{all:?}");
        assert_eq!(store.1.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn amid_a_rotation_the_pending_login_is_tried_too() {
        let (_, rotated) = rotated(None, &["current", "pending"]);
        assert_eq!(opened(&rotated, "pending").await.as_deref(), Some("pending"));
    }

    #[tokio::test]
    async fn what_stays_wrong_is_not_asked_for_again_at_once() {
        let (store, rotated) = rotated(Some("old"), &["old"]);
        for _ in 0..5 {
            assert_eq!(opened(&rotated, "unknown").await, None);
        }
        assert_eq!(store.1.load(Ordering::SeqCst), 1);
    }
}

//! A TCP proxy before PostgreSQL that does what a failing network does: cuts, delays, loses everything
//! without a word.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_postgres::config::Host;

use super::database::Database;

#[derive(Default)]
struct Shared {
    away: AtomicBool,
    over: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    /// How long each piece is held up, in milliseconds.
    delay: AtomicU64,
    /// How often everything under way was lost.
    losses: AtomicU64,
    /// True while what is opened anew is lost too.
    losing: AtomicBool,
}

/// The proxy; it ends when dropped.
pub(crate) struct PostgresProxy {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

impl PostgresProxy {
    pub(crate) fn start(database: &Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let (to_thread, target) = (Arc::clone(&shared), database.host());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if to_thread.over.load(Ordering::SeqCst) {
                    return;
                }
                // The lock makes a connection either part of a cut or later than it.
                let mut open = to_thread.open.lock().unwrap();
                if !to_thread.away.load(Ordering::SeqCst) {
                    open.push(client.try_clone().unwrap());
                    forward(client, &target, &to_thread);
                }
            }
        });
        Self { address, shared }
    }

    /// Ends all connections and lets no new one through.
    pub(crate) fn cut(&self) {
        let mut open = self.shared.open.lock().unwrap();
        self.shared.away.store(true, Ordering::SeqCst);
        for socket in open.drain(..) {
            drop(socket.shutdown(Shutdown::Both));
        }
    }

    pub(crate) fn restore(&self) {
        self.shared.away.store(false, Ordering::SeqCst);
    }

    /// Holds each piece up for so long, in both directions.
    pub(crate) fn delay(&self, each: Duration) {
        let each = u64::try_from(each.as_millis()).unwrap();
        self.shared.delay.store(each, Ordering::SeqCst);
    }

    /// Loses all that goes over old and new connections, and closes none of them.
    pub(crate) fn lose(&self) {
        self.shared.losing.store(true, Ordering::SeqCst);
        self.shared.losses.fetch_add(1, Ordering::SeqCst);
    }

    /// Lets new connections through; what was lost stays lost.
    pub(crate) fn find(&self) {
        self.shared.losing.store(false, Ordering::SeqCst);
    }
}

impl Drop for PostgresProxy {
    fn drop(&mut self) {
        self.cut();
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
    }
}

fn forward(client: TcpStream, (host, port): &(Host, u16), shared: &Arc<Shared>) {
    match host {
        Host::Tcp(host) => {
            let server = TcpStream::connect((host.as_str(), *port)).unwrap();
            let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let close = server.try_clone().unwrap();
            copy(client, server, shared, move || drop(close.shutdown(Shutdown::Both)));
            let leave = to.try_clone().unwrap();
            copy(from, to, shared, move || drop(leave.shutdown(Shutdown::Both)));
        }
        Host::Unix(folder) => {
            let server = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).unwrap();
            let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let close = server.try_clone().unwrap();
            copy(client, server, shared, move || drop(close.shutdown(Shutdown::Both)));
            let leave = to.try_clone().unwrap();
            copy(from, to, shared, move || drop(leave.shutdown(Shutdown::Both)));
        }
    }
}

fn copy(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    shared: &Arc<Shared>,
    then: impl FnOnce() + Send + 'static,
) {
    let shared = Arc::clone(shared);
    let born = shared.losses.load(Ordering::SeqCst);
    std::thread::spawn(move || {
        let (mut piece, mut is_lost) = ([0; 16 * 1024], false);
        while let Ok(read @ 1..) = from.read(&mut piece) {
            is_lost |= shared.losses.load(Ordering::SeqCst) != born;
            is_lost |= shared.losing.load(Ordering::SeqCst);
            if is_lost {
                continue;
            }
            std::thread::sleep(Duration::from_millis(shared.delay.load(Ordering::SeqCst)));
            if to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        then();
    });
}

#[test]
fn a_cut_ends_old_connections_and_refuses_new_ones_until_it_is_restored() {
    use super::{database::query, until};

    let database = Database::create();
    let proxy = PostgresProxy::start(&database);
    let through = database.url_through(&proxy.address).parse().unwrap();
    let (ask, sleep) = ("select 1 as one", "select pg_sleep(600)");
    assert_eq!(query(&through, ask).unwrap()[0]["one"].as_deref(), Some("1"));
    std::thread::scope(|scope| {
        let sleeping = scope.spawn(|| query(&through, sleep).is_err());
        until("the query sleeps", || {
            let running = "select 1 from pg_stat_activity where query like '%pg_sleep(6%' and state = 'active' and pid <> pg_backend_pid() and datname = current_database()";
            (!database.sql(running).is_empty()).then_some(())
        });
        proxy.cut();
        assert!(sleeping.join().unwrap(), "an old connection outlived the cut");
    });
    assert!(query(&through, ask).is_err());
    assert!(!database.sql(ask).is_empty());
    proxy.restore();
    assert_eq!(query(&through, ask).unwrap().len(), 1);
}

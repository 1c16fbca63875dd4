//! A plain TCP balancer: each connection goes to the next gateway that takes it, and those that say of
//! themselves that they are not ready get no new ones.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::client::Request;

/// How often each gateway is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Clone)]
struct Target {
    address: String,
    ready: bool,
}

#[derive(Default)]
struct Shared {
    targets: Mutex<Vec<Target>>,
    turn: AtomicUsize,
    over: AtomicBool,
}

/// The balancer; it ends when dropped.
pub(crate) struct Balancer {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

impl Balancer {
    /// A balancer over these gateways.
    pub(crate) fn start<const N: usize>(gateways: [&str; N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let this = Self { address, shared: Arc::default() };
        gateways.into_iter().for_each(|gateway| this.add(gateway));
        let (to_thread, to_looker) = (Arc::clone(&this.shared), Arc::clone(&this.shared));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if to_thread.over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&to_thread);
                std::thread::spawn(move || forward(client, &shared));
            }
        });
        std::thread::spawn(move || {
            while !to_looker.over.load(Ordering::SeqCst) {
                look(&to_looker);
                std::thread::sleep(LOOK);
            }
        });
        this
    }

    /// Puts a gateway that is ready beside the others.
    pub(crate) fn add(&self, gateway: &str) {
        let target = Target { address: gateway.to_owned(), ready: true };
        self.shared.targets.lock().unwrap().push(target);
    }

    /// Takes a gateway away.
    pub(crate) fn remove(&self, gateway: &str) {
        self.shared.targets.lock().unwrap().retain(|target| target.address != gateway);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
    }
}

fn look(shared: &Shared) {
    let targets = shared.targets.lock().unwrap().clone();
    for target in targets {
        let reply = Request::get("/ready").try_send(&target.address);
        let ready = reply.is_ok_and(|reply| reply.status == 200);
        let mut targets = shared.targets.lock().unwrap();
        targets
            .iter_mut()
            .filter(|it| it.address == target.address)
            .for_each(|it| it.ready = ready);
    }
}

fn forward(client: TcpStream, shared: &Shared) {
    let Some(gateway) = connect(shared) else { return };
    let (from, to) = (client.try_clone().unwrap(), gateway.try_clone().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(move || pass(from, to));
        pass(gateway, client);
    });
}

/// A connection to the gateway whose turn it is, or to one after it.
fn connect(shared: &Shared) -> Option<TcpStream> {
    // Held meanwhile: a gateway that was taken away gets no connection afterwards.
    let targets = shared.targets.lock().unwrap();
    let ready: Vec<_> = targets.iter().filter(|target| target.ready).collect();
    let turn = shared.turn.fetch_add(1, Ordering::SeqCst) % ready.len().max(1);
    let in_turn = ready.iter().cycle().skip(turn).take(ready.len());
    in_turn.filter_map(|target| TcpStream::connect(&target.address).ok()).next()
}

/// Passes all on, and then the end.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    drop(std::io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Both));
}

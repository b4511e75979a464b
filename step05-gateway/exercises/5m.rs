//! 5m Active health checks: a proxy that asks its servers how they are.
//!
//! Write the body of `is_well`. Asking it again and again, and asking the others for everything else,
//! is given; `cargo test --test 5m` judges it.

use check::exercise::{self, Given};
use gateway::{Address, Capacity, Complaints, Http, Upstream};
use static_files::{Reply, Request};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Between two questions.
const INTERVAL: Duration = Duration::from_millis(250);

/// For an answer. Who needs longer is ill.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether a server says that it is well: it answers `GET /health` with 200, in time.
fn is_well(server: SocketAddr) -> bool {
    // It can be connected to. Is that all there is to being well? Who has accepted this connection?
    TcpStream::connect_timeout(&server, PATIENCE).is_ok()
}

/// A server, and how it is.
struct Server {
    addr: SocketAddr,
    upstream: Arc<Upstream>,
    is_well: AtomicBool,
}

impl Server {
    fn at(addr: &str, complaints: &Arc<Complaints>) -> io::Result<Server> {
        let address: Address = addr.parse().map_err(io::Error::other)?;
        Ok(Server {
            addr: addr.parse().map_err(io::Error::other)?,
            upstream: Upstream::new(vec![address], Capacity::default(), complaints),
            is_well: AtomicBool::new(true),
        })
    }

    /// Asks for ever.
    fn watch(&self) {
        loop {
            self.is_well.store(is_well(self.addr), Ordering::Relaxed);
            thread::park_timeout(INTERVAL);
        }
    }
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/api", || {
        let complaints = Complaints::new()?;
        let server = |name| Server::at(given.place(name)?, &complaints);
        let servers = Arc::new([server("upstream")?, server("other")?]);
        for number in 0..servers.len() {
            let servers = Arc::clone(&servers);
            thread::Builder::new().spawn(move || servers[number].watch())?;
        }
        let turn = AtomicUsize::new(0);
        let proxy = move |request: &Request| -> Reply {
            let turn = turn.fetch_add(1, Ordering::Relaxed);
            let in_turn = [&servers[turn % 2], &servers[(turn + 1) % 2]];
            let well = in_turn
                .iter()
                .find(|server| server.is_well.load(Ordering::Relaxed));
            // If all are ill, somebody has to be asked all the same.
            let server = well.unwrap_or(&in_turn[0]);
            server.upstream.ask(request, Box::new(Http::default()))
        };
        Ok(proxy)
    })
}

fn main() -> ExitCode {
    exercise::main("5m", serve)
}

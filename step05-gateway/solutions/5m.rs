//! 5m Active health checks: a proxy that asks its servers how they are.
//!
//! The kernel accepts for a server that hangs, and a server without its database still answers. So
//! the question is one that the application has to answer, in all of the time that there is for it.

use check::exercise::{self, Given};
use gateway::{Address, Capacity, Complaints, Http, Upstream};
use static_files::{Reply, Request};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Between two questions.
const INTERVAL: Duration = Duration::from_millis(250);

/// For an answer. Who needs longer is ill.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether a server says that it is well: it answers `GET /health` with 200, in time.
fn is_well(server: SocketAddr) -> bool {
    let until = Instant::now() + PATIENCE;
    status_line(server, until).is_ok_and(|line| line.starts_with(b"HTTP/1.1 200 "))
}

/// Asks, and reads the first line of the answer. Each wait is for what is left of the time: an octet
/// now and then does not make it longer.
fn status_line(server: SocketAddr, until: Instant) -> io::Result<Vec<u8>> {
    let left = || match until.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::from(ErrorKind::TimedOut)),
        left => Ok(left),
    };
    let mut stream = TcpStream::connect_timeout(&server, left()?)?;
    stream.set_write_timeout(Some(left()?))?;
    let request = format!("GET /health HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut line = Vec::new();
    while !line.contains(&b'\n') && line.len() < LINE {
        let mut piece = [0; LINE];
        stream.set_read_timeout(Some(left()?))?;
        match stream.read(&mut piece)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => line.extend(&piece[..count]),
        }
    }
    Ok(line)
}

/// Octets in which the first line has to end.
const LINE: usize = 256;

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

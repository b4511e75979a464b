//! 5l WebSocket tunnel: octets in both directions, and each direction by itself.
//!
//! Write the body of `tunnel`. The proxy, and the door through which it hands on who asks for a
//! WebSocket, are given; `cargo test --test 5l` judges it.

use check::exercise::{self, Given};
use gateway::{Address, Capacity, Complaints, Http, Upstream};
use socket::{Stop, accept_until};
use static_files::{Reply, Request};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Octets that are carried at once.
const PIECE: usize = 16 * 1024;

/// For a server to accept.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tunnels at the same time: each has threads of its own.
const TUNNELS: usize = 256;

/// Carries octets between two connections, until there are none to come from either.
///
/// # Errors
/// What breaks one of the connections: then the other one is of no use, either.
fn tunnel(mut near: &TcpStream, mut far: &TcpStream) -> io::Result<()> {
    // One says something, then the other one answers. Have they agreed to take turns?
    let mut piece = [0; PIECE];
    loop {
        let count = near.read(&mut piece)?;
        far.write_all(&piece[..count])?;
        let answer = far.read(&mut piece)?;
        near.write_all(&piece[..answer])?;
        if count == 0 || answer == 0 {
            return Ok(());
        }
    }
}

/// Opens a door behind which the first of these servers stands that accepts.
fn door(servers: [SocketAddr; 2]) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let addr = listener.local_addr()?;
    let open = Arc::new(());
    let enter = move |near: TcpStream| {
        let mine = Arc::clone(&open);
        if Arc::strong_count(&open) > TUNNELS + 1 {
            return;
        }
        let carry = move || {
            let connect = |server| TcpStream::connect_timeout(server, PATIENCE).ok();
            let far = servers.iter().find_map(connect);
            // Who broke off has told both ends, and nobody else wants to know.
            let _ = far.map(|far| {
                near.set_nodelay(true)?;
                far.set_nodelay(true)?;
                tunnel(&near, &far)
            });
            drop(mine);
        };
        // A connection for which there is no thread is closed.
        drop(thread::Builder::new().spawn(carry));
    };
    thread::Builder::new().spawn(move || accept_until(&listener, &Stop::new(), enter))?;
    Ok(addr)
}

/// Whether a request asks for a WebSocket. The proxy says again what is needed for it on the next connection.
fn wants_tunnel(request: &Request) -> bool {
    let fields = &request.head.fields;
    let named = |option: &[u8]| option.eq_ignore_ascii_case(b"upgrade");
    let protocol = fields.get("Upgrade").unwrap_or_default();
    fields.list("Connection").any(named) && protocol.eq_ignore_ascii_case(b"websocket")
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/api", || {
        let complaints = Complaints::new()?;
        let at = |addrs: &[SocketAddr]| {
            let address = |addr: &SocketAddr| addr.to_string().parse().map_err(io::Error::other);
            let addresses: Vec<Address> = addrs.iter().map(address).collect::<io::Result<_>>()?;
            io::Result::Ok(Upstream::new(addresses, Capacity::default(), &complaints))
        };
        let place = |name| given.place(name)?.parse().map_err(io::Error::other);
        let servers = [place("upstream")?, place("other")?];
        let (direct, tunnels) = (at(&servers)?, at(&[door(servers)?])?);
        Ok(move |request: &Request| -> Reply {
            let upstream = match wants_tunnel(request) {
                true => &tunnels,
                false => &direct,
            };
            upstream.ask(request, Box::new(Http::default()))
        })
    })
}

fn main() -> ExitCode {
    exercise::main("5l", serve)
}

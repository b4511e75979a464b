//! Chapter 4.5, epoll: the kernel keeps the list, and we keep it right.

use concurrency::sys::{self, Epoll, Events, Interest, Port};
use concurrency::{CLIENT, Session, Step};
use static_files::{Body, Config, Request, Response, Timeouts};
use std::collections::HashMap;
use std::env;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The listener's token; guests are numbered from 1 and no number is used twice.
const LISTENER: u64 = 0;

/// What `/big` answers with.
const BIG: usize = 1 << 20;

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7045".to_owned());
    let interest = match env::args().nth(2).as_deref() {
        Some("always") => always,
        _ => derived,
    };
    let addr = addr.parse().map_err(io::Error::other)?;
    let listener = sys::listen(addr, Port::Exclusive)?;
    println!("listening on {}", listener.local_addr()?);
    let big: Arc<[u8]> = vec![b'.'; BIG].into();
    let page = |request: &Request| match request.path() {
        b"/big" => big_page(&big),
        _ => Response::text("You were ready.\n"),
    };
    let config = Config {
        timeouts: Timeouts {
            head: Duration::from_secs(1),
            ..Timeouts::default()
        },
        ..Config::default()
    };
    let new = |stream| Session::new(stream, &page, &config, Instant::now());
    let room = Room {
        epoll: Epoll::new()?,
        guests: HashMap::new(),
        came: LISTENER,
        interest,
    };
    let readable = Interest::READ;
    room.epoll.add(listener.as_fd(), LISTENER, readable)?;
    serve(&listener, new, room)
}

fn big_page(big: &Arc<[u8]>) -> Response {
    let mut response = Response::text("");
    response.body = Body::Bytes(Arc::clone(big));
    response
}

struct Guest<'h> {
    session: Session<'h>,
    registered: Interest,
}

struct Room<'h> {
    epoll: Epoll,
    guests: HashMap<u64, Guest<'h>>,
    /// Guests so far: the number of the last one.
    came: u64,
    interest: fn(&Session) -> Interest,
}

// ANCHOR: serve
fn serve<'h>(
    listener: &TcpListener,
    new: impl Fn(TcpStream) -> io::Result<Session<'h>>,
    mut room: Room<'h>,
) -> io::Result<()> {
    let mut events = Events::with_capacity(64);
    loop {
        room.epoll.wait(&mut events, Instant::now(), None)?;
        for event in events.iter() {
            if event.token == LISTENER {
                let (stream, _) = listener.accept()?;
                room.welcome(new(stream)?)?;
            } else if event.gone || !room.turn(event.token)? {
                room.guests.remove(&event.token);
            }
        }
    }
}
// ANCHOR_END: serve

impl<'h> Room<'h> {
    // ANCHOR: welcome
    fn welcome(&mut self, session: Session<'h>) -> io::Result<()> {
        self.came += 1;
        let registered = (self.interest)(&session);
        self.epoll.add(client(&session), self.came, registered)?;
        let guest = Guest {
            session,
            registered,
        };
        self.guests.insert(self.came, guest);
        Ok(())
    }
    // ANCHOR_END: welcome

    // ANCHOR: turn
    /// Lets a guest's session step, and tells the kernel what has changed; false when it is over.
    fn turn(&mut self, token: u64) -> io::Result<bool> {
        let Some(guest) = self.guests.get_mut(&token) else {
            return Ok(false);
        };
        loop {
            match guest.session.step(Instant::now()) {
                Ok(Step::Again) => {}
                Ok(Step::Waiting) => break,
                Ok(Step::Closed) | Err(_) => return Ok(false),
            }
        }
        let wanted = (self.interest)(&guest.session);
        if wanted != guest.registered {
            self.epoll.modify(client(&guest.session), token, wanted)?;
            guest.registered = wanted;
        }
        Ok(true)
    }
    // ANCHOR_END: turn
}

// ANCHOR: interest
fn always(_: &Session) -> Interest {
    Interest {
        read: true,
        write: true,
    }
}

fn derived(session: &Session) -> Interest {
    session.wants()[CLIENT].map_or(Interest::NONE, |want| want.interest)
}
// ANCHOR_END: interest

fn client<'s>(session: &'s Session) -> BorrowedFd<'s> {
    let [client, ..] = session.wants();
    let want = client.expect("the client is an end while the session lives");
    want.fd
}

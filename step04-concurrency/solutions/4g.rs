//! 4g Drip feed: a head that never ends is cut off, however often a bit more of it comes.
//!
//! The time for a head is counted from its first octet. Octets are no progress here, only whole
//! heads are: a deadline that each octet pushes back is none.

use check::exercise::{self, Given};
use concurrency::sys::{Interest, Pollable, poll};
use concurrency::{Session, Step, StopSignal};
use socket::{AcceptFate, accept_fate};
use static_files::{Config, Handler, Request, Timeouts};
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// For a head, from its first octet to its last.
const HEAD: Duration = Duration::from_secs(2);

/// Guests at once, and how many are let in in one turn.
const GUESTS: usize = 8_000;
const ACCEPTS: usize = 64;

/// How long a guest may still take for a head.
#[derive(Default)]
struct Patience {
    /// The number of the head that is under way, and when it has to be there.
    head: Option<(u64, Instant)>,
}

impl Patience {
    /// Looks at a guest, each time something has come from them. Of the head with that number a
    /// part is there; `None` where they are not in the middle of one.
    fn update(&mut self, head: Option<u64>, now: Instant) {
        self.head = match (head, self.head) {
            (Some(number), Some((same, until))) if number == same => Some((same, until)),
            (Some(number), _) => Some((number, now + HEAD)),
            (None, _) => None,
        };
    }

    /// When it is at an end.
    fn until(&self) -> Option<Instant> {
        self.head.map(|(_, until)| until)
    }
}

struct Guest<'h> {
    session: Session<'h>,
    patience: Patience,
    /// Heads of theirs that have come to their end.
    heads: u64,
    /// Something that the session wants is there.
    is_ready: bool,
}

impl Guest<'_> {
    fn until(&self) -> Instant {
        let session = self.session.deadline();
        self.patience
            .until()
            .map_or(session, |own| own.min(session))
    }

    /// Lets the guest have what is theirs to do; false when it is over. `heads` counts those of
    /// all.
    fn turn(&mut self, heads: &AtomicU64, now: Instant) -> bool {
        if !self.is_ready {
            return now < self.until();
        }
        let before = heads.load(Ordering::Relaxed);
        let step = self.session.step(now);
        self.heads += heads.load(Ordering::Relaxed) - before;
        self.patience.update(self.head(), now);
        self.is_ready = matches!(step, Ok(Step::Again));
        matches!(step, Ok(Step::Again | Step::Waiting))
    }

    /// The number of the head of which a part has come.
    fn head(&self) -> Option<u64> {
        let [Some(client), ..] = self.session.wants() else {
            return None;
        };
        let is_listening = client.interest == Interest::READ;
        (is_listening && !self.session.is_idle()).then_some(self.heads)
    }
}

/// Sleeps until a guest can go on, somebody knocks, or it is time for something.
fn wait(listener: &TcpListener, signal: &StopSignal<'_>, guests: &mut [Guest]) -> io::Result<()> {
    let mut fds = vec![Pollable::new(signal.fd(), Interest::READ)];
    let mut whose = Vec::with_capacity(guests.len());
    for (number, guest) in guests.iter().enumerate() {
        let wants = guest.session.wants().into_iter().flatten();
        for want in wants.filter(|want| want.is_watched()) {
            fds.push(Pollable::new(want.fd, want.interest));
            whose.push(number);
        }
    }
    if guests.len() < GUESTS {
        fds.push(Pollable::new(listener.as_fd(), Interest::READ));
    }
    let again = guests.iter().any(|guest| guest.is_ready);
    let until = guests.iter().map(Guest::until).min();
    let now = Instant::now();
    poll(&mut fds, now, if again { Some(now) } else { until })?;
    let ready: Vec<bool> = fds.iter().skip(1).map(Pollable::is_ready).collect();
    for (number, is_ready) in whose.into_iter().zip(ready) {
        guests[number].is_ready |= is_ready;
    }
    Ok(())
}

fn accept<'h>(
    listener: &TcpListener,
    site: &'h dyn Handler,
    config: &'h Config,
    guests: &mut Vec<Guest<'h>>,
) -> io::Result<()> {
    for _ in 0..ACCEPTS.min(GUESTS - guests.len()) {
        match listener.accept() {
            Ok((stream, _)) => {
                let session = Session::new(stream, site, config, Instant::now());
                // The guest may have gone while they waited to be let in.
                guests.extend(session.ok().map(|session| Guest {
                    session,
                    patience: Patience::default(),
                    heads: 0,
                    is_ready: true,
                }));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if accept_fate(&error) == AcceptFate::Retry => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, site) = (given.listener()?, given.handler()?);
    let heads = AtomicU64::new(0);
    let site = |request: &Request| {
        heads.fetch_add(1, Ordering::Relaxed);
        site.handle(request)
    };
    let timeouts = Timeouts {
        head: Duration::from_hours(1),
        ..Timeouts::default()
    };
    let config = Config {
        timeouts,
        ..Config::default()
    };
    listener.set_nonblocking(true)?;
    let (signal, mut guests) = (StopSignal::new(&stop)?, Vec::new());
    while !signal.is_raised() {
        wait(&listener, &signal, &mut guests)?;
        accept(&listener, &site, &config, &mut guests)?;
        let now = Instant::now();
        guests.retain_mut(|guest| guest.turn(&heads, now));
    }
    Ok(())
}

fn main() -> ExitCode {
    exercise::main("4g", serve)
}

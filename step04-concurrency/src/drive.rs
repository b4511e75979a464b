//! A session and a thread of its own: step, wait in poll(2), step again.
//!
//! This is what the thread models of this step call for each connection. Unlike step 3's
//! `serve_connection` it waits for the client and a program behind the server at the same time, so
//! neither can make it deaf to the other.

use crate::session::{ENDS, HangUp, Session, Step};
use crate::shutdown::{Arrival, Ending, StopSignal};
use crate::sys::{Interest, Pollable, poll};
use static_files::{Config, Handler};
use std::io;
use std::net::TcpStream;
use std::time::Instant;

// ANCHOR: drive
/// Serves one connection to its end, or until what is left is cut after `signal`.
///
/// # Errors
/// The socket failed, or a response had to be broken off.
pub fn drive(
    stream: TcpStream,
    handler: &dyn Handler,
    config: &Config,
    signal: &StopSignal<'_>,
) -> io::Result<()> {
    let mut session = Session::new(stream, handler, config, Instant::now())?;
    let arrival = if signal.is_raised() {
        Arrival::Since
    } else {
        Arrival::Before
    };
    loop {
        let now = Instant::now();
        let ending = signal.ending(&config.timeouts);
        match ending {
            Some(ending) if ending.cut <= now => return Ok(()),
            Some(ending) => ending.limit(&mut session, arrival, now),
            None => {}
        }
        match session.step(now)? {
            Step::Closed => return Ok(()),
            Step::Again => {}
            Step::Waiting => {
                session.release();
                if wait(&session, signal, ending)? == Client::Gone {
                    return Ok(());
                }
            }
        }
    }
}
// ANCHOR_END: drive

#[derive(PartialEq, Eq)]
enum Client {
    There,
    Gone,
}

fn wait(
    session: &Session<'_>,
    signal: &StopSignal<'_>,
    ending: Option<Ending>,
) -> io::Result<Client> {
    let mut fds = Vec::with_capacity(ENDS + 1);
    let mut hang_ups = Vec::with_capacity(ENDS);
    for want in session.wants().into_iter().flatten() {
        if want.is_watched() {
            fds.push(Pollable::new(want.fd, want.interest));
            hang_ups.push(want.hang_up);
        }
    }
    let (now, own) = (Instant::now(), session.deadline());
    // A signal that has been heard stays readable, so it is not listened to again.
    let (heard, deadline) = match ending {
        None => (signal.fd(), own),
        Some(ending) => (signal.cut_fd(), own.min(ending.next_change(now))),
    };
    fds.push(Pollable::new(heard, Interest::READ));
    poll(&mut fds, now, Some(deadline))?;
    let is_over =
        |(fd, hang_up): (&Pollable<'_>, &HangUp)| fd.is_gone() && *hang_up == HangUp::Over;
    Ok(if fds.iter().zip(&hang_ups).any(is_over) {
        Client::Gone
    } else {
        Client::There
    })
}

//! A session and a thread of its own: step, wait in poll(2), step again.
//!
//! This is what the thread models of this step call for each connection. Unlike step 3's
//! `serve_connection` it waits for the client and a program behind the server at the same time, so
//! neither can make it deaf to the other.

use crate::StopSignal;
use crate::session::{ENDS, HangUp, Session, Step};
use crate::sys::{Interest, Pollable, poll};
use static_files::{Config, Handler};
use std::io;
use std::net::TcpStream;
use std::time::Instant;

// ANCHOR: drive
/// Serves one connection to its end, or until the grace period after `stop` has passed.
///
/// # Errors
/// The socket failed, or a response had to be broken off.
pub fn drive(
    stream: TcpStream,
    handler: &dyn Handler,
    config: &Config,
    stop: &StopSignal<'_>,
) -> io::Result<()> {
    let mut session = Session::new(stream, handler, config, Instant::now())?;
    let mut cut = None;
    loop {
        let now = Instant::now();
        if cut.is_none() && stop.is_raised() {
            session.stop();
            cut = Some(now + config.timeouts.grace);
        }
        match session.step(now)? {
            Step::Closed => return Ok(()),
            Step::Again => {}
            Step::Waiting => {
                session.release();
                // Once stopped, the signal stays readable: it has told us what it had to.
                let signal = cut.is_none().then_some(stop);
                if wait(&session, signal, cut)? == Client::Gone {
                    return Ok(());
                }
            }
        }
        if cut.is_some_and(|cut| Instant::now() >= cut) {
            return Ok(());
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
    signal: Option<&StopSignal<'_>>,
    cut: Option<Instant>,
) -> io::Result<Client> {
    let mut fds = Vec::with_capacity(ENDS + 1);
    let mut hang_ups = Vec::with_capacity(ENDS);
    for want in session.wants().into_iter().flatten() {
        if want.is_watched() {
            fds.push(Pollable::new(want.fd, want.interest));
            hang_ups.push(want.hang_up);
        }
    }
    if let Some(signal) = signal {
        fds.push(Pollable::new(signal.fd(), Interest::READ));
    }
    let deadline = cut.map_or(session.deadline(), |cut| cut.min(session.deadline()));
    poll(&mut fds, Instant::now(), Some(deadline))?;
    let is_over =
        |(fd, hang_up): (&Pollable<'_>, &HangUp)| fd.is_gone() && *hang_up == HangUp::Over;
    Ok(if fds.iter().zip(&hang_ups).any(is_over) {
        Client::Gone
    } else {
        Client::There
    })
}

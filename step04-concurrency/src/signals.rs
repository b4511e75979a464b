//! Signals, and what the server does about them.
//!
//! ```text
//! SIGTERM, SIGINT   once: stop · twice: cut · three times: what they do to every program
//! SIGHUP            start a successor on the same listeners; when it serves, hand over to it
//! ```

use crate::succession::{Candidate, Succession, Verdict};
use crate::sys::{self, Alarm, Interest, Pollable, Wish};
use socket::Stop;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// Raises `stop` when SIGTERM or SIGINT arrives, and cuts it when a second one does. A third one ends
/// the process on the spot.
///
/// # Errors
/// `AlreadyExists` the second time; there is no descriptor or thread to be had.
pub fn stop_on_signals(stop: Arc<Stop>) -> io::Result<()> {
    watch(sys::catch_endings()?, stop, None)
}

/// The same, and SIGHUP has a successor take over.
///
/// # Errors
/// As [`stop_on_signals`].
pub fn stop_or_succeed_on_signals(stop: Arc<Stop>, succession: Succession) -> io::Result<()> {
    let alarm = sys::catch_endings()?;
    alarm.catch_hang_up()?;
    watch(alarm, stop, Some(succession))
}

fn watch(alarm: Alarm, stop: Arc<Stop>, succession: Option<Succession>) -> io::Result<()> {
    let mut watch = Watch {
        alarm,
        stop,
        succession,
        candidate: None,
        has_been_asked: false,
    };
    let watch = move || {
        if let Err(error) = watch.run() {
            // Deaf to signals the server cannot be ended politely, so it ends now.
            eprintln!("signals cannot be waited for: {error}");
            sys::release_endings();
            watch.stop.stop();
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(watch)?;
    Ok(())
}

struct Watch {
    alarm: Alarm,
    stop: Arc<Stop>,
    succession: Option<Succession>,
    /// A successor that does not serve yet.
    candidate: Option<Candidate>,
    /// To end, once.
    has_been_asked: bool,
}

impl Watch {
    // ANCHOR: watch
    /// Until the second ending.
    fn run(&mut self) -> io::Result<()> {
        loop {
            let (rung, known) = self.wait()?;
            if known {
                self.conclude();
            }
            if !rung {
                continue;
            }
            match self.alarm.next_wish()? {
                Wish::Succeed => self.succeed(),
                Wish::End if !self.has_been_asked => self.end(),
                Wish::End => {
                    sys::release_endings();
                    self.stop.cut();
                    return Ok(());
                }
            }
        }
    }
    // ANCHOR_END: watch

    fn end(&mut self) {
        self.has_been_asked = true;
        // A successor that is being started is dropped, and ends: nobody wants one any more.
        self.candidate = None;
        self.succession = None;
        self.stop.stop();
    }

    /// Whether a signal has come, and whether something is known about the successor.
    fn wait(&self) -> io::Result<(bool, bool)> {
        let mut fds = vec![Pollable::new(self.alarm.as_fd(), Interest::READ)];
        if let Some(candidate) = &self.candidate {
            fds.push(Pollable::new(candidate.as_fd(), Interest::READ));
        }
        sys::poll(&mut fds, Instant::now(), None)?;
        let known = fds.get(1).is_some_and(Pollable::is_ready);
        Ok((fds[0].is_ready(), known))
    }

    fn succeed(&mut self) {
        if self.candidate.is_some() {
            return eprintln!("a successor is being started already");
        }
        let Some(succession) = &self.succession else {
            return;
        };
        match succession.begin() {
            Ok(candidate) => self.candidate = Some(candidate),
            Err(error) => eprintln!("no successor could be started: {error}; this server goes on"),
        }
    }

    fn conclude(&mut self) {
        let Some(candidate) = self.candidate.take() else {
            return;
        };
        match candidate.conclude() {
            Verdict::Serves => {
                // Its listeners are held no longer than they are used.
                self.succession = None;
                self.stop.hand_over();
            }
            Verdict::Failed(how) => {
                eprintln!("the successor ended before it served: {how}; this server goes on");
            }
        }
    }
}

//! One loop's part of the trace: it looks at a session after each step, and tells what is different.
//!
//! So sessions know nothing of being watched, and what is told is what is so.

use super::Trace;
use crate::seat::Seat;
use crate::seats::Token;
use crate::session::{CLIENT, ENDS, Glance};
use crate::sys::Interest;
use std::collections::HashMap;
use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What the ends of a session are called.
const NAMES: [&str; ENDS] = ["client", "to", "from", "ending"];

/// Why writing to the buffer of lines cannot fail.
const ROOM: &str = "a Vec takes every octet";

/// Tells what one loop does; silent while nobody listens.
pub(crate) struct Recorder {
    recording: Option<Recording>,
}

struct Recording {
    trace: &'static Trace,
    number: usize,
    now: Instant,
    /// How many were ready, until something happens that can be told: a turn in which only watchers
    /// were served is not told of.
    woke: Option<usize>,
    lanes: HashMap<u64, Lane>,
    lines: Vec<u8>,
    /// Whom `lanes` have been told to.
    audience: u32,
}

/// A session, as the audience knows it.
#[derive(Clone, Copy)]
struct Lane {
    glance: Glance,
    watched: [Option<Interest>; ENDS],
    armed: Option<Instant>,
}

impl Lane {
    fn of(seat: &Seat<'_>) -> Lane {
        Lane {
            glance: seat.glance(),
            watched: seat.watched(),
            armed: seat.armed,
        }
    }

    /// From where the next step counts: a session that has become idle begins at nothing.
    fn in_next_step(mut self, seat: &Seat<'_>) -> Lane {
        if seat.is_foldable() {
            (self.glance.arrived, self.glance.copied, self.glance.spliced) = (0, 0, 0);
        }
        self
    }
}

impl Recorder {
    /// For a loop that is about to start.
    pub(crate) fn new(now: Instant) -> Recorder {
        let recording = Trace::asked_for().map(|trace| Recording {
            trace,
            number: trace.loops.fetch_add(1, Ordering::Relaxed),
            now,
            woke: None,
            lanes: HashMap::new(),
            lines: Vec::new(),
            audience: 0,
        });
        Recorder { recording }
    }

    /// What to record with, if anybody listens.
    fn on(&mut self) -> Option<&mut Recording> {
        let recording = self.recording.as_mut()?;
        if !recording.trace.is_listened_to() {
            return None;
        }
        let audience = recording.trace.audience.load(Ordering::Relaxed);
        if audience != recording.audience {
            recording.audience = audience;
            recording.lanes.clear();
        }
        Some(recording)
    }

    /// A turn begins, with so many descriptors ready.
    pub(crate) fn woke(&mut self, ready: usize, now: Instant) {
        if let Some(recording) = &mut self.recording {
            recording.now = now;
            recording.woke = Some(ready);
        }
    }

    /// A connection has been accepted.
    pub(crate) fn opened(&mut self, token: Token, seat: Option<&mut Seat<'_>>) {
        if let (Some(recording), Some(seat)) = (self.on(), seat) {
            // Seeing it for the first time is what introduces it.
            let _ = recording.last_seen(token, seat);
        }
    }

    /// Something can be done at one end of a session.
    pub(crate) fn ready(&mut self, token: Token, seat: Option<&mut Seat<'_>>) {
        if let (Some(recording), Some(seat)) = (self.on(), seat) {
            recording.tell(token, seat, "ready", NAMES[token.end()]);
        }
    }

    /// The time has come at which a session is looked at in any case.
    pub(crate) fn due(&mut self, token: Token, seat: &Seat<'_>) {
        if let Some(recording) = self.on() {
            recording.tell(token, seat, "due", "");
        }
    }

    /// A session has taken a step.
    pub(crate) fn stepped(&mut self, token: Token, seat: &Seat<'_>) {
        if let Some(recording) = self.on() {
            recording.compare(token, seat);
        }
    }

    /// A session is over.
    pub(crate) fn closed(&mut self, token: Token) {
        if let Some(recording) = self.on()
            && recording.lanes.remove(&lane(token)).is_some()
        {
            recording.line(token, "close", "");
        }
    }

    /// The loop was asked to stop: whoever watches is a client whose answer has to end.
    pub(crate) fn stops(&mut self) {
        if let Some(recording) = self.on() {
            recording.hand_over(None);
            recording.trace.lock().watchers.clear();
        }
    }

    /// The loop is about to wait.
    pub(crate) fn waits(&mut self, until: Option<Instant>) {
        if let Some(recording) = self.on() {
            recording.hand_over(until);
        }
    }
}

/// The same number for all ends of a session.
fn lane(token: Token) -> u64 {
    token.with_end(CLIENT).into()
}

impl Recording {
    fn tell(&mut self, token: Token, seat: &Seat<'_>, what: &str, value: impl Display) {
        if self.last_seen(token, seat).is_some() {
            self.line(token, what, value);
        }
    }

    /// What the audience knows of this session; introduces it, if it is new to them. `None` for
    /// one that they are not to see.
    fn last_seen(&mut self, token: Token, seat: &Seat<'_>) -> Option<Lane> {
        let glance = seat.glance();
        if self.trace.hides(glance.peer) {
            if self.lanes.remove(&lane(token)).is_some() {
                // It was seen before it began to watch.
                self.line(token, "close", "");
            }
            return None;
        }
        if let Some(known) = self.lanes.get(&lane(token)) {
            return Some(*known);
        }
        let new = Lane::of(seat);
        self.lanes.insert(lane(token), new);
        self.line(token, "open", glance.peer);
        self.line(token, "state", glance.waiting.name());
        Some(new)
    }

    fn compare(&mut self, token: Token, seat: &Seat<'_>) {
        let Some(old) = self.last_seen(token, seat) else {
            return;
        };
        let new = Lane::of(seat);
        self.lanes.insert(lane(token), new.in_next_step(seat));
        let (before, after) = (old.glance, new.glance);
        let moved = [
            ("in", after.arrived - before.arrived),
            ("out", after.copied - before.copied),
            ("file", after.spliced - before.spliced),
        ];
        for (what, octets) in moved {
            if octets > 0 {
                self.line(token, what, octets);
            }
        }
        if before.waiting != after.waiting {
            self.line(token, "state", after.waiting.name());
        }
        if old.watched != new.watched {
            self.line(token, "want", wanted(&new.watched));
        }
        if let Some(armed) = new.armed
            && old.armed != new.armed
        {
            let left = armed.saturating_duration_since(self.now);
            self.line(token, "timer", left.as_micros());
        }
    }

    fn line(&mut self, token: Token, what: &str, value: impl Display) {
        if let Some(ready) = self.woke.take() {
            self.write("loop", "wake", ready);
        }
        self.write(token, what, value);
    }

    fn write(&mut self, who: impl Display, what: &str, value: impl Display) {
        let time = self.trace.begun.elapsed().as_micros();
        let number = self.number;
        write!(self.lines, "{time} {number} {who} {what}").expect(ROOM);
        let end = self.lines.len();
        write!(self.lines, " {value}").expect(ROOM);
        if self.lines.len() == end + 1 {
            self.lines.truncate(end);
        }
        self.lines.push(b'\n');
    }

    fn hand_over(&mut self, until: Option<Instant>) {
        if self.lines.is_empty() {
            return;
        }
        let now = Instant::now();
        match until.map(|until| until.saturating_duration_since(now)) {
            Some(Duration::ZERO) => {}
            Some(left) => self.write("loop", "wait", left.as_micros()),
            None => self.write("loop", "wait", "-"),
        }
        self.trace.tell(&self.lines);
        self.lines.clear();
    }
}

/// The last turn of a loop is not followed by a wait.
impl Drop for Recording {
    fn drop(&mut self) {
        self.trace.tell(&self.lines);
    }
}

/// `client=rw from=r`; a dash for nothing.
fn wanted(watched: &[Option<Interest>; ENDS]) -> String {
    let end = |(name, interest): (&&str, &Option<Interest>)| {
        let letters = match (*interest)? {
            Interest {
                read: true,
                write: true,
            } => "rw",
            Interest { read: true, .. } => "r",
            Interest { write: true, .. } => "w",
            Interest::NONE => return None,
        };
        Some(format!("{name}={letters}"))
    };
    let ends: Vec<String> = NAMES.iter().zip(watched).filter_map(end).collect();
    if ends.is_empty() {
        "-".to_owned()
    } else {
        ends.join(" ")
    }
}

//! How the loop ends: whom it still serves after a stop, and when it returns.

use super::EventLoop;
use super::accepting::Queue;
use crate::shutdown::{Arrival, Door, Ending, stop_accepting};
use std::io;
use std::time::Instant;

/// Turns of accepting as the door closes: as many as the kernel's queue can fill, and a bound for
/// those who knock meanwhile.
const LAST_TURNS: usize = 64;

impl EventLoop<'_> {
    /// Asked to stop: answers under way are the last of their connections, and idle ones end.
    /// Asked once more: everything ends.
    pub(super) fn begin_ending(&mut self, now: Instant) -> io::Result<()> {
        let before = self.ending;
        self.ending = self.signal.ending(&self.config.timeouts);
        if let (None, Some(ending)) = (before, self.ending) {
            // Its signal stays readable; it has told what it had to.
            self.watch.epoll.delete(self.signal.fd())?;
            self.recorder.stops();
            self.closed = matches!(ending.door, Door::Left(_));
            self.wind_down(ending, Arrival::Before, now);
        }
        Ok(())
    }

    /// Whether the loop is over. Closes the door when its time has come.
    pub(super) fn has_ended(&mut self, now: Instant) -> io::Result<bool> {
        let Some(ending) = self.ending else {
            return Ok(false);
        };
        match ending.door {
            Door::Closes(at) if at <= now && !self.closed => self.close_door(ending, now)?,
            Door::Closes(_) | Door::Left(_) => {}
        }
        Ok(ending.cut <= now || self.closed && self.seats.is_empty())
    }

    fn close_door(&mut self, ending: Ending, now: Instant) -> io::Result<()> {
        // Whoever is in the queue has been told by the kernel that they are connected.
        let mut turns = 0..LAST_TURNS;
        while turns.next().is_some() && self.accept(now)? == Queue::MayHoldMore {}
        stop_accepting(self.listener);
        self.closed = true;
        self.wind_down(ending, Arrival::Since, now);
        Ok(())
    }

    /// Has every session look how long it may still wait.
    fn wind_down(&mut self, ending: Ending, arrival: Arrival, now: Instant) {
        for token in self.seats.tokens_where(|_| true, usize::MAX) {
            if let Some(seat) = self.seats.get(token) {
                ending.limit(seat.wake(&mut self.service), arrival, now);
                self.step(token, now);
            }
        }
    }
}

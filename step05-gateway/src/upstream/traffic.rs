//! Who is on a shared connection, what waits to leave, and whose is what has come.
//!
//! Nothing here does I/O: [`Line`](super::line::Line) does, with this in hand.

use super::bell::Bell;
use crate::cgi_head::BadGateway;
use crate::fastcgi::{Part, Sorter};
use static_files::Stirred;
use std::io;
use std::sync::Arc;

/// Octets received at a time.
const STEP: usize = 32 * 1024;

/// Octets that have come for one request and were not taken, beyond which nothing is read.
const HELD: usize = 64 * 1024;

/// What is under way.
#[derive(Debug)]
pub(super) struct Traffic {
    places: Vec<Place>,
    /// The number that was given last.
    last: u16,
    /// Who waits on the connection.
    pub(super) reader: Option<u16>,
    pub(super) unsent: Vec<u8>,
    /// Whether somebody will send before the loop waits.
    pub(super) is_due: bool,
    /// Whether the connection has no room for what is unsent.
    pub(super) is_blocked: bool,
    /// What is received comes in here; it begins with part of a header, perhaps.
    storage: Vec<u8>,
    rest: usize,
    sorter: Sorter,
    pub(super) life: Life,
}

#[derive(Debug)]
pub(super) enum Life {
    Open,
    /// Those who are here go on; nobody joins.
    Retired,
    Over(Over),
}

impl Life {
    /// From now on, nobody joins.
    pub(super) fn retire(&mut self) {
        if matches!(self, Life::Open) {
            *self = Life::Retired;
        }
    }
}

/// Why nothing more will come.
#[derive(Debug, Clone)]
pub(super) enum Over {
    End,
    Failed(io::ErrorKind),
    Garbled(BadGateway),
}

/// One request, as the connection knows it.
#[derive(Debug)]
pub(super) struct Place {
    number: u16,
    pub(super) progress: Progress,
    pub(super) whereabouts: Whereabouts,
    pub(super) bell: Arc<Bell>,
    /// How the bell was rung, until that is heard.
    pub(super) rung: Option<Stirred>,
    /// What has come, and was not taken.
    pub(super) came: Vec<u8>,
}

/// How far an answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Awaited,
    Begun,
    Ended,
}

/// Where somebody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whereabouts {
    Here,
    /// In a thread that hears out what nobody wants.
    Away,
}

impl Traffic {
    /// Of nobody.
    pub(super) fn new() -> Traffic {
        Traffic {
            places: Vec::new(),
            last: 0,
            reader: None,
            unsent: Vec::new(),
            is_due: false,
            is_blocked: false,
            storage: Vec::new(),
            rest: 0,
            sorter: Sorter::default(),
            life: Life::Open,
        }
    }

    /// Whether nobody is here.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// A place for a request, under a number that no other one has.
    pub(super) fn enter(&mut self, bell: Arc<Bell>) -> u16 {
        loop {
            // 0 is about no request (FastCGI 1.0 §3.3).
            self.last = self.last.checked_add(1).unwrap_or(1);
            if self.place(self.last).is_none() {
                break;
            }
        }
        self.places.push(Place {
            number: self.last,
            progress: Progress::Awaited,
            whereabouts: Whereabouts::Here,
            bell,
            rung: None,
            came: Vec::new(),
        });
        self.last
    }

    pub(super) fn place(&mut self, number: u16) -> Option<&mut Place> {
        find(&mut self.places, number)
    }

    /// Tells everybody but `reader` that nothing more comes.
    pub(super) fn end(&mut self, why: Over, reader: u16) {
        self.life = Life::Over(why);
        let others = self.places.iter_mut();
        others
            .filter(|place| place.number != reader)
            .for_each(Place::ring);
    }

    /// Takes a place away. What comes for it from now on is nobody's, and dropped.
    pub(super) fn leave(&mut self, number: u16) -> Option<Place> {
        let at = self
            .places
            .iter()
            .position(|place| place.number == number)?;
        Some(self.places.remove(at))
    }

    /// Where the next octets belong.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.storage.resize(STEP, 0);
        &mut self.storage[self.rest..]
    }

    /// Hands out what has come into the [room](Traffic::room), and rings for each but `reader` who
    /// gets some of it.
    ///
    /// # Errors
    /// When it is not FastCGI.
    pub(super) fn came(&mut self, octets: usize, reader: u16) -> Result<(), BadGateway> {
        let come = self.rest + octets;
        let Traffic {
            places,
            storage,
            sorter,
            ..
        } = self;
        let used = sorter.sort(&mut storage[..come], |number, octets, part| {
            let Some(place) = find(places, number) else {
                return;
            };
            place.came.extend_from_slice(octets);
            place.progress = match part {
                Part::More => Progress::Begun,
                Part::Last => Progress::Ended,
            };
            if number != reader {
                place.ring();
            }
        })?;
        storage.copy_within(used..come, 0);
        self.rest = come - used;
        Ok(())
    }

    // ANCHOR: appoint
    /// Makes the one the reader for whom it matters most that something is read, and rings.
    ///
    /// That is who has been sent more than may be held, as long as it does not take that; then
    /// who has got nothing yet, and so waits for nothing but this.
    pub(super) fn appoint(&mut self, me: u16) {
        let waiting = self.places.iter_mut();
        let waiting = waiting.filter(|place| place.progress != Progress::Ended);
        let before = self.reader;
        let urgency = |place: &&mut Place| {
            let is_another = Some(place.number) != before;
            let rank = match place.progress {
                _any if place.came.len() > HELD => 0,
                Progress::Awaited => 1,
                Progress::Begun | Progress::Ended => 2,
            };
            (place.whereabouts == Whereabouts::Away, rank, is_another)
        };
        let chosen = waiting.min_by_key(urgency);
        self.reader = chosen.map(|place| {
            if place.number != me && Some(place.number) != before {
                place.ring();
            }
            place.number
        });
    }
    // ANCHOR_END: appoint
}

fn find(places: &mut [Place], number: u16) -> Option<&mut Place> {
    places.iter_mut().find(|place| place.number == number)
}

impl Place {
    /// Wakes who waits here, once.
    fn ring(&mut self) {
        if self.rung.is_none() {
            self.rung = Some(self.bell.ring());
        }
    }

    /// Makes the bell silent again.
    pub(super) fn still(&mut self) {
        if let Some(stirred) = self.rung.take() {
            self.bell.still(stirred);
        }
    }
}

impl Over {
    /// What that means to whoever waits for an answer: the end of input, or why there is none.
    pub(super) fn tell(&self) -> io::Result<()> {
        match self {
            Over::End => Ok(()),
            Over::Failed(kind) => Err((*kind).into()),
            Over::Garbled(bad) => Err(bad.clone().into()),
        }
    }
}

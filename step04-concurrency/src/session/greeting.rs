//! Before a session's first request: hearing from a front for whom it opened the connection.

use super::receiving::blocked_or;
use super::{Mode, Moved, Phase, Session};
use crate::preface::{PREFACE_LIMIT, Preface, parse_preface};
use http_parse::Parsed;
use static_files::Front;
use std::io::{self, Read};

impl Session<'_> {
    /// Reads a part of the preface. Who sends something else gets no answer: it would be one to a
    /// question that nobody may ask here.
    pub(super) fn greet(&mut self) -> io::Result<Moved> {
        let Phase::Greeting(said) = &mut self.phase else {
            return Ok(Moved::Some);
        };
        let mut octets = [0; PREFACE_LIMIT];
        // A preface of the limit is decided by its last octet, so there is always room for one.
        let room = &mut octets[said.len()..];
        let read = match (&self.stream).read(room) {
            Ok(0) => return Ok(Moved::Over),
            Ok(n) => n,
            Err(error) => match blocked_or(error)? {
                Moved::Blocked if self.mode == Mode::Stopping => return Ok(Moved::Over),
                moved => return Ok(moved),
            },
        };
        said.extend_from_slice(&room[..read]);
        match parse_preface(said) {
            Ok(Parsed::Complete(preface, len)) => {
                let behind = said.split_off(len);
                self.meet(preface);
                self.hand_on(&behind);
                self.phase = Phase::Receiving;
                Ok(Moved::Some)
            }
            Ok(Parsed::Partial) => Ok(Moved::Some),
            Err(_) => Ok(Moved::Over),
        }
    }

    fn meet(&mut self, preface: Preface) {
        match preface {
            Preface::Front => {}
            Preface::Client {
                peer,
                local,
                scheme,
            } => {
                let addr = std::mem::replace(&mut self.peer, peer);
                self.local = local;
                self.front = Some(Box::new(Front {
                    scheme,
                    ..Front::new(addr)
                }));
            }
        }
    }

    /// Gives the octets behind the preface to HTTP. They are fewer than a read can bring.
    fn hand_on(&mut self, mut behind: &[u8]) {
        while !behind.is_empty() {
            let space = self.connection.space();
            let count = space.len().min(behind.len());
            space[..count].copy_from_slice(&behind[..count]);
            self.connection.received(count);
            behind = &behind[count..];
        }
    }
}

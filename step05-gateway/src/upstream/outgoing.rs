//! A request's octets on their way: encoded, and not yet all taken.

use super::wire::Wire;
use crate::protocol::Protocol;
use std::io;

/// Octets of content encoded at a time.
const PIECE: usize = 16 * 1024;

/// What waits to be sent: at most the request's head and one piece of its content.
#[derive(Debug)]
pub(super) struct Outgoing {
    octets: Vec<u8>,
    /// How many of them have left.
    sent: usize,
    content: Content,
    /// Whether `octets` begin with the request, so that it can be sent again.
    from_start: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// None has come yet, and perhaps there is none.
    Awaited,
    Begun,
    Ended,
}

impl Outgoing {
    /// A request that begins with this head.
    pub(super) fn new(head: Vec<u8>) -> Outgoing {
        Outgoing {
            octets: head,
            sent: 0,
            content: Content::Awaited,
            from_start: true,
        }
    }

    /// Whether a piece of content waits, so that there is no room for the next.
    pub(super) fn is_full(&self) -> bool {
        self.content != Content::Awaited && self.waits()
    }

    /// A request that is here to its last octet.
    pub(super) fn whole(head: Vec<u8>, content: &[u8], protocol: &mut dyn Protocol) -> Outgoing {
        let mut outgoing = Outgoing::new(head);
        if !content.is_empty() {
            protocol.body(content, &mut outgoing.octets);
        }
        outgoing.end(protocol);
        outgoing
    }

    /// Encodes a piece of content, at most as much as `data`; returns how much.
    pub(super) fn push(&mut self, data: &[u8], protocol: &mut dyn Protocol) -> usize {
        debug_assert!(!self.is_full(), "one piece waits at a time");
        let piece = &data[..data.len().min(PIECE)];
        self.content = Content::Begun;
        protocol.body(piece, &mut self.octets);
        piece.len()
    }

    /// Encodes the end of the content, once.
    pub(super) fn end(&mut self, protocol: &mut dyn Protocol) {
        if self.content != Content::Ended {
            self.content = Content::Ended;
            protocol.end(&mut self.octets);
        }
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// `WouldBlock` while some is left; what writing reports.
    pub(super) fn send(&mut self, wire: &mut Wire) -> io::Result<()> {
        while self.waits() {
            self.sent += wire.write(&self.octets[self.sent..])?;
        }
        // A request without content is kept: it may have to be sent again.
        if self.content == Content::Begun {
            self.octets.clear();
            self.sent = 0;
            self.from_start = false;
        }
        Ok(())
    }

    /// After a change of protocol: octets follow that are no request.
    pub(super) fn begin_anew(&mut self) {
        self.content = Content::Begun;
    }

    pub(super) fn waits(&self) -> bool {
        self.sent < self.octets.len()
    }

    /// Whether the whole request has left.
    pub(super) fn is_sent(&self) -> bool {
        self.content == Content::Ended && !self.waits()
    }

    /// Whether the whole request is here, to be sent again.
    pub(super) fn is_all_here(&self) -> bool {
        self.content == Content::Ended && self.from_start
    }

    /// Begins anew. Nothing has left, or everything is here.
    pub(super) fn rewind(&mut self) {
        debug_assert!(
            self.from_start,
            "what has left and is forgotten cannot be sent again"
        );
        self.sent = 0;
    }
}

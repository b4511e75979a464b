//! Several requests on one connection: records under different numbers (§3.3).
//!
//! ```text
//!     request 1 ─► 1111 ─┐                         ┌─► 11 ─► answer 1
//!                        ├─► 111122222 ══► 22112 ──┤
//!     request 2 ─► 11111 ┘ renumber          sort  └─► 111 ─► answer 2
//! ```
//!
//! Whoever encodes a request or hears an answer knows of one number alone, [`REQUEST`]. The others
//! are put on where several share a connection, and taken off again.

use super::records::record;
use super::{END_REQUEST, HEADER, REQUEST, VERSION};
use crate::cgi_head::BadGateway;

/// The record that tells an application that nobody waits for its answer any more (§5.4).
const ABORT_REQUEST: u8 = 2;

/// Where a record's header has the request's number.
const NUMBER: std::ops::Range<usize> = 2..4;

/// What is told of a piece of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    More,
    /// It ends with the request's END_REQUEST.
    Last,
}

/// Puts a number on records that are all there.
pub(crate) fn renumber(records: &mut [u8], number: u16) {
    let mut rest = records;
    while let Some((header, behind)) = rest.split_first_chunk_mut::<HEADER>() {
        header[NUMBER].copy_from_slice(&number.to_be_bytes());
        let octets = behind_header(header).min(behind.len());
        rest = &mut behind[octets..];
    }
}

/// Writes that nobody waits for the answer to a request any more.
pub(crate) fn abort(number: u16, out: &mut Vec<u8>) {
    let start = out.len();
    record(ABORT_REQUEST, &[], out);
    renumber(&mut out[start..], number);
}

/// Finds out whose the octets of a connection are.
#[derive(Debug, Default)]
pub(crate) struct Sorter {
    /// The record that is coming: its request, and octets of content and padding still missing.
    number: u16,
    left: usize,
    is_end: bool,
}

impl Sorter {
    // ANCHOR: sort
    /// Goes through what has come, hands each request what is its own, under the number
    /// [`REQUEST`], and returns how many octets that were: all but a header of which some are missing.
    ///
    /// # Errors
    /// When it is not FastCGI.
    pub(crate) fn sort(
        &mut self,
        octets: &mut [u8],
        mut put: impl FnMut(u16, &[u8], Part),
    ) -> Result<usize, BadGateway> {
        // What lies between the two is all of one request.
        let (mut start, mut at) = (0, 0);
        loop {
            let come = self.left.min(octets.len() - at);
            at += come;
            self.left -= come;
            if self.left == 0 && self.is_end {
                put(self.number, &octets[start..at], Part::Last);
                (start, self.is_end) = (at, false);
            }
            let header = octets[at..].first_chunk_mut::<HEADER>();
            let Some(header) = header.filter(|_| self.left == 0) else {
                break;
            };
            let number = u16::from_be_bytes([header[NUMBER.start], header[NUMBER.start + 1]]);
            if header[0] != VERSION {
                return Err(super::no_fastcgi(header));
            }
            header[NUMBER].copy_from_slice(&REQUEST.to_be_bytes());
            (self.left, self.is_end) = (behind_header(header), header[1] == END_REQUEST);
            if number != self.number && start < at {
                put(self.number, &octets[start..at], Part::More);
                start = at;
            }
            self.number = number;
            at += HEADER;
        }
        if start < at {
            put(self.number, &octets[start..at], Part::More);
        }
        Ok(at)
    }
    // ANCHOR_END: sort
}

/// Octets of content and padding (§3.3).
fn behind_header(header: &[u8; HEADER]) -> usize {
    usize::from(u16::from_be_bytes([header[4], header[5]])) + usize::from(header[6])
}

#[cfg(test)]
mod tests {
    use super::super::{STDOUT, records::header};
    use super::*;
    use std::collections::BTreeMap;

    /// A record of a request, with padding.
    fn of(number: u16, kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
        let mut octets = header(kind, content.len()).to_vec();
        octets[6] = padding;
        octets.extend_from_slice(content);
        octets.resize(octets.len() + usize::from(padding), b'#');
        renumber(&mut octets, number);
        octets
    }

    /// What each request gets of octets that come in pieces of a size, and whether it has ended.
    fn sorted(octets: &[u8], size: usize) -> BTreeMap<u16, (Vec<u8>, bool)> {
        let (mut sorter, mut all) = (Sorter::default(), BTreeMap::new());
        let mut front = Vec::new();
        for piece in octets.chunks(size) {
            front.extend_from_slice(piece);
            let put = |number, octets: &[u8], part| {
                let (has, is_ended): &mut (Vec<u8>, bool) = all.entry(number).or_default();
                assert!(!*is_ended, "nothing comes behind the end");
                has.extend_from_slice(octets);
                *is_ended = part == Part::Last;
            };
            let used = sorter.sort(&mut front, put).expect("it is FastCGI");
            front.drain(..used);
        }
        assert!(front.is_empty());
        all
    }

    #[test]
    fn each_request_gets_its_own_however_the_octets_come() {
        let records = [
            of(7, STDOUT, b"seven", 3),
            of(300, STDOUT, b"", 0),
            of(7, END_REQUEST, &[0; 8], 0),
            of(300, STDOUT, &[b'x'; 70], 0),
            of(0, 10, b"about nobody", 0),
            of(300, END_REQUEST, &[0; 8], 5),
        ];
        let own = |kind, content: &[u8], padding| of(REQUEST, kind, content, padding);
        let seven = [own(STDOUT, b"seven", 3), own(END_REQUEST, &[0; 8], 0)].concat();
        let other = [
            own(STDOUT, b"", 0),
            own(STDOUT, &[b'x'; 70], 0),
            own(END_REQUEST, &[0; 8], 5),
        ];
        let octets = records.concat();
        for size in (1..100).chain([octets.len()]) {
            let all = sorted(&octets, size);
            assert_eq!(all[&7], (seven.clone(), true), "{size}");
            assert_eq!(all[&300], (other.concat(), true), "{size}");
            assert_eq!(all.len(), 3, "{size}");
        }
    }

    #[test]
    fn numbers_are_put_on_every_record() {
        let mut records = [of(1, STDOUT, b"abc", 2), of(1, END_REQUEST, &[0; 8], 0)].concat();
        renumber(&mut records, 515);
        let expected = [of(515, STDOUT, b"abc", 2), of(515, END_REQUEST, &[0; 8], 0)];
        assert_eq!(records, expected.concat());
        let mut out = b"before".to_vec();
        abort(515, &mut out);
        assert_eq!(out, b"before\x01\x02\x02\x03\x00\x00\x00\x00");
    }

    #[test]
    fn what_is_no_fastcgi_is_told() {
        let mut octets = b"HTTP/1.1 200 OK".to_vec();
        let bad = Sorter::default().sort(&mut octets, |_, _, _| unreachable!("nobody's"));
        let bad = bad.expect_err("it is HTTP").reason;
        assert!(bad.contains("does not speak FastCGI"), "{bad}");
    }
}

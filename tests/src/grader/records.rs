//! FastCGI as an application hears and speaks it, octet by octet.
//!
//! ```text
//! version 1 | kind | request (2) | length (2) | padding | 0 | content … | padding …
//! ```
//!
//! Source: FastCGI Specification 1.0, §3, §5, §6

use crate::grader::behind::{Heard, Line};
use std::collections::BTreeMap;

/// Kinds of records.
const BEGIN: u8 = 1;
const END: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;
const STDERR: u8 = 7;

/// The longest content of a record.
const LONGEST: usize = 0xFFFF;

/// The bit that asks the application to leave the connection open.
const KEEP: u8 = 1;

/// What an application is told of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Its variables.
    pub(super) variables: BTreeMap<String, String>,
    /// Its content.
    pub(super) content: Vec<u8>,
}

impl Told {
    /// The value of a variable; nothing where it is not there, which means the same.
    pub(super) fn value(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }
}

/// A request on a connection: who is to be answered, and whether another may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    number: u16,
    /// Whether the connection is to stay open.
    pub(super) keeps: bool,
}

struct Record {
    kind: u8,
    number: u16,
    content: Vec<u8>,
}

fn record(line: &mut Line) -> Heard<Record> {
    let header = line.exactly(8)?;
    let two = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    if header[0] != 1 {
        return Err(format!("a record says version {}, not 1", header[0]));
    }
    let content = line.exactly(two(4).into())?;
    line.exactly(header[6].into())?;
    Ok(Record {
        kind: header[1],
        number: two(2),
        content,
    })
}

/// Hears a request up to the end of its content.
pub(super) fn hear(line: &mut Line) -> Heard<(Ticket, Told)> {
    let (ticket, mut told) = hear_variables(line)?;
    told.content = stream(line, ticket.number, STDIN)?;
    Ok((ticket, told))
}

/// Hears a request up to the end of its variables.
pub(super) fn hear_variables(line: &mut Line) -> Heard<(Ticket, Told)> {
    let begin = record(line)?;
    let (role, flags) = match (begin.kind, &begin.content[..]) {
        (BEGIN, [high, low, flags, ..]) => (u16::from_be_bytes([*high, *low]), *flags),
        (kind, _) => {
            return Err(format!(
                "it begins with a record of kind {kind}, not {BEGIN}"
            ));
        }
    };
    if role != 1 || begin.number == 0 {
        let number = begin.number;
        return Err(format!(
            "request {number} asks for role {role}, not 1, the responder"
        ));
    }
    let told = Told {
        variables: pairs(&stream(line, begin.number, PARAMS)?)?,
        content: Vec::new(),
    };
    let ticket = Ticket {
        number: begin.number,
        keeps: flags & KEEP != 0,
    };
    Ok((ticket, told))
}

/// Hears a stream: records of one kind, up to an empty one.
fn stream(line: &mut Line, number: u16, kind: u8) -> Heard<Vec<u8>> {
    let mut octets = Vec::new();
    loop {
        let record = record(line)?;
        if (record.kind, record.number) != (kind, number) {
            return Err(format!(
                "a record of kind {} of request {} stands among those of kind {kind} of request {number}",
                record.kind, record.number
            ));
        }
        if record.content.is_empty() {
            return Ok(octets);
        }
        octets.extend(record.content);
    }
}

fn pairs(mut octets: &[u8]) -> Heard<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    while !octets.is_empty() {
        let (name, value) = (length(&mut octets)?, length(&mut octets)?);
        let (name, value) = (text(&mut octets, name)?, text(&mut octets, value)?);
        if pairs.contains_key(&name) {
            return Err(format!("the variable {name} is sent twice"));
        }
        pairs.insert(name, value);
    }
    Ok(pairs)
}

/// A length of one octet, or of four whose first bit is set.
fn length(octets: &mut &[u8]) -> Heard<usize> {
    let early = "the variables end in the middle of a length";
    let (first, rest) = octets.split_first().ok_or(early)?;
    if *first < 0x80 {
        *octets = rest;
        return Ok((*first).into());
    }
    let (four, rest) = octets.split_first_chunk().ok_or(early)?;
    *octets = rest;
    let length = u32::from_be_bytes(*four) & 0x7FFF_FFFF;
    length
        .try_into()
        .map_err(|_| "a length beyond all memory".into())
}

/// A text of that length.
pub(super) fn text(octets: &mut &[u8], length: usize) -> Heard<String> {
    let parts = octets.split_at_checked(length);
    let (text, rest) = parts.ok_or("the variables end in the middle of a text")?;
    *octets = rest;
    Ok(String::from_utf8_lossy(text).into_owned())
}

impl Ticket {
    fn record(self, kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
        let length = u16::try_from(content.len()).expect("callers cut what is longer");
        let ([high, low], [length_high, length_low]) =
            (self.number.to_be_bytes(), length.to_be_bytes());
        let mut octets = vec![1, kind, high, low, length_high, length_low, padding, 0];
        octets.extend(content);
        octets.resize(octets.len() + usize::from(padding), b'#');
        octets
    }

    fn records(self, kind: u8, octets: &[u8], padding: u8) -> Vec<u8> {
        let parts = octets.chunks(LONGEST);
        let records = parts.map(|part| self.record(kind, part, padding));
        records.collect::<Vec<_>>().concat()
    }

    /// Output, in as many records as it needs, each with so many octets of padding.
    pub(super) fn output(self, octets: &[u8], padding: u8) -> Vec<u8> {
        self.records(STDOUT, octets, padding)
    }

    /// Complaints, likewise.
    pub(super) fn complaints(self, octets: &[u8], padding: u8) -> Vec<u8> {
        self.records(STDERR, octets, padding)
    }

    /// The end, with that protocol status; 0 is well, 2 overloaded.
    pub(super) fn end(self, status: u8, padding: u8) -> Vec<u8> {
        self.record(END, &[0, 0, 0, 0, status, 0, 0, 0], padding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_have_lengths_of_one_octet_or_of_four() {
        let long = "v".repeat(300);
        let octets = [b"\x01\x00a\x01\x80\x00\x01\x2cb", long.as_bytes()].concat();
        let read = pairs(&octets).unwrap();
        assert_eq!((read["a"].as_str(), &read["b"]), ("", &long));
        assert!(pairs(b"\x01").is_err());
        assert!(pairs(b"\x01\x02a").is_err());
        assert!(pairs(b"\x01\x00a\x01\x00a").unwrap_err().contains("twice"));
    }

    #[test]
    fn what_is_longer_than_a_record_is_cut() {
        let ticket = Ticket {
            number: 1,
            keeps: false,
        };
        let octets = ticket.output(&[b'x'; LONGEST + 1], 3);
        assert_eq!(octets.len(), 2 * (8 + 3) + LONGEST + 1);
        assert_eq!(&octets[..8], [1, STDOUT, 0, 1, 0xFF, 0xFF, 3, 0]);
    }
}

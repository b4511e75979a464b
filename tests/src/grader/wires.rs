//! SCGI and uwsgi as an application hears them, and how it answers on either.
//!
//! ```text
//! SCGI    70:CONTENT_LENGTH\05\0SCGI\01\0…,hello            answered as a CGI program answers
//! uwsgi   0 | size (2) | 0 | length (2) name length (2) value … | hello    answered in HTTP
//! ```
//!
//! Both know no record and no end: content is as long as CONTENT_LENGTH says, and an answer ends with
//! its connection.

use crate::grader::behind::{Heard, Line};
use crate::grader::records::{Told, text};
use std::collections::BTreeMap;

/// Hears a request of SCGI.
pub(super) fn hear_scgi(line: &mut Line) -> Heard<Told> {
    let size = line.up_to(b":")?;
    let size = String::from_utf8_lossy(&size).into_owned();
    let size = size.trim_end_matches(':').parse();
    let octets = line.exactly(size.map_err(|_| "it does not begin with a length and a colon")?)?;
    if line.exactly(1)? != b"," {
        return Err("no comma stands behind its variables".into());
    }
    let text = String::from_utf8_lossy(&octets).into_owned();
    let words: Vec<&str> = text.split_terminator('\0').collect();
    if !(text.starts_with("CONTENT_LENGTH\0") && text.contains("\0SCGI\x001\0")) {
        return Err("its variables do not begin with CONTENT_LENGTH, or SCGI is not 1".into());
    }
    let pair = |pair: &[&str]| match pair {
        [name, value] => Ok(((*name).to_owned(), (*value).to_owned())),
        _ => Err("a variable has no value".to_owned()),
    };
    let variables = words.chunks(2).map(pair).collect::<Heard<_>>()?;
    with_content(line, variables)
}

/// Hears a request of uwsgi.
pub(super) fn hear_uwsgi(line: &mut Line) -> Heard<Told> {
    let header = line.exactly(4)?;
    if (header[0], header[3]) != (0, 0) {
        let modifiers = format!("{} and {}", header[0], header[3]);
        return Err(format!(
            "it says modifiers {modifiers}, which ask for something else"
        ));
    }
    let octets = line.exactly(u16::from_le_bytes([header[1], header[2]]).into())?;
    let (mut rest, mut variables) = (&octets[..], BTreeMap::new());
    while !rest.is_empty() {
        let name = short_text(&mut rest)?;
        let value = short_text(&mut rest)?;
        variables.insert(name, value);
    }
    with_content(line, variables)
}

fn short_text(octets: &mut &[u8]) -> Heard<String> {
    let (length, rest) = octets
        .split_first_chunk()
        .ok_or("its variables end in the middle of a length")?;
    *octets = rest;
    text(octets, u16::from_le_bytes(*length).into())
}

fn with_content(line: &mut Line, variables: BTreeMap<String, String>) -> Heard<Told> {
    let mut told = Told {
        variables,
        content: Vec::new(),
    };
    let length = match told.value("CONTENT_LENGTH") {
        "" => 0,
        length => length.parse().map_err(|_| "CONTENT_LENGTH is no number")?,
    };
    told.content = line.exactly(length)?;
    Ok(told)
}

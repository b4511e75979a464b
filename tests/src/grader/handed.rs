//! A request as an upstream hears it, taken apart without a repair.

use crate::answer::digits;
use crate::grader::behind::{Heard, Line};

/// A request that was handed on.
#[derive(Debug)]
pub(super) struct Handed {
    /// Its first line.
    pub(super) line: String,
    fields: Vec<(String, String)>,
    /// Its content, without the framing.
    pub(super) content: Vec<u8>,
}

impl Handed {
    /// Hears a whole request.
    pub(super) fn hear(line: &mut Line) -> Heard<Handed> {
        let mut handed = Handed::head(line)?;
        let lengths = handed.all("Content-Length");
        handed.content = match (&lengths[..], &handed.all("Transfer-Encoding")[..]) {
            ([], []) => Vec::new(),
            ([length], []) => {
                let length = digits(length.as_bytes()).and_then(|length| length.try_into().ok());
                line.exactly(length.ok_or("its Content-Length is no number")?)?
            }
            ([], ["chunked"]) => chunks(line)?,
            _ => return Err("it says in two ways, or in none, where it ends".into()),
        };
        Ok(handed)
    }

    /// Hears the head alone.
    pub(super) fn head(line: &mut Line) -> Heard<Handed> {
        let head = line.up_to(b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.trim_end_matches("\r\n").split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let field = |line: &str| {
            let (name, value) = line.split_once(':').ok_or("a field without a colon")?;
            Ok((name.to_owned(), value.trim().to_owned()))
        };
        Ok(Handed {
            line: first,
            fields: lines.map(field).collect::<Heard<_>>()?,
            content: Vec::new(),
        })
    }

    /// The values of all fields of that name.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        let fields = self.fields.iter().filter(named);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// The last member of the list that all fields of that name are.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        let value = self.all(name).pop()?;
        value.rsplit(',').next().map(str::trim)
    }

    /// The target.
    pub(super) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// The method.
    pub(super) fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }
}

fn chunks(line: &mut Line) -> Heard<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let size = line.up_to(b"\r\n")?;
        let size = String::from_utf8_lossy(&size);
        let size = size.split([';', '\r']).next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(|_| "a chunk without a size")?;
        if size == 0 {
            break;
        }
        content.extend(line.exactly(size)?);
        if line.exactly(2)? != b"\r\n" {
            return Err("a chunk is longer than it says".into());
        }
    }
    // Trailers end as a head does: with an empty line.
    while line.up_to(b"\r\n")? != b"\r\n" {}
    Ok(content)
}

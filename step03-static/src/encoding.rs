//! Files that were compressed in advance: `page.html.br` and `page.html.gz` beside `page.html`.
//!
//! ```text
//! page.html      what the address names, and what it is (its media type)
//! page.html.br   the same in fewer octets, for who accepts `br`
//! page.html.gz   likewise, for who accepts `gzip`
//! ```
//!
//! Each is a variant with its own length, time and entity tag, and ranges count *its* octets. Which
//! one is sent depends on the request, so all of them carry `Vary: Accept-Encoding`: a cache that
//! gave brotli to a client without it would show a page of noise.
//!
//! Nothing is compressed while a request waits. Nor is anything refused for its coding: a client
//! that accepts none of the variants gets the file as it is, as RFC 9110 §12.4.1 allows.

use crate::{Denied, Found, OpenFile, SitePath};
use http_parse::Fields;
use std::sync::Arc;

/// A content coding that a file can have been given in advance.
///
/// Source: RFC 9110 §8.4.1, RFC 7932
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `br`
    Brotli,
    /// `gzip`
    Gzip,
}

/// The encoded form of a file, which lies beside it.
#[derive(Clone, Debug)]
pub struct Sibling {
    /// How it was encoded.
    pub coding: Coding,
    /// The encoded octets; it has no siblings of its own.
    pub file: Arc<OpenFile>,
}

impl Coding {
    /// All of them, the one that saves more octets first.
    pub const ALL: [Coding; 2] = [Coding::Brotli, Coding::Gzip];

    /// Its name in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
        }
    }

    /// What it adds to the name of a file.
    fn ending(self) -> &'static str {
        match self {
            Coding::Brotli => ".br",
            Coding::Gzip => ".gz",
        }
    }

    fn is_called(self, name: &[u8]) -> bool {
        // x-gzip is an old name for gzip (RFC 9110 §8.4.1.3).
        name.eq_ignore_ascii_case(self.name().as_bytes())
            || self == Coding::Gzip && name.eq_ignore_ascii_case(b"x-gzip")
    }
}

/// Adds to a file its encoded siblings, for which `find` is asked as for any other file: a sibling
/// is regular, readable and below the root, or it is none.
///
/// A sibling that is older than its file was made from another version, and is left out. Whole
/// seconds decide, because tools that copy the time of a file to its sibling may copy no more.
#[must_use]
pub fn with_siblings(
    found: Found,
    path: &SitePath,
    find: impl Fn(&SitePath) -> Result<Found, Denied>,
) -> Found {
    let Found::File(file) = &found else {
        return found;
    };
    let name = path.file_name().unwrap_or(b"");
    let is_encoded = |coding: Coding| name.ends_with(coding.ending().as_bytes());
    if Coding::ALL.into_iter().any(is_encoded) {
        return found;
    }
    let look = |coding: Coding| match find(&path.with_ending(coding.ending())) {
        Ok(Found::File(sibling)) => {
            // The same file under both names would be two variants with one entity tag.
            let is_usable = sibling.modified >= file.modified && sibling.etag != file.etag;
            is_usable.then_some(Sibling {
                coding,
                file: sibling,
            })
        }
        // What cannot be had now is not needed: there is the file itself.
        Ok(Found::Folder) | Err(_) => None,
    };
    let siblings: Vec<Sibling> = Coding::ALL.into_iter().filter_map(look).collect();
    if siblings.is_empty() {
        return found;
    }
    Found::File(Arc::new(OpenFile {
        siblings,
        ..OpenFile::clone(file)
    }))
}

/// Chooses the variant of a file that a request prefers, and tells how it is encoded.
///
/// The greatest weight wins; among equals brotli before gzip before none. Without the field, only
/// the file as it is: a client that does not say what it can decode may decode nothing.
///
/// Source: RFC 9110 §12.5.3
// ANCHOR: choose
pub(crate) fn choose<'f>(fields: &Fields, file: &'f OpenFile) -> (Option<Coding>, &'f OpenFile) {
    let plain = weight(fields, |name| name.eq_ignore_ascii_case(b"identity"));
    let mut best = (None, file, plain.unwrap_or(0).max(1));
    // From the least preferred on, so that among equals the last one stays.
    for sibling in file.siblings.iter().rev() {
        let weight = weight(fields, |name| sibling.coding.is_called(name)).unwrap_or(0);
        if weight >= best.2 {
            best = (Some(sibling.coding), &sibling.file, weight);
        }
    }
    (best.0, best.1)
}
// ANCHOR_END: choose

/// The weight of a coding in thousandths, 0 being "not this one"; `None` when nothing is said
/// about it, not even by `*`.
fn weight(fields: &Fields, is_it: impl Fn(&[u8]) -> bool) -> Option<u16> {
    let mut any = None;
    for (name, weight) in fields.list("Accept-Encoding").filter_map(parse_member) {
        if is_it(name) {
            return Some(weight);
        }
        if name == b"*" {
            any = Some(weight);
        }
    }
    any
}

/// `gzip` or `gzip;q=0.5`, as name and thousandths; `None` when it is malformed.
fn parse_member(member: &[u8]) -> Option<(&[u8], u16)> {
    let Some(semicolon) = member.iter().position(|octet| *octet == b';') else {
        return Some((member, 1000));
    };
    let (name, parameter) = (&member[..semicolon], &member[semicolon + 1..]);
    let [b'q' | b'Q', b'=', value @ ..] = parameter.trim_ascii() else {
        return None;
    };
    Some((name.trim_ascii(), parse_weight(value)?))
}

/// `0`, `0.123`, `1`, `1.000`: at most three digits, and never more than one (RFC 9110 §12.4.2).
fn parse_weight(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [whole @ (b'0' | b'1')] => (whole, &b""[..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let mut thousandths = u16::from(whole - b'0');
    for place in 0..3 {
        let digit = decimals.get(place).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        thousandths = thousandths * 10 + u16::from(digit - b'0');
    }
    (thousandths <= 1000).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn this_file(siblings: Vec<Sibling>) -> Arc<OpenFile> {
        let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/src/encoding.rs")).unwrap();
        let Ok(Found::File(file)) = Found::describe(file) else {
            panic!("a regular file");
        };
        Arc::new(OpenFile {
            siblings,
            ..OpenFile::clone(&file)
        })
    }

    /// What is chosen of a file with both siblings, with brotli alone, and with gzip alone.
    #[track_caller]
    fn check(accept: &[&str], both: &str, brotli: &str, gzip: &str) {
        let mut fields = Fields::new();
        for value in accept {
            fields.push("Accept-Encoding", value);
        }
        let chosen = |codings: &[Coding]| {
            let sibling = |coding: &Coding| Sibling {
                coding: *coding,
                file: this_file(vec![]),
            };
            let file = this_file(codings.iter().map(sibling).collect());
            let (coding, _) = choose(&fields, &file);
            coding.map_or("plain", Coding::name)
        };
        let all = chosen(&Coding::ALL);
        let one = [&[Coding::Brotli], &[Coding::Gzip]].map(|one| chosen(one));
        assert_eq!((all, one), (both, [brotli, gzip]), "{accept:?}");
    }

    #[test]
    fn brotli_goes_before_gzip_among_equals() {
        check(&["gzip, deflate, br, zstd"], "br", "br", "gzip");
        check(&["gzip", "br"], "br", "br", "gzip");
        check(&["GZIP,BR"], "br", "br", "gzip");
        check(&["x-gzip"], "gzip", "plain", "gzip");
        check(&["*"], "br", "br", "gzip");
    }

    #[test]
    fn the_greater_weight_wins() {
        check(&["br;q=1"], "br", "br", "plain");
        check(&["br;q=0.8, gzip"], "gzip", "br", "gzip");
        check(&["br;q=0.8, gzip;q=0.79"], "br", "br", "gzip");
        check(&["br ; q=0.001 , gzip;Q=1.000"], "gzip", "br", "gzip");
        check(
            &["identity, br;q=0.5, gzip;q=0.5"],
            "plain",
            "plain",
            "plain",
        );
        check(&["identity;q=0.5, br;q=0.5"], "br", "br", "plain");
        check(&["gzip;q=0.5, *;q=0.7"], "br", "br", "plain");
    }

    #[test]
    fn a_weight_of_zero_refuses() {
        check(&["br;q=0, gzip"], "gzip", "plain", "gzip");
        check(&["br;q=0.000, *"], "gzip", "plain", "gzip");
        check(&["*;q=0, gzip;q=0.1"], "gzip", "plain", "gzip");
        check(&["identity;q=0, gzip;q=0.001"], "gzip", "plain", "gzip");
    }

    #[test]
    fn who_accepts_nothing_gets_the_file_as_it_is() {
        check(&[], "plain", "plain", "plain");
        check(&[""], "plain", "plain", "plain");
        check(&["identity"], "plain", "plain", "plain");
        check(&["deflate, zstd"], "plain", "plain", "plain");
        check(&["identity;q=0"], "plain", "plain", "plain");
        check(&["*;q=0"], "plain", "plain", "plain");
    }

    #[test]
    fn malformed_members_are_ignored() {
        for member in [
            "br;q=1.001",
            "br;q=2",
            "br;q=0.1234",
            "br;q=",
            "br;q=-1",
            "br;x=1",
            "br;q=.5",
            "br;q=0,5",
        ] {
            check(&[member, "gzip;q=0.2"], "gzip", "plain", "gzip");
        }
    }
}

//! The path of a request as a list of decoded names.
//!
//! Routing must look at a path the way the file system will: `/x/../cgi/tool` *is* `/cgi/tool`, and
//! a router that compares octets would hand the script's source to the file handler. So the path
//! is cut at its slashes, each piece decoded once, empty and dot pieces removed, and only then compared.
//!
//! ```text
//!     /a//b/./c%2Fd/../e%20f/   →   "a" "b" "e f"   and a slash at the end
//! ```
//!
//! An encoded slash stays inside its piece: no file can be called so, and it must not become a
//! separator behind the router's back. What a piece may be called is for others to decide.

use std::borrow::Cow;

/// A decoded path: its names from the root, and whether a slash follows the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segments<'r> {
    names: Vec<Cow<'r, [u8]>>,
    ends_in_slash: bool,
}

/// A path that says nothing: a malformed escape, an encoded NUL, or a climb above the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadPath;

impl<'r> Segments<'r> {
    /// Cuts and decodes a request's path.
    ///
    /// # Errors
    /// [`BadPath`]; the request is answered with 400.
    ///
    /// Source: RFC 3986 §5.2.4 (dot segments), §6.2.2.2 (decoding).
    pub(crate) fn parse(path: &'r [u8]) -> Result<Segments<'r>, BadPath> {
        let mut names = Vec::new();
        let mut ends_in_slash = true;
        for piece in path.split(|octet| *octet == b'/') {
            let name = decode(piece)?;
            ends_in_slash = matches!(name.as_ref(), b"" | b"." | b"..");
            match name.as_ref() {
                b"" | b"." => {}
                b".." => {
                    names.pop().ok_or(BadPath)?;
                }
                _ => names.push(name),
            }
        }
        Ok(Segments {
            names,
            ends_in_slash,
        })
    }

    /// The names below the root, decoded.
    pub(crate) fn names(&self) -> &[Cow<'r, [u8]>] {
        &self.names
    }

    /// Whether it is a folder's.
    pub(crate) fn ends_in_slash(&self) -> bool {
        self.ends_in_slash
    }

    /// The first `count` names as one decoded path: empty, or begins with a slash.
    pub(crate) fn up_to(&self, count: usize) -> Vec<u8> {
        let names = &self.names[..count.min(self.names.len())];
        let mut path = Vec::with_capacity(octets(names));
        for name in names {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        path
    }

    /// Everything after the first `skip` names, as one decoded path: empty, or begins with a slash.
    ///
    /// # Errors
    /// [`BadPath`] when a decoded slash would put a dot segment into the result: a program that
    /// appends it to a folder would leave that folder.
    pub(crate) fn after(&self, skip: usize) -> Result<Vec<u8>, BadPath> {
        let names = self.names.get(skip..).unwrap_or_default();
        let mut path = Vec::with_capacity(octets(names) + 1);
        for name in names {
            let climbs = |part: &[u8]| part == b"." || part == b"..";
            if name.split(|octet| *octet == b'/').any(climbs) {
                return Err(BadPath);
            }
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if self.ends_in_slash && self.names.len() >= skip {
            path.push(b'/');
        }
        Ok(path)
    }
}

/// Undoes percent-encoding, once.
fn decode(piece: &[u8]) -> Result<Cow<'_, [u8]>, BadPath> {
    if !piece.contains(&b'%') {
        return Ok(Cow::Borrowed(piece));
    }
    let mut decoded = Vec::with_capacity(piece.len());
    let mut octets = piece.iter();
    while let Some(&octet) = octets.next() {
        if octet != b'%' {
            decoded.push(octet);
            continue;
        }
        let high = hex(octets.next())?;
        let low = hex(octets.next())?;
        match high << 4 | low {
            0 => return Err(BadPath),
            octet => decoded.push(octet),
        }
    }
    Ok(Cow::Owned(decoded))
}

fn hex(digit: Option<&u8>) -> Result<u8, BadPath> {
    match digit {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        Some(digit @ b'a'..=b'f') => Ok(digit - b'a' + 10),
        Some(digit @ b'A'..=b'F') => Ok(digit - b'A' + 10),
        Some(_) | None => Err(BadPath),
    }
}

/// Octets of these names, each with its slash.
fn octets(names: &[Cow<'_, [u8]>]) -> usize {
    names.iter().map(|name| 1 + name.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Result<(&[&str], &str), BadPath>) {
        let parsed = Segments::parse(path.as_bytes());
        let seen = parsed.map(|segments| {
            let names: Vec<String> = segments
                .names()
                .iter()
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect();
            let after = segments.after(1).expect("no encoded climb in this table");
            (names, String::from_utf8_lossy(&after).into_owned())
        });
        let expected = expected.map(|(names, after)| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            (names, after.to_owned())
        });
        assert_eq!(seen, expected, "{path}");
    }

    #[test]
    fn dots_and_empty_names_are_removed_and_the_last_slash_is_kept() {
        check("/", Ok((&[], "")));
        check("/a", Ok((&["a"], "")));
        check("/a/", Ok((&["a"], "/")));
        check("/a/b", Ok((&["a", "b"], "/b")));
        check("//a///b//", Ok((&["a", "b"], "/b/")));
        check("/a/./b/../c", Ok((&["a", "c"], "/c")));
        check("/a/b/..", Ok((&["a"], "/")));
        check("/a/%2e%2E/b", Ok((&["b"], "")));
        check("/a/...", Ok((&["a", "..."], "/...")));
    }

    #[test]
    fn escapes_are_decoded_once() {
        check("/a/%41%2fb", Ok((&["a", "A/b"], "/A/b")));
        check("/a/%2541", Ok((&["a", "%41"], "/%41")));
        check("/a/%C3%A9", Ok((&["a", "é"], "/é")));
        check("/a/b+c", Ok((&["a", "b+c"], "/b+c")));
    }

    #[test]
    fn nonsense_is_refused() {
        for path in [
            "/%", "/%4", "/%zz", "/%00", "/a%", "/..", "/a/../..", "/%2e%2e",
        ] {
            check(path, Err(BadPath));
        }
    }

    #[test]
    fn an_encoded_slash_cannot_carry_a_climb() {
        for path in ["/a/..%2Fb", "/a/b%2f..", "/a/x%2F.%2Fy", "/a/..%2f..%2fetc"] {
            let segments = Segments::parse(path.as_bytes()).expect("decodes");
            assert_eq!(segments.after(1), Err(BadPath), "{path}");
        }
    }
}

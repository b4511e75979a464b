//! From the path of a request-target to the name of a file.
//!
//! ```text
//! /a//b%20c/../d/   decode each segment once      "a" "" "b c" ".." "d" ""
//!                   skip the empty ones           "a" "b c" ".." "d"
//!                   remove dot segments           "a" "d", and it ended in a slash
//! ```
//!
//! The order matters. Decoding comes first and happens once, so that `%2e%2e` is a dot segment and
//! `%252e` is a file called `%2e`. What is left can only name something below the root, whatever
//! the client sent.
//!
//! A name is octets here, as it is to the kernel: no encoding is assumed. Symbolic links can still
//! lead out of the root; only the file system knows them, see [`Disk`](crate::Disk).

use http_parse::Status;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a person is told about a path that names nothing.
pub(crate) const NOTHING_HERE: &str =
    "There is nothing at this address. Check its spelling, upper and lower case included.";

/// A checked path below the root of a site: decoded, without dot segments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SitePath {
    /// Segments joined by `/`, empty for the root. No segment is empty, `.` or `..`, and none holds
    /// `/` or NUL.
    octets: Vec<u8>,
    ends_in_slash: bool,
}

/// Why a path names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// A `%` without two hexadecimal digits after it.
    BadEscape,
    /// An encoded NUL: it would end the name early in the kernel.
    Nul,
    /// `..` where there is nothing left to leave.
    AboveRoot,
    /// An encoded `/` within a segment: no file can be called so.
    Slash,
    /// A name that begins with a dot: those are not published, except `/.well-known/`.
    Hidden,
}

impl PathFault {
    /// The status to answer with: 400 when no server could mean anything by it, else 404.
    pub fn status(self) -> Status {
        match self {
            PathFault::BadEscape | PathFault::Nul | PathFault::AboveRoot => Status::BAD_REQUEST,
            PathFault::Slash | PathFault::Hidden => Status::NOT_FOUND,
        }
    }

    /// One sentence for a person. It does not tell a hidden name from a missing one.
    pub fn explain(self) -> &'static str {
        match self {
            PathFault::BadEscape => {
                "In an address, % stands before two hexadecimal digits, as in %20 for a space. \
                 Write %25 for the sign itself."
            }
            PathFault::Nul => "The address holds %00, which no file name can.",
            PathFault::AboveRoot => {
                "The address leads above the top of the site. Leave out some of the \"..\"."
            }
            PathFault::Slash | PathFault::Hidden => NOTHING_HERE,
        }
    }
}

impl SitePath {
    /// Checks and decodes the path of a request-target.
    ///
    /// # Errors
    /// A [`PathFault`], with its status.
    ///
    /// Source: RFC 3986 §2.1, §5.2.4
    // ANCHOR: site_path
    pub fn parse(encoded: &[u8]) -> Result<SitePath, PathFault> {
        let mut path = SitePath {
            octets: Vec::with_capacity(encoded.len()),
            ends_in_slash: false,
        };
        for segment in encoded.split(|octet| *octet == b'/') {
            let start = path.begin_segment();
            decode(segment, &mut path.octets)?;
            path.ends_in_slash = path.settle_segment(start)?;
        }
        if path.segments().enumerate().any(is_hidden) {
            return Err(PathFault::Hidden);
        }
        Ok(path)
    }
    // ANCHOR_END: site_path

    /// The segments, decoded; none for the root.
    pub fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.octets
            .split(|octet| *octet == b'/')
            .filter(|segment| !segment.is_empty())
    }

    /// The segments joined by `/`, decoded, relative to the root: empty for the root itself.
    pub fn relative(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.octets))
    }

    /// The last segment; `None` for the root.
    pub fn file_name(&self) -> Option<&[u8]> {
        let last = self.octets.rsplit(|octet| *octet == b'/').next();
        last.filter(|segment| !segment.is_empty())
    }

    /// Whether the target was written as a folder's: with a slash, or a dot segment, at its end.
    pub fn ends_in_slash(&self) -> bool {
        self.ends_in_slash
    }

    /// The path of a file in this folder. `name` is the program's own: one segment, not hidden.
    #[must_use]
    pub fn child(&self, name: &'static str) -> SitePath {
        let mut octets = Vec::with_capacity(self.octets.len() + 1 + name.len());
        octets.extend_from_slice(&self.octets);
        if !octets.is_empty() {
            octets.push(b'/');
        }
        octets.extend_from_slice(name.as_bytes());
        SitePath {
            octets,
            ends_in_slash: false,
        }
    }

    /// The path of a file beside this one, called like it and some more. `ending` is the program's
    /// own, without a slash.
    #[must_use]
    pub(crate) fn with_ending(&self, ending: &'static str) -> SitePath {
        SitePath {
            octets: [&self.octets, ending.as_bytes()].concat(),
            ends_in_slash: false,
        }
    }

    /// The one way to write this path as a folder's, percent-encoded, from `/` to `/`.
    ///
    /// It never begins with `//`, which a browser would take for the name of another host.
    // ANCHOR: folder_location
    pub fn folder_location(&self) -> String {
        let mut location = String::with_capacity(self.octets.len() + 2);
        for segment in self.segments() {
            location.push('/');
            encode(segment, &mut location);
        }
        location.push('/');
        location
    }
    // ANCHOR_END: folder_location

    /// Puts a `/` after the segments so far and returns where they ended.
    fn begin_segment(&mut self) -> usize {
        let start = self.octets.len();
        if start > 0 {
            self.octets.push(b'/');
        }
        start
    }

    /// Keeps the segment decoded since `start`, or takes it back together with its slash. Tells
    /// whether a path that ended here would be a folder's.
    // ANCHOR: settle_segment
    fn settle_segment(&mut self, start: usize) -> Result<bool, PathFault> {
        let first = if start > 0 { start + 1 } else { 0 };
        let segment = &self.octets[first..];
        if segment.contains(&b'/') {
            return Err(PathFault::Slash);
        }
        match segment {
            b"" | b"." => self.octets.truncate(start),
            b".." if start == 0 => return Err(PathFault::AboveRoot),
            b".." => {
                let parent = self.octets[..start]
                    .iter()
                    .rposition(|octet| *octet == b'/');
                self.octets.truncate(parent.unwrap_or(0));
            }
            _name => return Ok(false),
        }
        Ok(true)
    }
    // ANCHOR_END: settle_segment
}

/// Whether a name that deep below the root is not published.
pub(crate) fn is_hidden((depth, segment): (usize, &[u8])) -> bool {
    segment.starts_with(b".") && !(depth == 0 && segment == b".well-known")
}

/// Appends the octets that a percent-encoded segment stands for.
fn decode(segment: &[u8], into: &mut Vec<u8>) -> Result<(), PathFault> {
    let mut rest = segment;
    while let Some(plain) = rest.iter().position(|octet| *octet == b'%') {
        into.extend_from_slice(&rest[..plain]);
        let [_percent, high, low, after @ ..] = &rest[plain..] else {
            return Err(PathFault::BadEscape);
        };
        let decoded = hex(*high)? << 4 | hex(*low)?;
        if decoded == 0 {
            return Err(PathFault::Nul);
        }
        into.push(decoded);
        rest = after;
    }
    into.extend_from_slice(rest);
    Ok(())
}

fn hex(digit: u8) -> Result<u8, PathFault> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(PathFault::BadEscape),
    }
}

/// Appends a segment percent-encoded. Beyond what the grammar demands, `&`, `'` and `:` are encoded
/// too, so that the result can stand in an HTML attribute and is never taken for a scheme.
pub(crate) fn encode(segment: &[u8], into: &mut String) {
    for octet in segment {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                into.push(char::from(*octet));
            }
            b'!' | b'$' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b'@' => {
                into.push(char::from(*octet));
            }
            _ => write!(into, "%{octet:02X}").expect("a String takes every text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(encoded: &str, expected: Result<(&str, bool), PathFault>) {
        let got = SitePath::parse(encoded.as_bytes());
        let expected = expected.map(|(octets, ends_in_slash)| SitePath {
            octets: octets.as_bytes().to_vec(),
            ends_in_slash,
        });
        assert_eq!(got, expected, "{encoded}");
    }

    #[test]
    fn every_fault_is_explained_in_whole_sentences() {
        for fault in [
            PathFault::BadEscape,
            PathFault::Nul,
            PathFault::AboveRoot,
            PathFault::Slash,
            PathFault::Hidden,
        ] {
            let sentence = fault.explain();
            assert!(sentence.ends_with('.') && sentence.len() > 20, "{sentence}");
        }
    }

    #[test]
    fn plain_paths_are_kept() {
        check("/", Ok(("", true)));
        check("/a", Ok(("a", false)));
        check("/a/", Ok(("a", true)));
        check("/a/b.html", Ok(("a/b.html", false)));
        check("/a..b/...c", Err(PathFault::Hidden));
        check("/a..b/c..", Ok(("a..b/c..", false)));
        check("/back\\slash", Ok(("back\\slash", false)));
    }

    #[test]
    fn escapes_are_decoded_once() {
        check("/%61%2Eb", Ok(("a.b", false)));
        check("/100%25", Ok(("100%", false)));
        check("/%252e%252e/a", Ok(("%2e%2e/a", false)));
        check("/a+b%20c", Ok(("a+b c", false)));
    }

    #[test]
    fn malformed_escapes_are_bad_requests() {
        for encoded in ["/%", "/%4", "/%4/", "/%zz", "/%%41", "/%u0041"] {
            check(encoded, Err(PathFault::BadEscape));
        }
        check("/a%00.html", Err(PathFault::Nul));
        assert_eq!(PathFault::Nul.status(), Status::BAD_REQUEST);
    }

    #[test]
    fn empty_segments_are_skipped() {
        check("//a///b//", Ok(("a/b", true)));
        check("//", Ok(("", true)));
    }

    #[test]
    fn dot_segments_are_removed() {
        check("/./a/./b", Ok(("a/b", false)));
        check("/a/../b", Ok(("b", false)));
        check("/a/b/../../c", Ok(("c", false)));
        check("/a/%2e%2E/b", Ok(("b", false)));
        check("/a/b/..", Ok(("a", true)));
        check("/a/.", Ok(("a", true)));
        check("/a/..", Ok(("", true)));
        check("/.git/../a", Ok(("a", false)));
    }

    #[test]
    fn climbing_above_the_root_is_a_bad_request() {
        for encoded in ["/..", "/../a", "/a/../../b", "/%2e./a", "//..//a", "/./.."] {
            check(encoded, Err(PathFault::AboveRoot));
        }
    }

    #[test]
    fn an_encoded_slash_names_nothing() {
        for encoded in ["/a%2Fb", "/..%2f..%2fetc", "/%2f", "/%2e%2e%2fa"] {
            check(encoded, Err(PathFault::Slash));
        }
        assert_eq!(PathFault::Slash.status(), Status::NOT_FOUND);
    }

    #[test]
    fn dotfiles_are_hidden_except_well_known() {
        check("/.git/config", Err(PathFault::Hidden));
        check("/a/.htaccess", Err(PathFault::Hidden));
        check("/%2egit", Err(PathFault::Hidden));
        check("/.well-known/x", Ok((".well-known/x", false)));
        check("/.well-known/.x", Err(PathFault::Hidden));
        check("/a/.well-known/x", Err(PathFault::Hidden));
        check("/.well-known-not", Err(PathFault::Hidden));
    }

    #[test]
    fn names_need_not_be_utf8() {
        let path = SitePath::parse(b"/caf%e9").unwrap();
        assert_eq!(path.file_name(), Some(&b"caf\xe9"[..]));
        assert_eq!(path.folder_location(), "/caf%E9/");
    }

    #[test]
    fn a_folder_location_is_path_absolute() {
        for (encoded, location) in [
            ("//evil.example/a", "/evil.example/a/"),
            ("/", "/"),
            ("/%5cevil", "/%5Cevil/"),
            ("/a%0d%0aSet-Cookie:x", "/a%0D%0ASet-Cookie%3Ax/"),
            ("/<&\"'>", "/%3C%26%22%27%3E/"),
        ] {
            let path = SitePath::parse(encoded.as_bytes()).unwrap();
            assert_eq!(path.folder_location(), location);
        }
    }

    #[test]
    fn whatever_is_accepted_stays_below_the_root() {
        let pieces = ["/", ".", "..", "%2e", "%2F", "a", "%", "00", "\\", "%5c"];
        let base = pieces.len();
        for number in 0..base.pow(5) {
            let encoded: String = (0..5)
                .map(|at| pieces[number / base.pow(at) % base])
                .collect();
            let Ok(path) = SitePath::parse(encoded.as_bytes()) else {
                continue;
            };
            let plain =
                |part: std::path::Component| matches!(part, std::path::Component::Normal(_));
            assert!(path.relative().components().all(plain), "{encoded}");
        }
    }
}

//! Which handler answers which path.
//!
//! ```text
//!     /cgi      → programs            GET /cgi/hello    → programs
//!     /cgi/api  → an application      GET /cgi/api/x    → the application: the longer prefix wins
//!     the rest  → files               GET /cgi-bin      → files: a prefix ends where a name ends
//! ```
//!
//! An extension goes before any prefix: `/cgi/a.php` is a script, wherever it stands.
//!
//! Handlers see the request as it came, prefix included: what they make of it is up to them.

use crate::path::Segments;
use crate::scripts::Scripts;
use static_files::{Handler, Reply, Request};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A path under which something is mounted: `/cgi`, or `/` for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    names: Vec<String>,
}

/// Why a text is no [`Prefix`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPrefix {
    /// It does not begin with a slash.
    NoSlash,
    /// It has an empty name, `.` or `..`, which no request's path has when it is compared.
    NeverMatches,
}

impl fmt::Display for BadPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadPrefix::NoSlash => "a prefix begins with a slash, as in /cgi",
            BadPrefix::NeverMatches => {
                "a prefix has plain names between single slashes, as in /cgi or /apps/wiki"
            }
        })
    }
}

impl std::error::Error for BadPrefix {}

impl FromStr for Prefix {
    type Err = BadPrefix;

    /// Reads a prefix as people write it: not percent-encoded, a slash at the end or not.
    fn from_str(text: &str) -> Result<Prefix, BadPrefix> {
        let path = text.strip_prefix('/').ok_or(BadPrefix::NoSlash)?;
        if path.is_empty() {
            return Ok(Prefix { names: Vec::new() });
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        let names: Vec<String> = path.split('/').map(str::to_owned).collect();
        let is_plain = |name: &String| !matches!(name.as_str(), "" | "." | "..");
        if names.iter().all(is_plain) {
            Ok(Prefix { names })
        } else {
            Err(BadPrefix::NeverMatches)
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.names.join("/"))
    }
}

impl Prefix {
    /// How many names it has.
    pub(crate) fn depth(&self) -> usize {
        self.names.len()
    }

    /// The names below this prefix; `None` for a path that is elsewhere.
    pub(crate) fn below<'n, 'r>(&self, names: &'n [Cow<'r, [u8]>]) -> Option<&'n [Cow<'r, [u8]>]> {
        let (own, below) = names.split_at_checked(self.depth())?;
        let mut pairs = self.names.iter().zip(own);
        let is_same = pairs.all(|(own, name)| own.as_bytes() == name.as_ref());
        is_same.then_some(below)
    }
}

/// A [`Handler`] that hands every request to the one whose prefix fits best.
pub struct Routes {
    /// Longest prefix first.
    mounts: Vec<(Prefix, Box<dyn Handler + Send>)>,
    scripts: Vec<Scripts>,
    rest: Box<dyn Handler + Send>,
}

impl Routes {
    /// Hands every request to `rest`.
    pub fn new(rest: impl Handler + Send + 'static) -> Routes {
        Routes {
            mounts: Vec::new(),
            scripts: Vec::new(),
            rest: Box::new(rest),
        }
    }

    /// Hands requests for `prefix`, and for everything below it, to `handler`. Of two handlers with
    /// one prefix the earlier stays.
    pub fn mount(&mut self, prefix: Prefix, handler: impl Handler + Send + 'static) {
        self.mount_boxed(prefix, Box::new(handler));
    }

    /// Hands requests for scripts to whoever runs them, wherever they stand.
    pub(crate) fn run_scripts(&mut self, scripts: Scripts) {
        self.scripts.push(scripts);
    }

    pub(crate) fn mount_boxed(&mut self, prefix: Prefix, handler: Box<dyn Handler + Send>) {
        let depth = prefix.depth();
        let at = self
            .mounts
            .partition_point(|(other, _)| other.depth() >= depth);
        self.mounts.insert(at, (prefix, handler));
    }
}

impl Handler for Routes {
    fn handle(&self, request: &Request) -> Reply {
        // A site of files alone does not pay for looking at the path twice.
        if self.mounts.is_empty() && self.scripts.is_empty() {
            return self.rest.handle(request);
        }
        // A path that says nothing is for the files' handler to refuse.
        let Ok(path) = Segments::parse(request.path()) else {
            return self.rest.handle(request);
        };
        let mut scripts = self.scripts.iter();
        if let Some(reply) = scripts.find_map(|each| each.handle(request, &path)) {
            return reply;
        }
        let covers = |(prefix, _): &&(Prefix, _)| prefix.below(path.names()).is_some();
        match self.mounts.iter().find(covers) {
            Some((_, handler)) => handler.handle(request),
            None => self.rest.handle(request),
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes = self.mounts.iter().map(|(prefix, _)| prefix.to_string());
        f.debug_tuple("Routes")
            .field(&prefixes.collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_parse::{Framing, Limits, Parsed, parse_request_head};
    use static_files::{Body, Response};

    fn request(path: &str) -> Request {
        let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let parsed = parse_request_head(head.as_bytes(), &Limits::default());
        let Ok(Parsed::Complete(head, _)) = parsed else {
            panic!("{path}: {parsed:?}")
        };
        let nobody = "127.0.0.1:1".parse().expect("an address");
        Request {
            head,
            framing: Framing::None,
            peer: nobody,
            local: nobody,
            front: None,
        }
    }

    fn named(name: &'static str) -> impl Handler + Send + 'static {
        move |_: &Request| Response::text(name)
    }

    #[track_caller]
    fn check(path: &str, expected: &str) {
        let mut routes = Routes::new(named("rest"));
        for (prefix, name) in [
            ("/a", "a"),
            ("/a/b/c", "abc"),
            ("/a/b", "ab"),
            ("/ü x", "ü"),
        ] {
            routes.mount(prefix.parse().expect("a prefix"), named(name));
        }
        let Reply::Ready(Response {
            body: Body::Bytes(bytes),
            ..
        }) = routes.handle(&request(path))
        else {
            panic!("{path} has no ready answer")
        };
        assert_eq!(String::from_utf8_lossy(&bytes), expected, "{path}");
    }

    #[test]
    fn the_longest_prefix_wins_at_the_end_of_a_name() {
        check("/", "rest");
        check("/a", "a");
        check("/a/", "a");
        check("/a/x", "a");
        check("/ab", "rest");
        check("/a/b", "ab");
        check("/a/bc", "a");
        check("/a/b/c/d?/x", "abc");
        check("/A", "rest");
    }

    #[test]
    fn prefixes_see_through_every_spelling() {
        check("/x/../a/y", "a");
        check("//a//b", "ab");
        check("/%61/./%62/", "ab");
        check("/a%2Fb", "rest");
        check("/a/..", "rest");
        check("/%C3%BC%20x/y", "ü");
        check("/a/%zz", "rest");
    }

    #[test]
    fn prefixes_are_read_as_people_write_them() {
        for (text, shown) in [
            ("/", "/"),
            ("/cgi", "/cgi"),
            ("/cgi/", "/cgi"),
            ("/a/b", "/a/b"),
        ] {
            let prefix: Prefix = text.parse().expect(text);
            assert_eq!(prefix.to_string(), shown);
        }
        assert_eq!("cgi".parse::<Prefix>(), Err(BadPrefix::NoSlash));
        assert_eq!("".parse::<Prefix>(), Err(BadPrefix::NoSlash));
        for text in ["//", "/a//b", "/./a", "/a/.."] {
            assert_eq!(
                text.parse::<Prefix>(),
                Err(BadPrefix::NeverMatches),
                "{text}"
            );
        }
    }
}

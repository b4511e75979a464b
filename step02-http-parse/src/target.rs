//! The request-target, in its four forms (RFC 9112 §3.2).
//!
//! ```text
//!   origin      /shop/cart?item=7              GET, POST, … : what every client sends
//!   absolute    http://a.example/shop?item=7   to a proxy, and allowed everywhere
//!   authority   a.example:443                  CONNECT, and nothing else
//!   asterisk    *                              OPTIONS, and nothing else
//! ```
//!
//! The octets are kept as they came, beside the indices of the parts. Nothing is decoded or
//! normalised: a path decoded twice, or by two programs in two ways, is how a request for a
//! forbidden file gets past a check. Decoding happens once, where the path is used.

use crate::{Fault, Method, host};
use std::fmt;
use std::ops::Range;

/// Which of the four forms a request-target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://host/path?query`
    Absolute,
    /// `host:port`, for CONNECT only
    Authority,
    /// `*`, for OPTIONS only
    Asterisk,
}

/// A request-target: its octets, and where its parts are.
///
/// Source: RFC 9112 §3.2
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    raw: Vec<u8>,
    form: TargetForm,
    /// Empty in the two forms that have none.
    authority: Range<usize>,
    /// Begins where the authority ends in the absolute form; may be empty there.
    path: Range<usize>,
}

impl Target {
    /// A target that says nothing yet, and holds no memory.
    pub(crate) fn blank() -> Target {
        Target {
            raw: Vec::new(),
            form: TargetForm::Origin,
            authority: 0..0,
            path: 0..0,
        }
    }

    /// Reads a target that goes with `method`, in place of what stood here; the caller has found
    /// every octet of it to be one that targets have. An error has its offset in `raw`.
    // ANCHOR: parse
    pub(crate) fn read(&mut self, method: &Method, raw: &[u8]) -> Result<(), (Fault, usize)> {
        let (form, authority) = match raw {
            octets if *method == Method::Connect => (TargetForm::Authority, host_and_port(octets)?),
            [b'/', ..] => (TargetForm::Origin, 0..0),
            b"*" if *method == Method::Options => (TargetForm::Asterisk, 0..0),
            _ => (TargetForm::Absolute, authority(raw)?),
        };
        let path_start = match form {
            TargetForm::Origin => 0,
            TargetForm::Absolute => authority.end,
            TargetForm::Authority | TargetForm::Asterisk => raw.len(),
        };
        let path_len = raw[path_start..].iter().position(|byte| *byte == b'?');
        let path_end = path_len.map_or(raw.len(), |len| path_start + len);
        self.raw.clear();
        self.raw.extend_from_slice(raw);
        self.form = form;
        self.authority = authority;
        self.path = path_start..path_end;
        Ok(())
    }
    // ANCHOR_END: parse

    /// Returns the octets of memory it holds.
    pub(crate) fn memory(&self) -> usize {
        self.raw.capacity()
    }

    /// Returns the octets as they came.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Tells which form it has.
    pub fn form(&self) -> TargetForm {
        self.form
    }

    /// Returns the path, still percent-encoded; `/` for an absolute form without one, empty for
    /// `*` and the authority form.
    pub fn path(&self) -> &[u8] {
        match self.form {
            TargetForm::Absolute if self.path.is_empty() => b"/",
            TargetForm::Origin
            | TargetForm::Absolute
            | TargetForm::Authority
            | TargetForm::Asterisk => &self.raw[self.path.clone()],
        }
    }

    /// Returns what follows the first `?`, still encoded; `None` where there is no `?`.
    pub fn query(&self) -> Option<&[u8]> {
        self.raw.get(self.path.end + 1..)
    }

    /// Returns host and port of an absolute or authority form.
    pub fn authority(&self) -> Option<&[u8]> {
        match self.form {
            TargetForm::Absolute | TargetForm::Authority => Some(&self.raw[self.authority.clone()]),
            TargetForm::Origin | TargetForm::Asterisk => None,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} \"{}\"", self.form, self.raw.escape_ascii())
    }
}

/// Checks the authority form. It names the port too: there is no scheme that would imply one.
fn host_and_port(raw: &[u8]) -> Result<Range<usize>, (Fault, usize)> {
    match host::split(raw) {
        Some((host, Some(port))) if !host.is_empty() && !port.is_empty() => Ok(0..raw.len()),
        _ => Err((Fault::TargetForm, 0)),
    }
}

/// Finds the authority of an absolute form.
fn authority(raw: &[u8]) -> Result<Range<usize>, (Fault, usize)> {
    let colon = raw.windows(3).position(|three| three == b"://");
    let colon = colon.ok_or((Fault::TargetForm, 0))?;
    let scheme = &raw[..colon];
    if scheme.eq_ignore_ascii_case(b"https") {
        // Whoever asks so relies on a certificate that nobody has shown (RFC 9110 §7.4).
        return Err((Fault::TargetSecure, 0));
    }
    if !scheme.eq_ignore_ascii_case(b"http") {
        return Err((Fault::TargetScheme, 0));
    }
    let start = colon + 3;
    let len = raw[start..]
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?'));
    let authority = start..len.map_or(raw.len(), |len| start + len);
    let octets = &raw[authority.clone()];
    if octets.contains(&b'@') {
        return Err((Fault::TargetUserinfo, start));
    }
    // An http URI with an empty host is invalid (RFC 9110 §4.2.1).
    match host::split(octets) {
        Some((host, _)) if !host.is_empty() => Ok(authority),
        _ => Err((Fault::TargetAuthority, start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Form, path, query, authority.
    type Parts = (
        TargetForm,
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
    );

    #[track_caller]
    fn check(method: &str, raw: &str, expected: Result<Parts, Fault>) {
        let method = Method::from_token(method.as_bytes());
        // What stood there before leaves no trace.
        let mut target = Target::blank();
        let before = b"http://before.example/long?and=a%20query";
        target.read(&Method::Get, before).expect("an absolute form");
        let found = target.read(&method, raw.as_bytes()).map(|()| target);
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let found = found.map_err(|(fault, _)| fault).map(|target| {
            assert_eq!(target.raw(), raw.as_bytes());
            let parts = (target.query().map(text), target.authority().map(text));
            (target.form(), text(target.path()), parts)
        });
        let expected = expected.map(|(form, path, query, authority)| {
            let parts = (query.map(str::to_owned), authority.map(str::to_owned));
            (form, path.to_owned(), parts)
        });
        assert_eq!(found, expected, "{method} {raw}");
    }

    #[test]
    fn origin_form_is_split_at_the_first_question_mark() {
        use TargetForm::Origin;
        check("GET", "/", Ok((Origin, "/", None, None)));
        check(
            "GET",
            "/a/b?c=d?e",
            Ok((Origin, "/a/b", Some("c=d?e"), None)),
        );
        check("GET", "/?", Ok((Origin, "/", Some(""), None)));
        check(
            "OPTIONS",
            "//x/../%2f",
            Ok((Origin, "//x/../%2f", None, None)),
        );
        check(
            "GET",
            "/?[|]^{}\\",
            Ok((Origin, "/", Some("[|]^{}\\"), None)),
        );
        check("GET", "/caf\u{e9}", Ok((Origin, "/caf\u{e9}", None, None)));
        check(
            "PURGE",
            "/http://x@y/",
            Ok((Origin, "/http://x@y/", None, None)),
        );
    }

    #[test]
    fn absolute_form_has_an_authority_and_a_path() {
        use TargetForm::Absolute;
        check(
            "GET",
            "http://a/b?c",
            Ok((Absolute, "/b", Some("c"), Some("a"))),
        );
        check("GET", "HTTP://a:8/", Ok((Absolute, "/", None, Some("a:8"))));
        check(
            "GET",
            "http://[::1]:8",
            Ok((Absolute, "/", None, Some("[::1]:8"))),
        );
        check(
            "GET",
            "http://a?c",
            Ok((Absolute, "/", Some("c"), Some("a"))),
        );
        check("GET", "http://a/@", Ok((Absolute, "/@", None, Some("a"))));
    }

    #[test]
    fn an_https_address_is_misdirected_whatever_its_case() {
        check("GET", "https://a/", Err(Fault::TargetSecure));
        check("GET", "HTTPS://a:8/", Err(Fault::TargetSecure));
        check("GET", "httpss://a/", Err(Fault::TargetScheme));
    }

    #[test]
    fn what_is_shown_to_a_programmer_is_escaped() {
        let mut target = Target::blank();
        target.read(&Method::Get, b"/\xff").expect("an origin form");
        assert_eq!(format!("{target:?}"), r#"Origin "/\xff""#);
        assert!(target.memory() > 0);
    }

    #[test]
    fn a_malformed_absolute_form_is_refused() {
        check("GET", "ftp://a/", Err(Fault::TargetScheme));
        check("GET", "http://u@a/", Err(Fault::TargetUserinfo));
        check("GET", "http:///b", Err(Fault::TargetAuthority));
        check("GET", "http://:80/", Err(Fault::TargetAuthority));
        check("GET", "http://a:b/", Err(Fault::TargetAuthority));
        check("GET", "http:/a", Err(Fault::TargetForm));
        check("GET", "a.example/b", Err(Fault::TargetForm));
        check("GET", "?a", Err(Fault::TargetForm));
    }

    #[test]
    fn each_special_form_goes_with_its_method_alone() {
        use TargetForm::{Asterisk, Authority};
        check("OPTIONS", "*", Ok((Asterisk, "", None, None)));
        check("GET", "*", Err(Fault::TargetForm));
        check("OPTIONS", "*/", Err(Fault::TargetForm));
        check("CONNECT", "a:443", Ok((Authority, "", None, Some("a:443"))));
        check(
            "CONNECT",
            "[::1]:443",
            Ok((Authority, "", None, Some("[::1]:443"))),
        );
        check("CONNECT", "a", Err(Fault::TargetForm));
        check("CONNECT", "a:", Err(Fault::TargetForm));
        check("CONNECT", "/", Err(Fault::TargetForm));
        check("CONNECT", "u@a:443", Err(Fault::TargetForm));
        check("GET", "a:443", Err(Fault::TargetForm));
    }
}

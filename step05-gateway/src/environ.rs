//! A request in the words of RFC 3875: the meta-variables.
//!
//! Every gateway wire says the same things in its own way: CGI as environment variables, FastCGI,
//! SCGI and uwsgi as name-value pairs. So the variables are made here, once, from a checked
//! request and the place where the program is mounted, and the wires only write them down.
//!
//! ```text
//!     GET /cgi/tool/a%20b?q=1         SCRIPT_NAME=/cgi/tool   PATH_INFO=/a b
//!     X-Colour: red                   QUERY_STRING=q=1        HTTP_X_COLOUR=red
//! ```
//!
//! `CONTENT_LENGTH` stands first, because SCGI demands it and nobody else minds. Left out are
//! `REMOTE_HOST` (a name lookup would wait), `AUTH_TYPE` and `REMOTE_USER` (this server does not
//! authenticate), and arguments made from a query without `=` (RFC 3875 §4.4): that one turned
//! visitors' queries into command-line options of interpreters.

mod host;
mod variables;

use crate::numeral::{push_decimal, push_ip};
use host::{host, server_name, without_port};
use http_parse::{Framing, Version};
use static_files::{Front, Request, SERVER, Scheme};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use variables::Variables;

/// Fields that concern this connection, or that the server has dealt with already (RFC 9110 §7.6.1,
/// §10.1.1): a program would only be misled by them.
const OURS: [&str; 8] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Fields in which fronts speak of their clients, and in which anybody can write: a trusted front's
/// are described from [`Front`], and nobody else's are passed on.
pub(crate) const OF_FRONTS: [&str; 5] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
];

/// Where in the site a program stands, for one request.
#[derive(Debug, Clone, Copy)]
pub struct Mount<'m> {
    /// The decoded path up to and including the program; may be empty.
    pub script_name: &'m [u8],
    /// The decoded path behind it: empty, or begins with a slash.
    pub path_info: &'m [u8],
    /// The folder of the site's files.
    pub document_root: &'m Path,
    /// The program's file.
    pub script_filename: &'m Path,
}

/// Whether a program is told the visitor's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Authorization {
    /// `Authorization` is left out: on many systems every user can list the environment of every
    /// process (RFC 3875 §4.1.18 and §9.2 say SHOULD).
    #[default]
    Withheld,
    /// `HTTP_AUTHORIZATION` is set.
    Passed,
}

/// The meta-variables of one request, in order, each name once.
///
/// ```
/// use gateway::{Authorization, Environ, Mount};
/// # use http_parse::{Framing, Limits, Parsed, parse_request_head};
/// # use static_files::Request;
/// # use std::path::Path;
/// #
/// # let head = b"GET /cgi/tool/a%20b?q=1 HTTP/1.1\r\nHost: example.org\r\n\r\n";
/// # let Ok(Parsed::Complete(head, _)) = parse_request_head(head, &Limits::default()) else { panic!() };
/// # let here = "127.0.0.1:8080".parse().unwrap();
/// # let request = Request { head, framing: Framing::None, peer: here, local: here, front: None };
/// // GET /cgi/tool/a%20b?q=1
/// let mount = Mount {
///     script_name: b"/cgi/tool",
///     path_info: b"/a b",
///     document_root: Path::new("/srv/site"),
///     script_filename: Path::new("/srv/cgi/tool"),
/// };
/// let environ = Environ::new(&request, &mount, Authorization::Withheld);
/// assert_eq!(environ.get("QUERY_STRING"), Some(&b"q=1"[..]));
/// assert_eq!(environ.get("HTTP_HOST"), Some(&b"example.org"[..]));
/// assert_eq!(environ.get("CONTENT_LENGTH"), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environ(Variables);

impl Environ {
    /// Describes a request to the program at `mount`.
    ///
    /// No value holds a NUL octet, as long as `mount` has none.
    ///
    /// Source: RFC 3875 §4.1.
    pub fn new(request: &Request, mount: &Mount<'_>, authorization: Authorization) -> Environ {
        let mut environ = Environ::with_room(request, mount);
        // What is the same for all requests stands first: whoever has read it once can skip it.
        environ.describe_server(request);
        environ.describe_target(request, mount);
        environ.describe_client(request);
        environ.describe_fields(request, authorization);
        if let Some(front) = &request.front {
            environ.describe_front(front);
        }
        environ
    }

    /// Has room for what is told of nearly every request: the target in up to four variables, the folder
    /// in three, and this server's own words.
    fn with_room(request: &Request, mount: &Mount<'_>) -> Environ {
        const OWN_VARIABLES: usize = 20;
        const OWN_OCTETS: usize = 512;
        let fields = &request.head.fields;
        let of_fields = fields.wire().len() + fields.len() * "HTTP_".len();
        let of_target = 4 * request.head.target.raw().len();
        let of_mount = 3 * mount.document_root.as_os_str().len();
        let octets = OWN_OCTETS + of_fields + of_target + of_mount;
        Environ(Variables::with_room(OWN_VARIABLES + fields.len(), octets))
    }

    /// Every variable as (name, value), in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter()
    }

    /// Octets of all names and values.
    pub(crate) fn octets(&self) -> usize {
        self.0.octets()
    }

    /// The value of one variable; `None` where it is not set, which is not the same as empty.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter()
            .find(|(each, _)| *each == name.as_bytes())
            .map(|(_, value)| value)
    }

    /// `CONTENT_LENGTH` is set if and only if the length is known (RFC 3875 §4.1.2). A chunked
    /// body has none beforehand; a program that wants it reads to the end of its input.
    fn describe_client(&mut self, request: &Request) {
        if let Framing::Length(length) = request.framing {
            self.set_with("CONTENT_LENGTH", |out| push_decimal(length, out));
        }
        if let Some(media_type) = request.head.fields.get("Content-Type") {
            self.set("CONTENT_TYPE", media_type);
        }
        let peer = request.peer;
        self.set_with("REMOTE_ADDR", |out| push_ip(peer.ip(), out));
        self.set_with("REMOTE_PORT", |out| push_decimal(peer.port().into(), out));
    }

    fn describe_target(&mut self, request: &Request, mount: &Mount<'_>) {
        let target = &request.head.target;
        let query = target.query();
        let root = mount.document_root.as_os_str().as_bytes();
        self.set("DOCUMENT_ROOT", root);
        self.set("SCRIPT_NAME", mount.script_name);
        self.set("REQUEST_METHOD", request.method().as_str().as_bytes());
        if !mount.path_info.is_empty() {
            self.set("PATH_INFO", mount.path_info);
            self.set_with("PATH_TRANSLATED", |out| {
                out.extend_from_slice(root);
                out.extend_from_slice(mount.path_info);
            });
        }
        self.set("QUERY_STRING", query.unwrap_or_default());
        // Decoding PATH_INFO loses what was a slash and what was `%2F`. Here it can still be seen.
        self.set_with("REQUEST_URI", |out| {
            out.extend_from_slice(target.path());
            if let Some(query) = query {
                out.push(b'?');
                out.extend_from_slice(query);
            }
        });
        let script = mount.script_filename.as_os_str().as_bytes();
        self.set("SCRIPT_FILENAME", script);
    }

    fn describe_server(&mut self, request: &Request) {
        self.set("GATEWAY_INTERFACE", b"CGI/1.1");
        self.set("SERVER_SOFTWARE", SERVER.as_bytes());
        // php-cgi takes a request without this one for a visitor who called it directly.
        self.set("REDIRECT_STATUS", b"200");
        let protocol: &[u8] = match request.head.version {
            Version::Http10 => b"HTTP/1.0",
            Version::Http11 => b"HTTP/1.1",
        };
        self.set("SERVER_PROTOCOL", protocol);
        self.set("REQUEST_SCHEME", request.scheme().as_str().as_bytes());
        match request.scheme() {
            Scheme::Http => {}
            // The custom of mod_ssl, by which programs know whether their cookies are safe.
            Scheme::Https => self.set("HTTPS", b"on"),
        }
        match host(request).map(without_port) {
            Some(name) if !name.is_empty() => self.set("SERVER_NAME", name),
            Some(_) | None => self.set("SERVER_NAME", server_name(request).as_bytes()),
        }
        let local = request.local;
        self.set_with("SERVER_ADDR", |out| push_ip(local.ip(), out));
        self.set_with("SERVER_PORT", |out| push_decimal(local.port().into(), out));
    }

    fn describe_fields(&mut self, request: &Request, authorization: Authorization) {
        let fields = &request.head.fields;
        for (at, (name, _)) in fields.iter().enumerate() {
            let is_same = |other: &[u8]| other.eq_ignore_ascii_case(name);
            let seen_before = fields.iter().take(at).any(|(other, _)| is_same(other));
            if seen_before || !is_passed_on(name, authorization) {
                continue;
            }
            if is_same(b"host") {
                self.set("HTTP_HOST", host(request).unwrap_or_default());
                continue;
            }
            // Several lines of one name are one list (RFC 9110 §5.3); only Cookie has its own
            // separator (RFC 6265 §5.4).
            let separator: &[u8] = if is_same(b"cookie") { b"; " } else { b", " };
            let values = fields.iter().filter(|(other, _)| is_same(other));
            self.0.push(
                |out| push_variable_name(name, out),
                |out| {
                    for (at, (_, value)) in values.enumerate() {
                        out.extend_from_slice(if at == 0 { b"" } else { separator });
                        out.extend_from_slice(value);
                    }
                },
            );
        }
        if !fields.contains("Host")
            && let Some(authority) = request.head.target.authority()
        {
            self.set("HTTP_HOST", authority);
        }
    }

    /// In the fields by which applications know a front, but only what a trusted one has said.
    fn describe_front(&mut self, front: &Front) {
        let scheme = front.scheme.as_str();
        self.set("HTTP_X_FORWARDED_PROTO", scheme.as_bytes());
        if !front.chain.is_empty() {
            self.set("HTTP_X_FORWARDED_FOR", front.chain.as_bytes());
        }
        if let Some(host) = &front.host {
            self.set("HTTP_X_FORWARDED_HOST", host.as_bytes());
        }
    }

    fn set(&mut self, name: &str, value: &[u8]) {
        self.set_with(name, |out| out.extend_from_slice(value));
    }

    fn set_with(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        let name = |out: &mut Vec<u8>| out.extend_from_slice(name.as_bytes());
        self.0.push(name, value);
    }
}

// ANCHOR: is_passed_on
/// Whether a field becomes a variable.
fn is_passed_on(name: &[u8], authorization: Authorization) -> bool {
    // `X_Real_IP` and `X-Real-IP` would become one variable, and a front that guards the
    // second knows nothing of the first.
    let is_plain = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
    if !name.iter().all(is_plain) {
        return false;
    }
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    // HTTP_PROXY is where many programs look for *their* proxy ("httpoxy").
    if is("proxy") || is("content-length") || is("content-type") {
        return false;
    }
    if is("authorization") {
        return authorization == Authorization::Passed;
    }
    !is("proxy-authorization") && !OURS.into_iter().chain(OF_FRONTS).any(is)
}
// ANCHOR_END: is_passed_on

/// `X-Colour` → `HTTP_X_COLOUR`; the name has passed [`is_passed_on`], so it is ASCII.
fn push_variable_name(field: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP_");
    out.extend(field.iter().map(|octet| match octet {
        b'-' => b'_',
        other => other.to_ascii_uppercase(),
    }));
}

#[cfg(test)]
impl Environ {
    /// The same variables twice over: more than a request's head can bring.
    pub(crate) fn twice(&self) -> Environ {
        let mut environ = self.clone();
        for (name, value) in self.iter() {
            environ.set(&String::from_utf8_lossy(name), value);
        }
        environ
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speaking::request_between;

    fn request(head: &str) -> Request {
        request_between("192.0.2.7:40000", "[::ffff:192.0.2.1]:8080", head)
    }

    fn environ(head: &str, authorization: Authorization) -> Environ {
        let mount = Mount {
            script_name: b"/cgi/tool",
            path_info: b"/a b",
            document_root: Path::new("/srv/site"),
            script_filename: Path::new("/srv/cgi/tool"),
        };
        Environ::new(&request(head), &mount, authorization)
    }

    /// Checks variables of a request; `-` stands for "not set".
    #[track_caller]
    fn check(head: &str, expected: &[(&str, &str)]) {
        let environ = environ(head, Authorization::Withheld);
        for (name, value) in expected {
            let seen = environ.get(name).map(String::from_utf8_lossy);
            assert_eq!(seen.as_deref().unwrap_or("-"), *value, "{name} of {head:?}");
        }
    }

    #[test]
    fn a_plain_request_gives_exactly_these_variables_in_this_order() {
        let environ = environ(
            "POST /cgi/tool/a%20b?q=1&r HTTP/1.1\nHost: example.org:8080\nContent-Length: 3\n\
             Content-Type: text/plain\nX-Colour: red",
            Authorization::Withheld,
        );
        let lines: Vec<String> = environ
            .iter()
            .map(|(name, value)| format!("{}={}", name.escape_ascii(), value.escape_ascii()))
            .collect();
        assert_eq!(
            lines.join("\n"),
            format!(
                "GATEWAY_INTERFACE=CGI/1.1\nSERVER_SOFTWARE={SERVER}\nREDIRECT_STATUS=200\n\
                 SERVER_PROTOCOL=HTTP/1.1\nREQUEST_SCHEME=http\nSERVER_NAME=example.org\n\
                 SERVER_ADDR=192.0.2.1\nSERVER_PORT=8080\nDOCUMENT_ROOT=/srv/site\n\
                 SCRIPT_NAME=/cgi/tool\nREQUEST_METHOD=POST\nPATH_INFO=/a b\n\
                 PATH_TRANSLATED=/srv/site/a b\nQUERY_STRING=q=1&r\n\
                 REQUEST_URI=/cgi/tool/a%20b?q=1&r\nSCRIPT_FILENAME=/srv/cgi/tool\n\
                 CONTENT_LENGTH=3\nCONTENT_TYPE=text/plain\nREMOTE_ADDR=192.0.2.7\nREMOTE_PORT=40000\n\
                 HTTP_HOST=example.org:8080\nHTTP_X_COLOUR=red"
            )
        );
    }

    #[test]
    fn the_target_is_given_decoded_and_raw() {
        check(
            "GET /cgi/tool/x HTTP/1.0",
            &[
                ("QUERY_STRING", ""),
                ("REQUEST_URI", "/cgi/tool/x"),
                ("SERVER_PROTOCOL", "HTTP/1.0"),
                ("SERVER_NAME", "192.0.2.1"),
                ("HTTP_HOST", "-"),
                ("CONTENT_LENGTH", "-"),
            ],
        );
        check(
            "GET /cgi/tool/%2F%C3%A9? HTTP/1.1\nHost: a",
            &[
                ("REQUEST_URI", "/cgi/tool/%2F%C3%A9?"),
                ("QUERY_STRING", ""),
            ],
        );
    }

    #[test]
    fn an_absolute_target_wins_over_host() {
        check(
            "GET http://right.example:81/cgi/tool?z HTTP/1.1\nHost: wrong.example",
            &[
                ("SERVER_NAME", "right.example"),
                ("HTTP_HOST", "right.example:81"),
                ("REQUEST_URI", "/cgi/tool?z"),
                ("SERVER_PORT", "8080"),
            ],
        );
    }

    #[test]
    fn a_server_name_has_no_port_and_keeps_its_brackets() {
        check(
            "GET / HTTP/1.1\nHost: [2001:db8::1]:81",
            &[("SERVER_NAME", "[2001:db8::1]")],
        );
        check(
            "GET / HTTP/1.1\nHost:",
            &[("SERVER_NAME", "192.0.2.1"), ("HTTP_HOST", "")],
        );
    }

    #[test]
    fn repeated_fields_are_joined() {
        check(
            "GET / HTTP/1.1\nHost: a\nX-A: 1\nCookie: b=1\nx-a: 2\nCookie: c=2",
            &[("HTTP_X_A", "1, 2"), ("HTTP_COOKIE", "b=1; c=2")],
        );
    }

    #[test]
    fn fields_that_deceive_programs_are_left_out() {
        check(
            "GET / HTTP/1.1\nHost: a\nProxy: http://evil\nX_Real_IP: 1\nContent_Length: 9\nX.Y: 1\n\
             Connection: close\nTE: trailers\nUpgrade: h2c\nProxy-Authorization: Basic eA==",
            &[
                ("HTTP_PROXY", "-"),
                ("HTTP_X_REAL_IP", "-"),
                ("CONTENT_LENGTH", "-"),
                ("HTTP_CONTENT_LENGTH", "-"),
                ("HTTP_X.Y", "-"),
                ("HTTP_CONNECTION", "-"),
                ("HTTP_TE", "-"),
                ("HTTP_UPGRADE", "-"),
                ("HTTP_PROXY_AUTHORIZATION", "-"),
            ],
        );
    }

    #[test]
    fn only_a_trusted_front_is_heard_of() {
        let head = "GET / HTTP/1.1\nHost: a\nX-Forwarded-For: 192.0.2.9\n\
                    X-Forwarded-Proto: https\nX-Forwarded-Host: evil\nForwarded: for=192.0.2.9";
        check(
            head,
            &[
                ("REQUEST_SCHEME", "http"),
                ("HTTPS", "-"),
                ("HTTP_FORWARDED", "-"),
                ("HTTP_X_FORWARDED_FOR", "-"),
                ("HTTP_X_FORWARDED_HOST", "-"),
                ("HTTP_X_FORWARDED_PROTO", "-"),
            ],
        );
        let mut request = request(head);
        request.front = Some(Box::new(Front {
            scheme: Scheme::Https,
            chain: "192.0.2.8".into(),
            ..Front::new("192.0.2.2:1".parse().expect("an address"))
        }));
        let mount = Mount {
            script_name: b"",
            path_info: b"",
            document_root: Path::new("/"),
            script_filename: Path::new("/"),
        };
        let environ = Environ::new(&request, &mount, Authorization::Withheld);
        for (name, value) in [
            ("REQUEST_SCHEME", &b"https"[..]),
            ("HTTPS", b"on"),
            ("REMOTE_ADDR", b"192.0.2.7"),
            ("HTTP_X_FORWARDED_FOR", b"192.0.2.8"),
            ("HTTP_X_FORWARDED_PROTO", b"https"),
        ] {
            assert_eq!(environ.get(name), Some(value), "{name}");
        }
        assert_eq!(environ.get("HTTP_X_FORWARDED_HOST"), None);
    }

    #[test]
    fn a_chunked_body_has_no_length() {
        check(
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked",
            &[("CONTENT_LENGTH", "-"), ("HTTP_TRANSFER_ENCODING", "-")],
        );
    }

    #[test]
    fn a_length_of_zero_is_a_length() {
        check(
            "POST / HTTP/1.1\nHost: a\nContent-Length: 0",
            &[("CONTENT_LENGTH", "0")],
        );
    }

    #[test]
    fn authorization_is_passed_only_when_asked() {
        let head = "GET / HTTP/1.1\nHost: a\nAuthorization: Basic eHg=";
        check(head, &[("HTTP_AUTHORIZATION", "-")]);
        let passed = environ(head, Authorization::Passed);
        assert_eq!(passed.get("HTTP_AUTHORIZATION"), Some(&b"Basic eHg="[..]));
    }
}

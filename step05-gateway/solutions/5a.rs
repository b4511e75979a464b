//! 5a CGI variables: what a program is told about a request.
//!
//! A variable is a promise. What the server knows, it says itself; of what a client has said, only
//! names pass that cannot be mistaken for something else.

use check::exercise::{self, Given};
use gateway::{App, Offload, Pool, Responder};
use http_parse::{Fields, Framing, ResponseHead, Status, Version};
use static_files::{Request, SitePath};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// A variable of the environment.
type Variable = (String, Vec<u8>);

/// What the program `/cgi/NAME` is told: `path` is that of the request, decoded.
fn variables(request: &Request, path: &SitePath) -> Vec<Variable> {
    let (head, is) = (&request.head, |name: &str, value: &[u8]| {
        (name.to_owned(), value.to_owned())
    });
    let protocol = match head.version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
    };
    let host = head.fields.get("Host").unwrap_or_default();
    let name = host.split(|octet| *octet == b':').next();
    let mut all = vec![
        is("GATEWAY_INTERFACE", b"CGI/1.1"),
        is("SERVER_SOFTWARE", static_files::SERVER.as_bytes()),
        is("SERVER_PROTOCOL", protocol.as_bytes()),
        is("SERVER_NAME", name.unwrap_or_default()),
        is("SERVER_PORT", request.local.port().to_string().as_bytes()),
        is("REMOTE_ADDR", request.peer.ip().to_string().as_bytes()),
        is("REQUEST_METHOD", request.method().as_str().as_bytes()),
        is("QUERY_STRING", head.target.query().unwrap_or_default()),
    ];
    let mut names = path.segments().skip(1);
    let script = names.next().unwrap_or_default();
    all.push(is("SCRIPT_NAME", &[b"/cgi/", script].concat()));
    let below: Vec<u8> = names.flat_map(|name| [b"/", name].concat()).collect();
    if !below.is_empty() {
        all.push(is("PATH_INFO", &below));
    }
    if let Framing::Length(length) = request.framing {
        all.push(is("CONTENT_LENGTH", length.to_string().as_bytes()));
    }
    if let Some(media_type) = head.fields.get("Content-Type") {
        all.push(is("CONTENT_TYPE", media_type));
    }
    all.extend(said_by_client(&head.fields));
    all
}

/// Fields become variables: one for all lines of a name (RFC 9110 §5.3, RFC 3875 §4.1.18).
fn said_by_client(fields: &Fields) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::<String, Vec<u8>>::new();
    for (name, value) in fields.iter().filter(|(name, _)| may_pass(name)) {
        let name = String::from_utf8_lossy(name).to_uppercase();
        let separator: &[u8] = if name == "COOKIE" { b"; " } else { b", " };
        all.entry(format!("HTTP_{}", name.replace('-', "_")))
            .and_modify(|said| said.extend([separator, value].concat()))
            .or_insert_with(|| value.to_owned());
    }
    all
}

/// Whether a field may become a variable.
fn may_pass(name: &[u8]) -> bool {
    // HTTP_PROXY is an order to programs, and Authorization is a password that others on the same
    // machine could read. The other two are told under names of their own.
    const KEPT: [&str; 4] = ["Proxy", "Authorization", "Content-Length", "Content-Type"];
    // An underscore would make two names one.
    let is_plain = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
    let is_kept = |kept: &str| name.eq_ignore_ascii_case(kept.as_bytes());
    name.iter().all(is_plain) && !KEPT.into_iter().any(is_kept)
}

/// Octets of content that a program is given.
const CONTENT: u64 = 64 * 1024;

/// The programs of a folder, each run for as long as a request takes.
struct Programs {
    folder: PathBuf,
}

impl App for Programs {
    fn call(&self, request: &Request, content: &mut dyn Read, to: Responder<'_>) -> io::Result<()> {
        let path = SitePath::parse(request.path()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let name = path.segments().nth(1).unwrap_or_default();
        let mut given = Vec::new();
        content.take(CONTENT).read_to_end(&mut given)?;

        let variables = variables(request, &path).into_iter();
        let mut program = Command::new(self.folder.join(OsStr::from_bytes(name)))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(variables.map(|(name, value)| (name, OsStr::from_bytes(&value).to_owned())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = program.stdin.take() {
            // A program need not read what it is given.
            let _ = input.write_all(&given);
        }
        let said = program.wait_with_output()?.stdout;
        let end = said.windows(2).position(|end| end == b"\n\n");
        let end = end.ok_or(io::ErrorKind::InvalidData)?;
        let mut head = ResponseHead::new(Status::OK);
        head.fields.push("Content-Type", "text/plain");
        to.start(&head)?.write_all(&said[end + 2..])
    }
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/cgi", || {
        let folder = given.programs()?;
        let programs = Offload::new(Programs { folder }, Pool::default())?;
        Ok(programs)
    })
}

fn main() -> ExitCode {
    exercise::main("5a", serve)
}

//! 5a CGI variables: what a program is told about a request.
//!
//! Write the body of `variables`. Finding and running the program is given; `cargo test --test 5a`
//! judges it.

use check::exercise::{self, Given};
use gateway::{App, Offload, Pool, Responder};
use http_parse::{ResponseHead, Status, Version};
use static_files::{Request, SitePath};
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
    // Where does the program end and its PATH_INFO begin? How much content is there? And who says
    // that a client may set any variable it likes?
    let relative = path.relative().as_os_str().as_bytes();
    all.push(is("SCRIPT_NAME", &[b"/", relative].concat()));
    for (name, value) in head.fields.iter() {
        let name = String::from_utf8_lossy(name).to_uppercase();
        all.push(is(&format!("HTTP_{}", name.replace('-', "_")), value));
    }
    all
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

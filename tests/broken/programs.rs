//! The course's own server of step 5, of which one thing can be chosen wrongly.

use concurrency::{SERVERS, stop_on_signals};
use gateway::{Cgi, Prefix, Programs, Routes};
use socket::Stop;
use static_files::{Config, Files, Handler, Reply, Request, Timeouts};
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What a server of programs has to get right.
pub(crate) struct Choice {
    /// How it serves.
    pub(crate) serve: concurrency::Serve,
    /// What it answers, from its programs' folder.
    pub(crate) answer: fn(&Routes, &Path, &Request) -> Reply,
}

pub(crate) const CHOICE: Choice = Choice {
    // A thread for each guest: what is chosen wrongly may wait.
    serve: SERVERS[1].1,
    answer: |site, _, request| site.handle(request),
};

pub(crate) fn serve(
    listener: &TcpListener,
    root: &Path,
    programs: &Path,
    choice: &Choice,
) -> io::Result<()> {
    let prefix: Prefix = "/cgi".parse().map_err(io::Error::other)?;
    let cgi = Cgi::new(prefix.clone(), programs, &Programs::new(Programs::LIMIT)?)?;
    let mut site = Routes::new(Files::new(root)?);
    site.mount(prefix, cgi);
    let stop = Arc::new(Stop::new());
    stop_on_signals(Arc::clone(&stop))?;
    let handler = |request: &Request| (choice.answer)(&site, programs, request);
    (choice.serve)(listener, &handler, &config(), &stop)
}

/// The waits of a server whose programs are in a hurry.
fn config() -> Config {
    let timeouts = Timeouts {
        gateway: Duration::from_secs(2),
        ..Timeouts::default()
    };
    Config {
        timeouts,
        ..Config::default()
    }
}

/// Runs a program of that folder without any of the care it needs: all that it says, once it has
/// ended.
pub(crate) fn run(
    programs: &Path,
    request: &Request,
    variables: &[(&str, &[u8])],
) -> io::Result<static_files::Response> {
    use gateway::{Authorization, Environ, Mount};
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let name = request.path().strip_prefix(b"/cgi/").unwrap_or_default();
    let file = programs.join(OsStr::from_bytes(name));
    let mount = Mount {
        script_name: request.path(),
        path_info: b"",
        document_root: programs,
        script_filename: &file,
    };
    let environ = Environ::new(request, &mount, Authorization::Withheld);
    let pairs = environ
        .iter()
        .map(|(name, value)| (OsStr::from_bytes(name), value));
    let pairs = pairs.chain(
        variables
            .iter()
            .map(|(name, value)| (OsStr::new(name), *value)),
    );
    let pairs = pairs.map(|(name, value)| (name, OsStr::from_bytes(value)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = std::process::Command::new(&file);
    let output = command.env_clear().env("PATH", path).envs(pairs).output()?;
    let said = output.stdout;
    let end = said.windows(2).position(|end| end == b"\n\n").unwrap_or(0);
    let mut response = static_files::Response::new(http_parse::Status::OK);
    response.body = static_files::Body::Bytes(said[end + 2..].to_vec().into());
    Ok(response)
}

//! The finished server behind the fronts of the world: nginx, HAProxy and Caddy end TLS and HTTP/2,
//! and say for whom they ask.
//!
//! ```text
//!     curl, from 127.0.0.2 ──https, HTTP/2──► front, 127.0.0.1 ──HTTP/1.1──► gateway ──► a program
//! ```
//!
//! A program behind all of them has to see what it would see with nothing in between: the client's
//! address, its scheme, the port that it asked.

#[path = "behind/fronts.rs"]
mod fronts;

use check::needs::is_missing;
use check::{Client, Executable, TempFolder};
use fronts::{Front, certificate};
use std::io;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

/// The client's address: on Linux all of 127.0.0.0/8 is this machine.
const CLIENT: &str = "127.0.0.2";

/// What fronts are told to trust: themselves.
const FRONT: &str = "127.0.0.1";

/// What the site is made of.
struct Place {
    folder: TempFolder,
}

impl Place {
    fn new() -> io::Result<Place> {
        let folder = TempFolder::new()?;
        folder.write("root/file.txt", "0123456789")?;
        let head = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n";
        folder.write_script("cgi/env", &format!("{head}exec env\n"))?;
        folder.write_script("cgi/cat", &format!("{head}exec cat\n"))?;
        certificate(folder.path())?;
        Ok(Place { folder })
    }

    /// The finished server with further options.
    fn gateway(&self, options: &[&str]) -> io::Result<Executable> {
        let program = check::binary::gateway(check::binary::Profile::Dev);
        let program = program.map_err(io::Error::other)?;
        let cgi = "/cgi={root}/cgi";
        let mut words = vec![program.to_str().unwrap_or_default(), "{root}/root"];
        words.extend(["--listen", "{addr}", "--cgi", cgi]);
        words.extend(options);
        Executable::start(&words, self.folder.path(), None)
    }
}

/// Asks the front at `addr` with curl; returns the version of HTTP it spoke, and what came.
fn curl(front: &Front, addr: SocketAddr, path: &str, options: &[&str]) -> (String, String) {
    let port = addr.port();
    let url = format!("{}://localhost:{port}{path}", front.scheme);
    let output = Command::new("curl")
        .args([
            "--silent",
            "--insecure",
            "--max-time",
            "30",
            "--interface",
            CLIENT,
        ])
        .args(["--resolve", &format!("localhost:{port}:{FRONT}")])
        // A front that makes its own certificate accepts connections before it has one.
        .args(["--retry", "10", "--retry-all-errors", "--retry-delay", "1"])
        .args(["--write-out", "\n%{http_version}"])
        .args(options)
        .arg(url)
        .output()
        .expect("curl is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (content, version) = text.rsplit_once('\n').expect("curl writes it");
    (version.to_owned(), content.to_owned())
}

fn variable<'t>(env: &'t str, name: &str) -> Option<&'t str> {
    env.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

/// Whether what a front needs is missing.
fn cannot(test: &str, program: &str) -> bool {
    is_missing(test, &["curl", "openssl", program])
}

/// Checks what a program and a file see of a client behind a front.
fn check(front: &Front) {
    let place = Place::new().expect("a folder can be made");
    let gateway = place.gateway(front.ours).expect("the server starts");
    let started = front.start(gateway.addr(), place.folder.path());
    let started = started.unwrap_or_else(|error| panic!("{}: {error}", front.name));
    let lies = [
        "--header",
        "X-Forwarded-For: 192.0.2.66",
        "--header",
        "Forwarded: for=192.0.2.66;proto=gopher;host=evil",
        "--header",
        "X_Forwarded_Proto: gopher",
    ];
    check_variables(front, started.addr(), &[]);
    check_variables(front, started.addr(), &lies);
    check_content(front, started.addr(), &place);
}

#[track_caller]
fn check_variables(front: &Front, addr: SocketAddr, options: &[&str]) {
    let (version, env) = curl(front, addr, "/cgi/env/a%2Fb?q=1", options);
    assert_eq!(version, front.version, "{}", front.name);
    let port = addr.port().to_string();
    let host = format!("localhost:{port}");
    for (name, value) in [
        ("REMOTE_ADDR", Some(CLIENT)),
        ("REQUEST_SCHEME", Some(front.scheme)),
        ("HTTPS", (front.scheme == "https").then_some("on")),
        ("SERVER_PORT", Some(port.as_str())),
        ("SERVER_NAME", Some("localhost")),
        ("HTTP_HOST", Some(host.as_str())),
        ("REQUEST_URI", Some("/cgi/env/a%2Fb?q=1")),
        ("QUERY_STRING", Some("q=1")),
        ("HTTP_FORWARDED", None),
    ] {
        let seen = variable(&env, name);
        assert_eq!(seen, value, "{name} behind {}:\n{env}", front.name);
    }
}

#[track_caller]
fn check_content(front: &Front, addr: SocketAddr, place: &Place) {
    let ask = |path: &str, options: &[&str]| curl(front, addr, path, options).1;
    let name = front.name;
    let much = "octets".repeat(50_000);
    let file = place.folder.write("much", &much);
    let upload = format!("@{}", file.expect("a file can be written").display());
    for framing in ["Expect:", "Transfer-Encoding: chunked"] {
        let options = ["--data-binary", &upload, "--header", framing];
        let seen = ask("/cgi/cat", &options);
        assert!(seen == much, "{framing} behind {name}: {}", seen.len());
    }
    assert_eq!(ask("/file.txt", &["--range", "2-4"]), "234", "{name}");
    let head = ask("/file.txt", &["--head"]).to_ascii_lowercase();
    assert!(head.contains("content-length: 10"), "{name}: {head}");
    let status = ["--output", "/dev/null", "--write-out", "%{http_code}\n"];
    assert_eq!(ask("/none", &status), "404", "{name}");
}

/// The front's word counts for the client; a program may not have asked for the connection itself.
fn check_all(test: &str, program: &str, fronts: &[Front]) {
    if !cannot(test, program) {
        fronts.iter().for_each(check);
    }
}

#[test]
fn behind_nginx_a_client_is_itself() {
    check_all("behind nginx", "nginx", &fronts::nginx());
}

#[test]
fn behind_haproxy_a_client_is_itself() {
    check_all("behind HAProxy", "haproxy", &fronts::haproxy());
}

#[test]
fn behind_caddy_a_client_is_itself() {
    check_all("behind Caddy", "caddy", &fronts::caddy());
}

#[test]
fn who_is_not_trusted_speaks_for_nobody() {
    if cannot("a server behind nobody", "curl") {
        return;
    }
    let place = Place::new().expect("a folder can be made");
    let nobody = Front::nobody();
    let lies = [
        "--header",
        "X-Forwarded-For: 192.0.2.66",
        "--header",
        "X-Forwarded-Proto: https",
        "--header",
        "Forwarded: for=192.0.2.66;proto=https",
    ];
    for options in [&[][..], &["--trust", "127.0.0.3,10.0.0.0/8"]] {
        let gateway = place.gateway(options).expect("the server starts");
        let (_, env) = curl(&nobody, gateway.addr(), "/cgi/env", &lies);
        assert_eq!(variable(&env, "REMOTE_ADDR"), Some(CLIENT), "{env}");
        assert_eq!(variable(&env, "REQUEST_SCHEME"), Some("http"), "{env}");
        assert_eq!(variable(&env, "HTTPS"), None, "{env}");
        assert_eq!(variable(&env, "HTTP_X_FORWARDED_FOR"), None, "{env}");
    }
}

#[test]
fn where_the_proxy_protocol_is_expected_a_request_alone_is_not_answered() {
    let place = Place::new().expect("a folder can be made");
    let gateway = place
        .gateway(&["--proxy-protocol"])
        .expect("the server starts");
    let mut client = Client::connect(gateway.addr()).expect("it listens");
    client
        .send(b"GET /file.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .expect("the server reads");
    let came = client.listen(Duration::from_secs(10));
    assert!(
        !matches!(came, Ok(check::Heard::Octets | check::Heard::Silence)),
        "{came:?}"
    );
    let mut client = Client::connect(gateway.addr()).expect("it listens");
    client
        .send(
            b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n\
              GET /cgi/env HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        )
        .expect("the server reads");
    let answer = client.read_answer(check::Asked::Other).expect("an answer");
    let env = String::from_utf8_lossy(&answer.content).into_owned();
    assert_eq!(variable(&env, "REMOTE_ADDR"), Some("192.0.2.7"), "{env}");
    assert_eq!(variable(&env, "SERVER_PORT"), Some("443"), "{env}");
}

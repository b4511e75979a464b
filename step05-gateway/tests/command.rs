//! The finished server as a program: what it prints, how it ends, and what its programs may print.

mod common;

use common::{DEADLINE, TempDir, eventually};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The server as a process; killed if a test fails.
struct Gateway {
    child: Child,
    addr: String,
}

fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.args(arguments).stdin(Stdio::null());
    command
}

impl Gateway {
    fn start(arguments: &[&str]) -> Gateway {
        Gateway::start_as(gateway(arguments))
    }

    fn start_as(mut command: Command) -> Gateway {
        command.args(["--listen", "127.0.0.1:0"]);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it prints a line");
        let addr = line
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'));
        let addr = addr
            .unwrap_or_else(|| panic!("\"{line}\" begins with an address"))
            .0
            .to_owned();
        Gateway { child, addr }
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.0"))
    }

    /// `head` is without its last empty line.
    fn ask(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(&self.addr).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("no zero");
        write!(stream, "{head}\r\n\r\n").expect("it is connected");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Sends a signal by name and waits for the end.
    fn end(mut self, signal: &str) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {pid}")])
            .status();
        assert!(kill.expect("sh runs").success());
        let mut status = None;
        eventually("the server ends", || {
            status = self.child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        let mut complaints = String::new();
        let stderr = self.child.stderr.as_mut().expect("it is piped");
        stderr.read_to_string(&mut complaints).expect("it is text");
        (status.expect("it has ended"), complaints)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn check(arguments: &[&str], code: i32, expected: &str) {
    let Output { status, stderr, .. } = gateway(arguments).output().expect("it runs");
    let stderr = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "one sentence: {stderr}");
}

#[test]
fn every_server_serves_files_and_programs_and_ends_when_asked() {
    let folder = TempDir::new();
    folder.file("site/index.html", "welcome");
    folder.program(
        "programs/hello",
        "printf 'Content-Type: text/plain\\n\\nhello, %s' \"$DOCUMENT_ROOT\"",
    );
    let site = folder.path().join("site").display().to_string();
    let cgi = format!("/cgi={}", folder.path().join("programs").display());
    for (server, signal) in concurrency::SERVERS
        .map(|(name, _)| name)
        .into_iter()
        .zip(["TERM", "INT"].into_iter().cycle())
    {
        let gateway = Gateway::start(&[&site, "--cgi", &cgi, "--server", server, "--workers", "2"]);
        assert!(gateway.get("/").ends_with("welcome"), "{server}");
        assert!(
            gateway
                .get("/cgi/hello")
                .ends_with(&format!("hello, {site}")),
            "{server}"
        );
        assert!(
            gateway.get("/none").starts_with("HTTP/1.1 404 "),
            "{server}"
        );
        let (status, complaints) = gateway.end(signal);
        assert_eq!(
            (status.code(), complaints.as_str()),
            (Some(0), ""),
            "{server}"
        );
    }
}

#[test]
fn listings_are_shown_when_asked_for() {
    let folder = TempDir::new();
    folder.file("some.txt", "");
    let site = folder.path().display().to_string();
    assert!(
        Gateway::start(&[&site])
            .get("/")
            .starts_with("HTTP/1.1 403 ")
    );
    assert!(
        Gateway::start(&[&site, "--listing"])
            .get("/")
            .contains("some.txt")
    );
}

#[test]
fn programs_see_passwords_when_asked_for() {
    let folder = TempDir::new();
    folder.program(
        "x",
        "printf 'Status: 200\\n\\n%s' \"${HTTP_AUTHORIZATION-unset}\"",
    );
    let site = folder.path().display().to_string();
    let cgi = format!("--cgi=/cgi={site}");
    let head = "GET /cgi/x HTTP/1.0\r\nAuthorization: Basic eA==";
    assert!(
        Gateway::start(&[&site, &cgi])
            .ask(head)
            .ends_with("\n\r\nunset")
    );
    let passing = Gateway::start(&[&site, &cgi, "--cgi-authorization"]);
    assert!(passing.ask(head).ends_with("\n\r\nBasic eA=="));
}

#[test]
fn complaints_of_programs_are_passed_on_line_by_line_however_many() {
    let folder = TempDir::new();
    // More than any pipe holds: unread, it would stop the program for ever.
    folder.program(
        "x",
        "printf 'Status: 200\\n\\n'; printf 'red: \\033[31m\\n' >&2; yes complaint | head -20000 >&2; echo done",
    );
    let cgi = format!("/cgi={}", folder.path().display());
    let mut gateway = Gateway::start(&[&folder.path().display().to_string(), "--cgi", &cgi]);
    let stderr = gateway.child.stderr.take().expect("it is piped");
    let reader = thread::Builder::new().spawn(move || {
        let lines = BufReader::new(stderr).lines().map_while(Result::ok);
        lines.take(20_001).collect::<Vec<_>>()
    });
    assert!(gateway.get("/cgi/x").ends_with("done\n"));
    let lines = reader.expect("a thread starts").join().expect("it reads");
    assert_eq!(lines[0], "red: \\x1b[31m");
    assert_eq!(
        lines.iter().filter(|line| *line == "complaint").count(),
        20_000
    );
}

#[test]
fn programs_get_no_descriptor_that_the_server_was_left_with() {
    let folder = TempDir::new();
    let list = "ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p'";
    folder.program("x", &format!("printf 'Status: 200\\n\\n'; {list}"));
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "exec 9</dev/null; exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_gateway"),
    ]);
    command.arg(folder.path());
    command
        .arg("--cgi")
        .arg(format!("/cgi={}", folder.path().display()));
    let answer = Gateway::start_as(command).get("/cgi/x");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head ends");
    // The fourth is the folder that `ls` itself is reading.
    assert_eq!(body, "0\n1\n2\n3\n");
}

#[test]
fn programs_end_when_the_server_is_asked_to_and_hear_it() {
    let folder = TempDir::new();
    let heard = folder.path().join("heard");
    folder.program("x", &format!(
        "trap 'echo >{}; exit' TERM; printf 'Status: 200\\n\\n'; echo begun; while :; do sleep 0.01; done",
        heard.display()
    ));
    let cgi = format!("/cgi={}", folder.path().display());
    let site = folder.path().display().to_string();
    let gateway = Gateway::start(&[&site, "--cgi", &cgi, "--timeout", "grace=100ms"]);
    let mut stream = TcpStream::connect(&gateway.addr).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("no zero");
    stream
        .write_all(b"GET /cgi/x HTTP/1.0\r\n\r\n")
        .expect("it is connected");
    let mut lines = BufReader::new(&stream).lines();
    assert!(lines.any(|line| line.expect("the program answers") == "begun"));
    let (status, _) = gateway.end("TERM");
    assert_eq!(status.code(), Some(0));
    assert!(
        heard.exists(),
        "SIGTERM reaches a program before SIGKILL does"
    );
}

#[test]
fn a_line_is_written_for_each_response_when_asked_for() {
    let folder = TempDir::new();
    folder.file("some.txt", "twelve octet");
    let site = folder.path().display().to_string();
    let mut gateway = Gateway::start(&[&site, "--log", "combined"]);
    gateway.get("/some.txt");
    let stdout = gateway.child.stdout.take().expect("it is piped");
    let mut line = String::new();
    let read = BufReader::new(stdout).read_line(&mut line);
    read.expect("a line is written, and stays readable until the server ends");
    assert!(
        line.contains("\"GET /some.txt HTTP/1.0\" 200 12 "),
        "{line}"
    );
}

#[test]
fn loops_are_traced_and_drawn_when_asked_for() {
    let folder = TempDir::new();
    folder.file("some.txt", "twelve octet");
    let site = folder.path().display().to_string();
    let trace = folder.path().join("trace").display().to_string();
    let gateway = Gateway::start(&[&site, "--trace", &trace, "--xray"]);
    assert!(gateway.get("/.xray/").contains("<title>X-ray</title>"));
    gateway.get("/some.txt");
    gateway.end("TERM");
    let told = fs::read_to_string(&trace).expect("the file was made");
    let opened = told.lines().filter(|line| line.contains(" open "));
    assert_eq!(opened.count(), 2, "{told}");

    let plain = Gateway::start(&[&site]);
    assert!(plain.get("/.xray/").contains(" 404 "));
}

#[test]
fn mistakes_get_one_sentence_and_exit_code_two() {
    check(&["--listing"], 2, "gateway .");
    check(&[".", "--lisen", "x"], 2, "did you mean --listen?");
    check(&[".", "--server", "epol"], 2, "did you mean epoll?");
}

#[test]
fn failures_get_one_sentence_and_exit_code_one() {
    let folder = TempDir::new();
    let site = folder.path().display().to_string();
    let none = folder.path().join("none").display().to_string();
    let free = ["--listen", "127.0.0.1:0"];
    let fails = |words: &[&str], expected| check(&[words, &free].concat(), 1, expected);
    fails(&[&none], "there is no folder");
    fails(
        &[&site, "--cgi", &format!("/cgi={none}")],
        "there is no folder",
    );
    fails(&[&site, "--trace", &site], "the trace cannot be written");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let taken = taken.local_addr().expect("it is bound").to_string();
    check(&[&site, "--listen", &taken], 1, "--listen 127.0.0.1:0");
}

#[test]
fn help_and_version_are_printed_for_pipes_that_close_too() {
    for (argument, expected) in [
        ("--help", "usage: gateway DIR"),
        ("--version", "gateway 0."),
    ] {
        let output = gateway(&[argument]).output().expect("it runs");
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(String::from_utf8_lossy(&output.stdout).contains(expected));
        let (reader, writer) = std::io::pipe().expect("a pipe is to be had");
        drop(reader);
        let status = gateway(&[argument]).stdout(writer).status();
        assert!(status.expect("it runs").success());
    }
}

#[test]
fn without_a_folder_a_demo_shows_every_kind_of_program() {
    let gateway = Gateway::start(&[]);
    let page = gateway.get("/");
    assert!(page.contains("Your own web server"), "{page}");
    for link in ["cgi/hello?name=you", "app/", "wsgi/"] {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
    }
    let cgi = gateway.get("/cgi/hello?name=you");
    assert!(cgi.contains("QUERY_STRING=name=you"), "{cgi}");
    let app = gateway.get("/app/");
    let server = format!("a thread of process {},", gateway.child.id());
    assert!(app.contains(&server), "{app}");
    if Command::new("python3").arg("--version").output().is_ok() {
        let wsgi = gateway.get("/wsgi/");
        assert!(wsgi.contains("Hello from worker"), "{wsgi}");
    }
}

#[test]
fn a_server_that_fails_all_the_time_is_told_of_once_a_second() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = nobody.local_addr().expect("it is bound").to_string();
    drop(nobody);
    let folder = TempDir::new();
    let root = folder.path().to_str().expect("a path of ASCII");
    let gateway = Gateway::start(&[root, "--proxy", &format!("/=http://{addr}")]);
    let (start, mut asked) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_millis(2500) {
        let answer = gateway.get("/");
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        asked += 1;
    }
    let seconds = start.elapsed().as_secs();
    let (_, complaints) = gateway.end("TERM");
    let lines: Vec<&str> = complaints
        .lines()
        .filter(|line| line.contains(&addr))
        .collect();
    assert!(lines[0].contains("nobody listens there"), "{complaints}");
    let most = usize::try_from(seconds).expect("a few") + 1;
    assert!((2..=most).contains(&lines.len()), "{complaints}");
    let left_out = |line: &&str| {
        let number = line.split(", and ").nth(1)?.split(' ').next()?;
        Some(number.parse().unwrap_or(1))
    };
    let told: usize = lines.len() + lines.iter().filter_map(left_out).sum::<usize>();
    assert!(told > lines.len() && told <= asked, "{asked}: {complaints}");
}

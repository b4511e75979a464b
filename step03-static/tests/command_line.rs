//! The binary: what it says when it works, and when it cannot.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;

use common::{PATIENCE, TempDir};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step03-static"))
}

/// A server that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs it with arguments that it must refuse, so that it ends by itself.
#[track_caller]
fn check(arguments: &[&str], code: i32, said: &str) {
    let Output { status, stderr, .. } = command().args(arguments).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(said), "{stderr}");
}

#[test]
fn a_mistake_on_the_command_line_is_explained() {
    check(&["--lisen", "127.0.0.1:0"], 2, "there is no option --lisen");
    check(&["--listen"], 2, "--listen needs an address and a port");
    check(
        &["--listen", "8080"],
        2,
        "--listen needs an address and a port",
    );
    check(&["a", "b"], 2, "one folder");
    check(&["--log", "xml"], 2, "--log needs off, combined or json");
}

#[test]
fn what_cannot_be_served_is_explained() {
    let folder = TempDir::new();
    folder.file("file", "");
    let missing = folder.path().join("missing");
    check(&[missing.to_str().unwrap()], 1, "there is no folder");
    let file = folder.path().join("file");
    check(&[file.to_str().unwrap()], 1, "is no folder");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let folder = folder.path().to_str().unwrap();
    check(
        &[folder, "--listen", &taken],
        1,
        "is taken by another program",
    );
    // An address for documents, which no machine has (RFC 5737).
    let nowhere = "192.0.2.1:0";
    check(&[folder, "--listen", nowhere], 1, "is no address of this");
}

/// Asks a server for `/file`, once, and returns what it prints from its first line on.
fn ask_once(arguments: &[&str]) -> (String, BufReader<ChildStdout>, Running) {
    let folder = TempDir::new();
    folder.file("file", "content");
    let mut server = command();
    server.arg(folder.path()).args(["--listen", "127.0.0.1:0"]);
    server.args(arguments).stdout(Stdio::piped());
    let mut server = Running(server.spawn().unwrap());
    let mut said = String::new();
    let mut stdout = BufReader::new(server.0.stdout.take().unwrap());
    stdout.read_line(&mut said).unwrap();
    let (_, address) = said.trim_end().split_once("http://").unwrap();
    let mut stream = TcpStream::connect(address.trim_end_matches('/')).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /file HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer, stdout, server)
}

#[test]
fn it_says_where_it_serves_and_does() {
    let (answer, ..) = ask_once(&[]);
    assert!(answer.ends_with("\r\n\r\ncontent"), "{answer}");
}

#[test]
fn a_log_is_written_in_the_form_that_was_asked_for() {
    for (form, beginning) in [("combined", "127.0.0.1 - - ["), ("json", "{\"")] {
        let (_, stdout, _running) = ask_once(&["--log", form]);
        let mut lines = stdout.lines().map_while(Result::ok);
        let logged = lines.find(|line| line.contains("/file"));
        let logged = logged.expect("the request is logged");
        assert!(logged.starts_with(beginning), "{form}: {logged}");
    }
}

#[test]
fn no_log_is_written_unasked() {
    for arguments in [&[][..], &["--log", "off"]] {
        let (_, mut stdout, running) = ask_once(arguments);
        drop(running);
        let mut said = String::new();
        stdout.read_to_string(&mut said).unwrap();
        assert!(!said.contains("/file"), "{arguments:?}: {said}");
    }
}

/// Runs a server that may open so many descriptors, and asks it for a file; `None` when that is too
/// few to start or to accept.
fn ask_with_descriptors(folder: &TempDir, limit: u32) -> Option<String> {
    let script = format!("ulimit -n {limit} && exec \"$@\"");
    let mut server = Command::new("sh");
    server.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_step03-static")]);
    server.arg(folder.path()).args(["--listen", "127.0.0.1:0"]);
    server.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running(server.spawn().unwrap());
    let mut said = String::new();
    let mut output = BufReader::new(running.0.stdout.take().unwrap());
    output.read_line(&mut said).unwrap();
    let address = said.trim_end().rsplit_once("http://")?.1;
    let mut client = TcpStream::connect(address.trim_end_matches('/')).ok()?;
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = b"GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client.write_all(request).ok()?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[test]
fn without_a_free_descriptor_a_file_is_asked_for_again() {
    let folder = TempDir::new();
    folder.file("file", "content");
    let mut limits = (4..=32).rev();
    let answers = limits.find_map(|limit| {
        let answer = ask_with_descriptors(&folder, limit)?;
        (!answer.starts_with("HTTP/1.1 200 ")).then_some(answer)
    });
    let answer = answers.expect("one descriptor less than a file takes");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nRetry-After: 1\r\n"), "{answer}");
}

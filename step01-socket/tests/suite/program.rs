//! The program `step01-socket` as its user meets it.

use crate::common::{connect, within_deadline};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::process::{Child, ChildStdout, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_step01-socket");

/// The running program; it ends with the test.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mut command: Command) -> Running {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let lines = BufReader::new(child.stdout.take().expect("is piped")).lines();
        Running { child, lines }
    }

    /// The next line that begins with `start`, without it.
    fn line(&mut self, start: &str) -> String {
        self.lines
            .by_ref()
            .map(|line| line.expect("the program writes text"))
            .find_map(|line| line.strip_prefix(start).map(str::to_owned))
            .expect("the program says it before it ends")
    }

    fn addr(&mut self) -> SocketAddr {
        self.line("listening on ").parse().expect("is an address")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn on_a_free_port() -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("127.0.0.1:0");
    command
}

#[test]
fn guests_are_served_counted_and_told_apart() {
    within_deadline(|| {
        let mut program = Running::start(on_a_free_port());
        let addr = program.addr();
        for (number, word) in [(1, "hello\n"), (2, ""), (3, "good bye\n")] {
            let mut stream = connect(addr);
            stream.write_all(word.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert_eq!(answer, word);
            let came = program.line("guest ");
            assert_eq!(came, format!("{number} came"));
            let left = program.line("guest ");
            assert_eq!(left, format!("{number} left after {} bytes", word.len()));
        }
    });
}

#[test]
fn taken_port_ends_it_with_the_address_named() {
    within_deadline(|| {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = taken.local_addr().unwrap().to_string();
        let output = Command::new(PROGRAM).arg(&addr).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(&addr), "{said}");
    });
}

#[test]
fn surplus_words_and_unknown_options_get_the_usage() {
    within_deadline(|| {
        for args in [&["--help"][..], &["127.0.0.1:0", "x"]] {
            let output = Command::new(PROGRAM).args(args).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.starts_with("usage: "), "{said}");
        }
    });
}

#[test]
fn closed_terminal_does_not_end_it() {
    within_deadline(|| {
        let mut program = Running::start(on_a_free_port());
        let addr = program.addr();
        let Running { child, lines } = &mut program;
        drop(std::mem::replace(
            lines,
            BufReader::new(other_stdout()).lines(),
        ));
        for _ in 0..3 {
            let mut stream = connect(addr);
            stream.shutdown(Shutdown::Write).unwrap();
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        }
        assert_eq!(child.try_wait().unwrap(), None, "is still running");
    });
}

/// The output of some other program, to put in the place of one that is closed.
fn other_stdout() -> ChildStdout {
    let mut child = Command::new("true")
        .stdout(Stdio::piped())
        .spawn()
        .expect("true is there");
    child.wait().expect("it was started");
    child.stdout.expect("is piped")
}

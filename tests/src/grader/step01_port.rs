//! The check of step 1 that is about a program and not about its connections: it says where it
//! listens, and does not share its door.
//!
//! Port 0 asks the system for any free one, so only the program knows which it has got.

use crate::grader::finding::Proof;
use crate::grader::last_words::not_started;
use crate::grader::subject::Subject;
use crate::grader::tree::Tree;
use crate::grader::verdict::{Problem, Verdict};
use crate::launched::Launched;
use crate::subject::START_AND_STOP;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// From the moment a port has been printed to the first connection, and to a better one.
const OPEN: Duration = Duration::from_secs(1);

/// Before a connection that was refused is tried again.
const RETRY: Duration = Duration::from_millis(10);

const FREE: Proof = Proof {
    what: "a server that is told to take any free port (0)",
    rule: "bind(2): port 0 stands for any that is free, and getsockname(2) tells which one it became; \
           nobody can come to a door whose number was never said",
    chapter: "1.1",
};

const TAKEN: Proof = Proof {
    what: "a second copy on the port of the first",
    rule: "bind(2): the address is in use, and whoever reads only that does not know which one; \
           a program that has failed says so with its exit status, too",
    chapter: "1.1",
};

/// 1a: the port that is printed is open, and a second program on it fails and says why.
pub(crate) fn report_your_port(subject: &Subject, tree: &Tree) -> Verdict {
    let mut first = launch(subject, tree, 0)?;
    let port = printed_port(&mut first)?;
    let mut second = launch(subject, tree, port)?;
    let Some(status) = second.wait(START_AND_STOP) else {
        return Err(wrong(
            TAKEN,
            format!("its end within {START_AND_STOP:?}, but it is still running"),
        ));
    };
    let said = second.said();
    if status.success() {
        let expected = "an exit status other than 0, such as 1; but it is 0".into();
        return Err(wrong(TAKEN, expected));
    }
    match said.contains(&port.to_string()) {
        true => Ok(()),
        false => Err(wrong(
            TAKEN,
            format!("the address in what it says, 127.0.0.1:{port}; it said {said:?}"),
        )),
    }
}

fn wrong(proof: Proof, expected: String) -> Problem {
    proof.fails(expected).into()
}

fn launch(subject: &Subject, tree: &Tree, port: u16) -> Result<Launched, Problem> {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let words = subject.words_at(tree, addr).ok_or_else(|| {
        Problem::NotJudged("a server inside of the grader has no program that could say it".into())
    })?;
    let log = tree.log();
    Launched::start(&words).map_err(|error| not_started(&words, &error, &log))
}

/// Reads what the program prints until one of the numbers in it is a port that accepts.
fn printed_port(program: &mut Launched) -> Result<u16, Problem> {
    let until = Instant::now() + START_AND_STOP;
    let mut printed = None;
    while Instant::now() < until {
        let said = program.said();
        let ports = ports(&said);
        if let Some(port) = ports.iter().find(|port| accepts(**port)) {
            return Ok(*port);
        }
        // Who says what it was told may say right after it what it has got.
        let is_said = !ports.is_empty() || says_zero(&said);
        if is_said && *printed.get_or_insert_with(Instant::now) + OPEN < Instant::now() {
            let expected = match ports[..] {
                [] => "the port that it has got: 0 is only what it was told".into(),
                [_, ..] => format!("a port that accepts within {OPEN:?}"),
            };
            return Err(wrong(FREE, format!("{expected}; it said {said:?}")));
        }
        if let Some(status) = program.wait(RETRY) {
            let expected =
                format!("a program that goes on; it ended with {status}, and said {said:?}");
            return Err(wrong(FREE, expected));
        }
    }
    Err(wrong(
        FREE,
        format!(
            "the port in what it prints, at once (a program whose output is no terminal may have to \
             flush it); within {START_AND_STOP:?} it said {:?}",
            program.said()
        ),
    ))
}

fn accepts(port: u16) -> bool {
    TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), OPEN).is_ok()
}

/// The numbers that can be ports: what stands between dots is part of an address.
fn ports(text: &str) -> Vec<u16> {
    let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let number = |word: &str| word.trim_end_matches('.').parse().ok();
    numbers
        .filter_map(number)
        .filter(|port| *port > 0)
        .collect()
}

/// Whether the port of an address in it is 0, where nobody can come.
fn says_zero(text: &str) -> bool {
    let goes_on = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':');
    text.match_indices(":0")
        .any(|(at, zero)| !text[at + zero.len()..].starts_with(goes_on))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_none_is_noticed() {
        assert!(says_zero("listening on 127.0.0.1:0\n"));
        assert!(says_zero("http://[::1]:0/"));
        assert!(!says_zero(
            "at 10:09:00 on [1:0:0::1]:80 and 127.0.0.1:8000"
        ));
    }

    #[test]
    fn ports_are_told_from_addresses() {
        assert_eq!(ports("listening on 127.0.0.1:4711\n"), [4711]);
        assert_eq!(ports("http://[::1]:80/ and port 8080."), [1, 80, 8080]);
        assert_eq!(ports("127.0.0.1:0 70000"), []);
    }
}

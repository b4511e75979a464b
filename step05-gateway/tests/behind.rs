//! A server that answers one request after the other: who may wait behind whom, and what becomes of
//! them if it dies or does not get on.

mod common;

use common::{Answer, Application, BOTH, DEADLINE, Line, Server, eventually, stdout};
use gateway::{Capacity, Keeping, Words};
use static_files::Config;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

const GET: &str = "GET /app HTTP/1.1";
const POST: &str = "POST /app HTTP/1.1\r\nContent-Length: 1";

/// As many quick answers as make a server trusted, and some more.
const PROOF: usize = 300;

/// How long to look for a request that is expected at once. Nothing depends on it: one that comes
/// later is noticed later.
const SOON: Duration = Duration::from_millis(50);

/// Servers played by the test, of which each request is answered by hand.
struct Stage {
    applications: Vec<Application>,
    lines: Vec<Line>,
}

impl Stage {
    fn new(servers: usize) -> Stage {
        Stage {
            applications: (0..servers).map(|_| Application::new()).collect(),
            lines: Vec::new(),
        }
    }

    /// Our server in front of them, which lets `behind` requests wait at each.
    fn server(&self, name: &str, behind: usize) -> Server {
        let capacity = Capacity {
            in_flight: 1,
            behind,
            queue: 9,
            connect: DEADLINE,
            keeping: Keeping::Always,
        };
        let addresses: Vec<String> = self.applications.iter().map(Application::address).collect();
        Server::asking(
            name,
            Config::default(),
            (Words::FastCgi, capacity),
            &addresses,
        )
    }

    /// The connection on which a request comes within that time, by its number.
    fn next_within(&mut self, patience: Duration) -> Option<usize> {
        let start = Instant::now();
        while start.elapsed() < patience {
            let new = self.applications.iter().filter_map(Application::try_accept);
            self.lines.extend(new);
            if let Some(at) = self.lines.iter().position(has_octets) {
                self.lines[at].request().expect("a request");
                return Some(at);
            }
            thread::park_timeout(Duration::from_micros(100));
        }
        None
    }

    #[track_caller]
    fn next(&mut self) -> usize {
        self.next_within(DEADLINE).expect("a request comes")
    }

    fn answer(&mut self, at: usize, text: &str) {
        self.lines[at].answer(text);
    }

    /// Answers quickly until the server lets a second request wait behind a first; both are left
    /// unanswered then. The first comes on the first connection returned.
    fn two_at_once<'s>(
        &mut self,
        scope: &'s Scope<'s, '_>,
        server: &'s Server,
    ) -> [(usize, Receiver<Answer>); 2] {
        let start = Instant::now();
        while start.elapsed() < DEADLINE {
            for _ in 0..PROOF {
                let client = ask(scope, server, GET);
                let at = self.next();
                self.answer(at, "quick");
                assert_eq!(text(&client), "quick");
            }
            let first = ask(scope, server, GET);
            let at = self.next();
            let second = ask(scope, server, GET);
            if let Some(behind) = self.next_within(SOON) {
                return [(at, first), (behind, second)];
            }
            // This machine was busy with something else, and the server looked slow.
            self.answer(at, "first");
            let at = self.next();
            self.answer(at, "second");
            assert_eq!(
                (text(&first), text(&second)),
                ("first".into(), "second".into())
            );
        }
        panic!("nobody waits behind another")
    }
}

/// Whether a request, or its beginning, waits to be read.
fn has_octets(line: &Line) -> bool {
    line.stream.set_nonblocking(true).expect("it can be");
    let peeked = line.stream.peek(&mut [0]);
    line.stream.set_nonblocking(false).expect("it can be");
    matches!(peeked, Ok(1..))
}

fn is_closed(line: &Line) -> bool {
    line.stream.set_nonblocking(true).expect("it can be");
    let peeked = line.stream.peek(&mut [0]);
    line.stream.set_nonblocking(false).expect("it can be");
    matches!(peeked, Ok(0))
}

/// A client that asks in a thread of its own.
fn ask<'s>(scope: &'s Scope<'s, '_>, server: &'s Server, head: &'static str) -> Receiver<Answer> {
    let (tell, told) = channel();
    // Nobody may want to know.
    scope.spawn(move || tell.send(server.ask(head, if head == POST { b"x" } else { b"" })));
    told
}

#[track_caller]
fn text(client: &Receiver<Answer>) -> String {
    let answer = client.recv_timeout(DEADLINE).expect("it is answered");
    format!(
        "{}{}",
        if answer.is_whole { "" } else { "broken: " },
        answer.text()
    )
}

#[test]
fn whatever_is_no_short_request_has_a_server_to_itself() {
    for name in BOTH {
        let mut stage = Stage::new(1);
        let server = stage.server(name, 9);
        thread::scope(|scope| {
            let [(first, one), (second, two)] = stage.two_at_once(scope, &server);
            assert_ne!(first, second, "each has a connection of its own");
            let post = ask(scope, &server, POST);
            // It would need a third connection.
            assert_eq!(stage.next_within(SOON), None, "{name}: it waits");
            stage.answer(second, "two");
            assert_eq!(stage.next_within(SOON), None, "{name}: one is still there");
            stage.answer(first, "one");
            let alone = stage.next();
            let get = ask(scope, &server, GET);
            assert_eq!(stage.next_within(SOON), None, "{name}: nobody is behind it");
            stage.answer(alone, "post");
            let last = stage.next();
            stage.answer(last, "get");
            let texts = [one, two, post, get].map(|client| text(&client));
            assert_eq!(texts, ["one", "two", "post", "get"]);
            assert_eq!(stage.lines.len(), 2, "{name}");
        });
    }
}

#[test]
fn a_request_behind_a_slow_one_goes_to_the_first_server_that_is_free() {
    for name in BOTH {
        let mut stage = Stage::new(2);
        let server = stage.server(name, 9);
        thread::scope(|scope| {
            let slow = ask(scope, &server, GET);
            let held = stage.next();
            let one = ask(scope, &server, GET);
            let free = stage.next();
            let two = ask(scope, &server, GET);
            assert_eq!(stage.next_within(SOON), None, "{name}: it waits");
            stage.answer(free, "one");
            assert_eq!(stage.next(), free, "{name}");
            stage.answer(free, "two");
            stage.answer(held, "slow");
            let texts = [slow, one, two].map(|client| text(&client));
            assert_eq!(texts, ["slow", "one", "two"]);
            assert_eq!(stage.lines.len(), 2, "{name}");
        });
    }
}

#[test]
fn after_one_slow_answer_nobody_waits_behind_another() {
    for name in BOTH {
        let mut stage = Stage::new(1);
        let server = stage.server(name, 9);
        thread::scope(|scope| {
            let [(first, one), (second, two)] = stage.two_at_once(scope, &server);
            // As long as a slow view takes.
            thread::park_timeout(Duration::from_millis(40));
            stage.answer(first, "one");
            stage.answer(second, "two");
            assert_eq!((text(&one), text(&two)), ("one".into(), "two".into()));
            let one = ask(scope, &server, GET);
            let at = stage.next();
            let two = ask(scope, &server, GET);
            assert_eq!(stage.next_within(SOON), None, "{name}: it waits");
            stage.answer(at, "one");
            let at = stage.next();
            stage.answer(at, "two");
            assert_eq!((text(&one), text(&two)), ("one".into(), "two".into()));
        });
    }
}

#[test]
fn what_a_death_leaves_unanswered_is_asked_again_one_at_a_time() {
    for name in BOTH {
        let mut stage = Stage::new(1);
        let server = stage.server(name, 9);
        thread::scope(|scope| {
            let [(_, one), (_, two)] = stage.two_at_once(scope, &server);
            stage.lines.drain(..).for_each(Line::hang_up);
            let again = stage.next();
            assert_eq!(stage.next_within(SOON), None, "{name}: it is alone");
            stage.answer(again, "again");
            let again = stage.next();
            stage.answer(again, "again");
            assert_eq!((text(&one), text(&two)), ("again".into(), "again".into()));
        });
    }
}

#[test]
fn who_asks_for_what_kills_takes_two_servers_along_and_nobody_else() {
    for name in BOTH {
        let mut stage = Stage::new(1);
        let server = stage.server(name, 9);
        thread::scope(|scope| {
            let [(_, one), (_, two)] = stage.two_at_once(scope, &server);
            stage.lines.drain(..).for_each(Line::hang_up);
            // Whichever of the two it was: this time it is known.
            stage.next();
            stage.lines.drain(..).for_each(Line::hang_up);
            let at = stage.next();
            stage.answer(at, "innocent");
            let mut texts = [one, two].map(|client| {
                let answer = client.recv_timeout(DEADLINE).expect("it is answered");
                (answer.status, answer.text() == "innocent")
            });
            texts.sort_unstable();
            assert_eq!(texts, [(200, true), (502, false)], "{name}");
        });
    }
}

#[test]
fn who_waits_behind_a_stream_is_taken_back_and_asked_elsewhere() {
    for name in BOTH {
        let mut stage = Stage::new(1);
        let server = stage.server(name, 9);
        thread::scope(|scope| {
            let [(first, stream), (second, other)] = stage.two_at_once(scope, &server);
            let begin = stdout(b"Content-Type: text/plain\r\n\r\nnever ");
            stage.lines[first].say(&begin);
            eventually("it is taken back", || is_closed(&stage.lines[second]));
            stage.lines.remove(second);
            let first = first - usize::from(second < first);
            stage.lines[first].say(&[stdout(b"ending"), common::end(0)].concat());
            let at = stage.next();
            stage.answer(at, "other");
            assert_eq!(
                (text(&stream), text(&other)),
                ("never ending".into(), "other".into())
            );
        });
    }
}

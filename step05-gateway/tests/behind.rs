//! A server that answers one request after the other: who may wait behind whom, and what becomes of
//! them if it dies or does not get on.

mod common;

use common::{Answer, Application, BOTH, DEADLINE, Line, Server, stdout, under};
use gateway::{Capacity, Keeping, Words};
use static_files::Config;
use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

const GET: &str = "GET /app HTTP/1.1";
const POST: &str = "POST /app HTTP/1.1\r\nContent-Length: 1";

/// What a record is that tells of a client that has left, or is asked for elsewhere.
const ABORT_REQUEST: u8 = 2;

/// As many quick answers as make a server trusted, and some more.
const PROOF: usize = 300;

/// How long to look for a request that is expected at once. Nothing depends on it: one that comes
/// later is noticed later.
const SOON: Duration = Duration::from_millis(50);

/// Servers played by the test, of which each request is answered by hand.
struct Stage {
    /// Who drives our server in front of them.
    name: &'static str,
    applications: Vec<Application>,
    lines: Vec<Line>,
}

/// Where a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    /// A connection, by its place.
    line: usize,
    /// What the request is called there.
    number: u16,
}

impl Stage {
    fn new(name: &'static str, servers: usize) -> Stage {
        Stage {
            name,
            applications: (0..servers).map(|_| Application::new()).collect(),
            lines: Vec::new(),
        }
    }

    /// Our server in front of them, which lets requests wait at each.
    fn server(&self) -> Server {
        let capacity = Capacity {
            in_flight: 1,
            behind: 9,
            queue: 9,
            connect: DEADLINE,
            keeping: Keeping::Always,
        };
        let addresses: Vec<String> = self.applications.iter().map(Application::address).collect();
        Server::asking(
            self.name,
            Config::default(),
            (Words::FastCgi, capacity),
            &addresses,
        )
    }

    /// Where a request comes within that time.
    fn next_within(&mut self, patience: Duration) -> Option<At> {
        let start = Instant::now();
        while start.elapsed() < patience {
            let new = self.applications.iter().filter_map(Application::try_accept);
            self.lines.extend(new);
            if let Some(line) = self.lines.iter().position(has_octets) {
                let number = self.lines[line].request().expect("a request").number;
                return Some(At { line, number });
            }
            thread::park_timeout(Duration::from_micros(100));
        }
        None
    }

    #[track_caller]
    fn next(&mut self) -> At {
        self.next_within(DEADLINE).expect("a request comes")
    }

    /// Nobody comes, for that reason.
    #[track_caller]
    fn nobody_comes(&mut self, why: &str) {
        assert_eq!(self.next_within(SOON), None, "{}: {why}", self.name);
    }

    fn answer(&mut self, at: At, text: &str) {
        self.lines[at.line].answer_to(at.number, text);
    }

    /// Answers what has come at `at`, and then what comes next.
    #[track_caller]
    fn answer_in_turn(&mut self, at: At, [first, second]: [&str; 2]) {
        self.answer(at, first);
        let at = self.next();
        self.answer(at, second);
    }

    /// Two clients, of which the second asks while the first is not answered; and where the requests
    /// come, that of the second only if it comes at once.
    fn two(&mut self, clients: Clients<'_, '_>) -> ([Receiver<Answer>; 2], At, Option<At>) {
        let first = clients.ask(GET);
        let at = self.next();
        let second = clients.ask(GET);
        ([first, second], at, self.next_within(SOON))
    }

    /// Answers quickly until the server lets a second request wait behind a first; both are left
    /// unanswered then. Returned are the clients, and where their requests have come.
    fn two_at_once(&mut self, clients: Clients<'_, '_>) -> ([Receiver<Answer>; 2], [At; 2]) {
        let start = Instant::now();
        while start.elapsed() < DEADLINE {
            for _ in 0..PROOF {
                let client = clients.ask(GET);
                let at = self.next();
                self.answer(at, "quick");
                hear([client], ["quick"]);
            }
            let (both, at, behind) = self.two(clients);
            if let Some(behind) = behind {
                return (both, [at, behind]);
            }
            // This machine was busy with something else, and the server looked slow.
            self.answer_in_turn(at, ["first", "second"]);
            hear(both, ["first", "second"]);
        }
        panic!("nobody waits behind another")
    }
}

/// Clients of our server, each in a thread of its own.
#[derive(Clone, Copy)]
struct Clients<'s, 'e> {
    scope: &'s Scope<'s, 'e>,
    server: &'e Server,
}

impl Clients<'_, '_> {
    fn ask(self, head: &'static str) -> Receiver<Answer> {
        let (tell, told) = channel();
        let Clients { scope, server } = self;
        // Nobody may want to know.
        scope.spawn(move || tell.send(server.ask(head, if head == POST { b"x" } else { b"" })));
        told
    }
}

/// Plays the same before each of our servers.
fn play(servers: usize, act: impl Fn(&mut Stage, Clients<'_, '_>)) {
    for name in BOTH {
        let mut stage = Stage::new(name, servers);
        let server = &stage.server();
        thread::scope(|scope| act(&mut stage, Clients { scope, server }));
    }
}

/// Whether a request, or its beginning, waits to be read.
fn has_octets(line: &Line) -> bool {
    matches!(peeked(line), Ok(1..))
}

/// How many octets there are at once; at the end, none.
fn peeked(line: &Line) -> io::Result<usize> {
    line.stream.set_nonblocking(true).expect("it can be");
    let peeked = line.stream.peek(&mut [0]);
    line.stream.set_nonblocking(false).expect("it can be");
    peeked
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

/// These clients have heard that.
#[track_caller]
fn hear<const N: usize>(clients: [Receiver<Answer>; N], expected: [&str; N]) {
    assert_eq!(clients.map(|client| text(&client)), expected);
}

#[test]
fn whatever_is_no_short_request_has_a_server_to_itself() {
    play(1, |stage, clients| {
        let ([one, two], [first, second]) = stage.two_at_once(clients);
        assert_ne!(first, second, "{}", stage.name);
        let post = clients.ask(POST);
        stage.nobody_comes("it waits");
        stage.answer(second, "two");
        stage.nobody_comes("one is still there");
        stage.answer(first, "one");
        let alone = stage.next();
        let get = clients.ask(GET);
        stage.nobody_comes("nobody is behind it");
        stage.answer_in_turn(alone, ["post", "get"]);
        hear([one, two, post, get], ["one", "two", "post", "get"]);
        assert_ne!(alone.line, first.line, "{}", stage.name);
    });
}

#[test]
fn a_request_behind_a_slow_one_goes_to_the_first_server_that_is_free() {
    play(2, |stage, clients| {
        let slow = clients.ask(GET);
        let held = stage.next();
        let one = clients.ask(GET);
        let free = stage.next();
        let two = clients.ask(GET);
        stage.nobody_comes("it waits");
        stage.answer(free, "one");
        let again = stage.next();
        assert_eq!(again.line, free.line, "{}", stage.name);
        stage.answer(again, "two");
        stage.answer(held, "slow");
        hear([slow, one, two], ["slow", "one", "two"]);
        assert_eq!(stage.lines.len(), 2, "{}", stage.name);
    });
}

#[test]
fn after_one_slow_answer_nobody_waits_behind_another() {
    play(1, |stage, clients| {
        let (both, [first, second]) = stage.two_at_once(clients);
        // As long as a slow view takes.
        thread::park_timeout(Duration::from_millis(40));
        stage.answer(first, "one");
        stage.answer(second, "two");
        hear(both, ["one", "two"]);
        let (both, at, behind) = stage.two(clients);
        assert_eq!(behind, None, "{}: it waits", stage.name);
        stage.answer_in_turn(at, ["one", "two"]);
        hear(both, ["one", "two"]);
    });
}

#[test]
fn what_a_death_leaves_unanswered_is_asked_again_one_at_a_time() {
    play(1, |stage, clients| {
        let (both, _) = stage.two_at_once(clients);
        stage.lines.drain(..).for_each(Line::hang_up);
        let again = stage.next();
        stage.nobody_comes("it is alone");
        stage.answer_in_turn(again, ["again", "again"]);
        hear(both, ["again", "again"]);
    });
}

#[test]
fn who_asks_for_what_kills_takes_two_servers_along_and_nobody_else() {
    play(1, |stage, clients| {
        let (both, _) = stage.two_at_once(clients);
        stage.lines.drain(..).for_each(Line::hang_up);
        // Whichever of the two it was: this time it is known.
        stage.next();
        stage.lines.drain(..).for_each(Line::hang_up);
        let at = stage.next();
        stage.answer(at, "innocent");
        let mut texts = both.map(|client| {
            let answer = client.recv_timeout(DEADLINE).expect("it is answered");
            (answer.status, answer.text() == "innocent")
        });
        texts.sort_unstable();
        assert_eq!(texts, [(200, true), (502, false)], "{}", stage.name);
    });
}

#[test]
fn who_waits_behind_a_stream_is_taken_back_and_asked_elsewhere() {
    play(1, |stage, clients| {
        let (both, [first, second]) = stage.two_at_once(clients);
        let begin = stdout(b"Content-Type: text/plain\r\n\r\nnever ");
        stage.lines[first.line].say(&under(first.number, begin));
        let taken_back = stage.lines[second.line].record().expect("it is told");
        let abort = (second.number, ABORT_REQUEST);
        assert_eq!((taken_back.number, taken_back.kind), abort);
        let rest = [stdout(b"ending"), common::end(0)].concat();
        stage.lines[first.line].say(&under(first.number, rest));
        let at = stage.next();
        stage.answer(at, "other");
        hear(both, ["never ending", "other"]);
    });
}

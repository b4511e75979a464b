//! Every vector, replayed whole and cut, against the library of step 2 and against servers.
//!
//! A vector says what a reader of HTTP must make of some octets (`vectors/README.md`). A stream has
//! no messages, so however the octets are cut, the events must be the same; and a server that
//! reads them must answer what the events say, octet for octet.

#[path = "vectors/reader.rs"]
mod reader;
#[path = "vectors/replay.rs"]
mod replay;
#[path = "vectors/told.rs"]
mod told;

use check::vector::{Event, Vector, Word};
use check::{Act, Cuts, Expected, Failure, Rng, Scenario, Serve, Served, first_difference};
use concurrency::SERVERS;
use http_parse::Fault;
use static_files::{Body, Collect, Config, Reply, Request, Response};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::Duration;

/// Requests that a reader must have been asked about, of all kinds.
const ENOUGH: usize = 150;

/// Random sets of cuts for each vector.
const RANDOM_CUTS: usize = 8;

/// Longer vectors are not cut at every octet, which costs a look at all of them or a wait.
const CUT_EVERYWHERE: usize = 400;

/// Servers that are asked: one that reads in threads, one that reads when the kernel says so.
const ASKED: [&str; 2] = ["threads", "epoll"];

/// Clients that talk to one server at once: most of the time they wait between two octets.
const CLIENTS: usize = 64;

/// How long a client waits for a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Octets of content that the servers take; more than any vector has.
const CONTENT: usize = 1 << 20;

/// Failures that are shown; where one vector fails, many may.
const SHOWN: usize = 5;

static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    Vector::all(&folder).unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")))
});

fn requests() -> impl Iterator<Item = &'static Vector> {
    VECTORS.iter().filter(|vector| vector.request.is_none())
}

/// The pieces between cuts at these offsets, ascending.
fn cut<'b>(bytes: &'b [u8], at: &[usize]) -> Vec<&'b [u8]> {
    let starts = [0].into_iter().chain(at.iter().copied());
    let ends = at.iter().copied().chain([bytes.len()]);
    starts
        .zip(ends)
        .map(|(from, to)| &bytes[from..to])
        .collect()
}

fn after_every_line(bytes: &[u8]) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    ends.map(|(at, _)| at + 1).collect()
}

fn anywhere(bytes: &[u8], rng: &mut Rng) -> Vec<usize> {
    let mut at: Vec<usize> = (0..1 + rng.below(6))
        .map(|_| rng.below(bytes.len() + 1))
        .collect();
    at.sort_unstable();
    at
}

fn replayed(vector: &Vector, pieces: &[&[u8]]) -> Vec<Event> {
    match &vector.request {
        None => replay::requests(pieces).events,
        Some(method) => reader::response(method, pieces),
    }
}

/// Events as they are reported: one a line, octets as they are.
fn told(events: &[Event]) -> Vec<u8> {
    let mut told = Vec::new();
    for event in events {
        told.extend_from_slice(event.word.spelling().as_bytes());
        told.push(b' ');
        told.extend_from_slice(&event.octets);
        told.push(b'\n');
    }
    told
}

/// Replays a vector in pieces; what is wrong, if anything.
fn replay_in(vector: &Vector, how: &str, at: &[usize]) -> Option<Failure> {
    let came = replayed(vector, &cut(&vector.bytes, at));
    if came == vector.expected {
        return None;
    }
    let agreed = came.iter().zip(&vector.expected);
    let agreed = agreed
        .take_while(|(came, expected)| came == expected)
        .count();
    let expected = vector.expected.get(agreed).map(Event::to_string);
    let at = first_difference(&told(&vector.expected), &told(&came));
    let mut what = format!("vectors/{}.txt, {how}: {}", vector.name, vector.purpose);
    if let Some(command) = vector.command() {
        what.push_str(&format!("\n  again     {command}"));
    }
    Some(Failure {
        what,
        sent: vector.bytes.clone(),
        addr: None,
        at,
        expected: expected.unwrap_or_else(|| "nothing more".into()),
        received: told(&came),
        rule: vector.source.clone(),
        chapter: String::new(),
    })
}

#[track_caller]
fn none_fails(failures: impl IntoIterator<Item = String>) {
    let failures: Vec<String> = failures.into_iter().collect();
    let shown = &failures[..failures.len().min(SHOWN)];
    let count = failures.len();
    assert!(count == 0, "{count} failures\n{}", shown.join("\n\n"));
}

/// Replays every vector, cut where `cuts` says.
#[track_caller]
fn check_all(how: &str, mut cuts: impl FnMut(&[u8]) -> Vec<usize>) {
    let failures = VECTORS.iter().filter_map(|vector| {
        let at = cuts(&vector.bytes);
        replay_in(vector, how, &at).map(|failure| failure.to_string())
    });
    none_fails(failures.collect::<Vec<_>>());
}

#[test]
fn every_vector_is_understood_whole() {
    check_all("whole", |_| Vec::new());
}

#[test]
fn every_vector_is_understood_line_by_line() {
    check_all("line by line", after_every_line);
}

#[test]
fn every_vector_is_understood_octet_by_octet() {
    check_all("octet by octet", |bytes| (1..bytes.len()).collect());
}

#[test]
fn every_vector_is_understood_at_random_cuts() {
    let mut rng = Rng::announced("every_vector_is_understood_at_random_cuts");
    for _ in 0..RANDOM_CUTS {
        check_all("at random cuts", |bytes| anywhere(bytes, &mut rng));
    }
}

/// What is complete is told when it is complete, however it came.
#[test]
fn no_cut_keeps_a_request_waiting() {
    let short = requests().filter(|vector| vector.bytes.len() <= CUT_EVERYWHERE);
    let late = short.filter_map(|vector| {
        let bytes = &vector.bytes;
        let promptly = replay::requests(&[bytes]).promptly;
        let late = (0..bytes.len())
            .find(|at| replay::requests(&cut(bytes, &[*at])).promptly != promptly)?;
        Some(format!("{}: cut at {late}", vector.name))
    });
    none_fails(late.collect::<Vec<_>>());
}

#[test]
fn there_are_enough_vectors_and_half_of_them_are_refused() {
    let (refused, read): (Vec<_>, Vec<_>) = requests().partition(|vector| vector.is_refused());
    let (refused, read) = (refused.len(), read.len());
    let responses = VECTORS.len() - refused - read;
    println!("{read} read, {refused} refused, {responses} responses");
    assert!(refused + read >= ENOUGH, "{refused} + {read}");
    assert!(
        refused.abs_diff(read) * 4 <= refused + read,
        "{refused}, {read}"
    );
}

#[test]
fn every_vector_says_where_its_rule_stands() {
    let unknown = VECTORS.iter().filter(|vector| {
        let known = |part: &str| part == "course" || part.starts_with("RFC ");
        !vector.source.split("; ").all(known)
    });
    none_fails(unknown.map(|vector| format!("{}: {}", vector.name, vector.source)));
}

#[test]
fn no_two_vectors_are_the_same() {
    let mut seen = BTreeSet::new();
    let twice = VECTORS
        .iter()
        .filter(|vector| !seen.insert((&vector.request, &vector.bytes)));
    none_fails(twice.map(|vector| vector.name.clone()));
}

/// Refusals of requests, as `400 BareLf`.
fn refusals() -> BTreeSet<String> {
    let refusals = requests().filter_map(|vector| vector.expected.last());
    let texts = refusals.filter(|event| event.word == Word::Refused);
    texts
        .map(|event| {
            let text = String::from_utf8_lossy(&event.octets).into_owned();
            text.split(" at ").next().unwrap_or_default().to_owned()
        })
        .collect()
}

#[test]
fn every_fault_and_every_status_has_a_vector() {
    let refusals = refusals();
    // Requests have no status line, so that one fault is met in answers alone.
    let faults = Fault::ALL
        .iter()
        .filter(|fault| **fault != Fault::StatusLine);
    let missing = faults
        .map(|fault| format!("{} {fault:?}", fault.status().code()))
        .filter(|refusal| !refusals.contains(refusal));
    none_fails(missing);
    let met = VECTORS.iter().filter_map(|vector| vector.expected.last());
    let status_line = met.filter(|event| event.octets.starts_with(b"502 StatusLine"));
    assert!(status_line.count() > 0, "a response without a status line");
}

/// Answers with what was understood: method and target on a line, then the content.
fn tell(request: &Request) -> Reply {
    let answer = |request: &Request, content: Vec<u8>| {
        let mut told = request.head.method.as_str().as_bytes().to_vec();
        told.push(b' ');
        told.extend_from_slice(request.head.target.raw());
        told.push(b'\n');
        told.extend(content);
        let mut response = Response::text(String::new());
        response.body = Body::Bytes(told.into());
        response
    };
    Reply::Exchange(Box::new(Collect::new(request.clone(), CONTENT, answer)))
}

/// What servers must answer to the requests of a vector.
fn answers(vector: &Vector) -> Vec<Expected> {
    let (mut answers, mut told) = (Vec::new(), Vec::new());
    for event in &vector.expected {
        match event.word {
            Word::Head => {
                let line = event.octets.rsplitn(2, |octet| *octet == b' ').last();
                told = [line.unwrap_or_default(), b"\n"].concat();
            }
            Word::Framing if is_too_much(&event.octets) => return vec![Expected::status(413)],
            Word::Body => told.extend_from_slice(&event.octets),
            Word::End if told.starts_with(b"HEAD ") => answers.push(Expected::head(200)),
            Word::End => answers.push(Expected::status(200).content(&told)),
            Word::Refused => {
                let status = str::from_utf8(&event.octets[..3]).map(str::parse);
                let status = status.expect("a status is text").expect("and a number");
                answers.push(Expected::status(status).field("Connection", "close"));
            }
            Word::Host | Word::Path | Word::Query | Word::Field | Word::Framing => {}
            Word::Trailer
            | Word::Kept
            | Word::Close
            | Word::Closed
            | Word::Partial
            | Word::Unread => {}
        }
    }
    answers
}

/// Whether a server refuses the content before it comes; a parser has no opinion about that.
fn is_too_much(framing: &[u8]) -> bool {
    let framing = String::from_utf8_lossy(framing);
    let length = framing.strip_prefix("length ").map(str::parse::<u64>);
    length.is_some_and(|length| length.is_ok_and(|length| length > CONTENT as u64))
}

/// The conversation that a vector of requests is, when it is held with a server.
fn scenario(vector: &'static Vector) -> Scenario {
    let mut scenario = Scenario::sending(&vector.name, &vector.bytes).by(&vector.source, "");
    scenario.answers = answers(vector);
    match vector.expected.last().map(|event| event.word) {
        // The end of input is what such a vector is about, or what closes an idle connection.
        Some(Word::Refused) => scenario.then(Act::CloseWrite).closed(),
        Some(Word::Close) => scenario.closed(),
        Some(Word::Unread) => scenario.left_talking(),
        _ => scenario,
    }
}

/// Plays every conversation with a server, some at a time; what is wrong with it.
fn play_all(addr: SocketAddr, jobs: &[(&Scenario, Cuts)]) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let play = || {
        while let Some((scenario, cuts)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(failure) = scenario.play_within(addr, cuts, PATIENCE) {
                let failure = format!("{failure}\n  cut       {cuts:?}");
                wrong.lock().expect("no client panics").push(failure);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(play);
        }
    });
    wrong.into_inner().expect("no client panics")
}

#[test]
fn servers_answer_what_every_vector_says() {
    let scenarios: Vec<Scenario> = requests().map(scenario).collect();
    let mut jobs = Vec::new();
    for scenario in &scenarios {
        jobs.push((scenario, Cuts::Whole));
        if scenario.sent().len() <= CUT_EVERYWHERE {
            jobs.push((scenario, Cuts::EveryOctet));
        }
    }
    println!("{} conversations with each server", jobs.len());
    let asked = SERVERS.iter().filter(|(name, _)| ASKED.contains(name));
    let asked: Vec<_> = asked.collect();
    assert_eq!(asked.len(), ASKED.len(), "the ladder has both servers");
    let ask = |name: &str, serve: Serve| {
        let served = Served::start(serve, Arc::new(tell), Config::default());
        let served = served.expect("loopback has a free port");
        let wrong = play_all(served.addr(), &jobs).into_iter();
        wrong
            .map(|what| format!("{name}: {what}"))
            .collect::<Vec<_>>()
    };
    let failures = thread::scope(|scope| {
        let (ask, asked) = (&ask, &asked);
        let threads: Vec<_> = asked
            .iter()
            .map(|(name, serve)| scope.spawn(move || ask(name, *serve)))
            .collect();
        let told = threads.into_iter().flat_map(|thread| {
            // What a panicking thread had to say is in the test's output already.
            thread.join().unwrap_or_else(|_| vec!["panicked".into()])
        });
        told.collect::<Vec<_>>()
    });
    none_fails(failures);
}

//! How often the event loop asks the kernel: the figure behind its speed, and one that does not
//! depend on the machine.

use check::load::{Load, Reuse, Until};
use check::{Asked, Client, Place, TempFolder, needs, trace};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Answers in all: enough that starting and connecting no longer show.
const ANSWERS: u64 = 19_200;

/// System calls for one answer on a single connection: wait, receive, send.
const ALONE: f64 = 3.05;

/// On many connections one wait tells of several.
const MANY: f64 = 2.5;

/// The same behind a proxy: receive and send, twice, and a wait for each. Nobody looks whether the kept
/// connection is still there before a GET is sent on it.
const PROXIED_ALONE: f64 = 6.1;
const PROXIED_MANY: f64 = 5.0;

/// Connections with one request each, and how often any is half-closed meanwhile: those of others.
const CONNECTIONS: u64 = 2_000;
const FAREWELLS: u64 = 16;

/// Twice as many clients as the proxied server has places. Requests wait for one, and nobody asks the
/// kernel to tell them that it is there: it is free because of an answer in the same loop.
const QUEUED: usize = 128;

/// Changes of interest that a connection may cost in its whole life; one to a proxied server is a
/// second one, and has to be waited for until it stands. And what the loop itself needs.
const CHANGES_EACH: u64 = 2;
const PROXIED_CHANGES_EACH: u64 = 4;
const CHANGES_OF_THE_LOOP: u64 = 16;

/// How long the server may take to end, with everything it does being recorded.
const ENDING: Duration = Duration::from_secs(10);

#[test]
fn an_answer_takes_at_most_three_calls_and_no_change_of_interest() {
    if needs::is_missing("syscalls", &["strace"]) {
        return;
    }
    check(&site(), 1, ALONE, CHANGES_EACH);
    check(&site(), 64, MANY, CHANGES_EACH);
}

#[test]
fn a_proxied_answer_takes_at_most_six_calls_and_no_change_of_interest() {
    if needs::is_missing("syscalls of a proxy", &["strace"]) {
        return;
    }
    let (place, mut proxy) = (site(), site());
    let origin = place.serve("epoll").expect("it starts");
    let route = format!("/=http://{}", origin.addr());
    proxy.options.extend(["--proxy".to_owned(), route]);
    check(&proxy, 1, PROXIED_ALONE, PROXIED_CHANGES_EACH);
    check(&proxy, 64, PROXIED_MANY, PROXIED_CHANGES_EACH);
    check(&proxy, QUEUED, PROXIED_MANY, PROXIED_CHANGES_EACH);
}

#[test]
fn a_connection_that_was_the_clients_last_word_is_closed_without_farewell() {
    if needs::is_missing("syscalls of a connection", &["strace"]) {
        return;
    }
    let request = b"GET /kibibyte HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for connections in [1, 64] {
        let load = Load {
            requests: vec![request.to_vec()],
            connections,
            reuse: Reuse::Never,
            ..Load::get("/kibibyte")
        };
        let (calls, _) = count(&site(), &load, CONNECTIONS);
        let farewells = calls.get("shutdown").copied().unwrap_or(0);
        assert!(farewells <= FAREWELLS, "{farewells} were half-closed");
    }
}

fn site() -> Place {
    let place = Place::new().expect("a site");
    fs::write(place.site.root().join("kibibyte"), "x".repeat(1024)).expect("room");
    place
}

#[track_caller]
fn check(place: &Place, connections: usize, most: f64, changes_each: u64) {
    let load = Load {
        connections,
        ..Load::get("/kibibyte")
    };
    let (calls, answers) = count(place, &load, ANSWERS);
    let each = per_answer(calls.values().sum(), answers);
    assert!(
        each <= most,
        "{each:.2} calls for each answer on {connections} connections"
    );
    let changes = calls.get("epoll_ctl").copied().unwrap_or(0);
    let allowed = changes_each * connections as u64 + CHANGES_OF_THE_LOOP;
    assert!(changes <= allowed, "epoll_ctl was called {changes} times");
}

/// What a server calls, and how often, for that load and so many answers, of which it tells.
fn count(place: &Place, load: &Load, answers: u64) -> (BTreeMap<String, u64>, u64) {
    let folder = TempFolder::new().expect("a folder");
    let table = folder.path().join("table");
    let strace = [
        "strace",
        "-f",
        "-c",
        "-o",
        table.to_str().expect("a path of ASCII"),
    ];
    let mut server = place.serve_under(&strace, "epoll").expect("it starts");
    let connections = load.connections;
    let until = Until::Answers(answers / connections as u64);
    let outcome = load.run(server.addr(), until).expect("right answers");
    server.terminate_group().expect("it can be told");
    server.wait(ENDING).expect("the server ends");

    let calls = trace::calls(&fs::read_to_string(table).expect("a table"));
    let each = per_answer(calls.values().sum(), outcome.answers);
    let mut often: Vec<_> = calls.iter().collect();
    often.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    println!("{connections} connections, {each:.2} calls for each answer: {often:?}");
    (calls, outcome.answers)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a ratio is shown with three digits"
)]
fn per_answer(calls: u64, answers: u64) -> f64 {
    calls as f64 / answers as f64
}

#[test]
fn a_program_is_started_without_a_copy_of_the_server() {
    if needs::is_missing("the start of a program", &["strace"]) {
        return;
    }
    let (place, folder) = (site(), TempFolder::new().expect("a folder"));
    let list = folder.path().join("list");
    let list_name = list.to_str().expect("a path of ASCII");
    let calls = "trace=clone,clone3,fork,vfork";
    let strace = ["strace", "-f", "-e", calls, "-o", list_name];
    let mut server = place.serve_under(&strace, "epoll").expect("it starts");
    let mut client = Client::connect(server.addr()).expect("it listens");
    let request = b"GET /cgi/cat HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    client.send(request.as_slice()).expect("it reads");
    let answer = client.read_answer(Asked::Other).expect("it answers");
    assert_eq!(answer.status, 200);
    server.terminate_group().expect("it can be told");
    server.wait(ENDING).expect("the server ends");

    let list = fs::read_to_string(list).expect("a list");
    // A list may name what strace has not seen begin: `???(`.
    let is_start = |line: &&str| {
        let is_call = ["clone(", "clone3(", "fork("]
            .iter()
            .any(|call| line.contains(call));
        is_call && !line.contains("CLONE_THREAD")
    };
    let starts: Vec<&str> = list.lines().filter(is_start).collect();
    assert!(!starts.is_empty(), "{list}");
    // A fork would copy the page tables, and take the longer the more the server remembers.
    let shares = |line: &&str| line.contains("CLONE_VFORK") || line.contains("vfork(");
    assert!(starts.iter().all(shares), "{starts:#?}");
}

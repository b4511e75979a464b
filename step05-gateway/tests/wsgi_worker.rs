//! The Python worker by itself, asked over FastCGI: what PEP 3333 demands, and what goes wrong.

mod common;
#[path = "wsgi/driver.rs"]
mod driver;

use common::{TempDir, eventually, is_python_missing, noise};
use driver::{
    BEGIN, END, KEEPING, PARAMS, STDIN, STDOUT, Said, Worker, head, pair, read_record, record,
    request,
};
use std::io::{Read, Write};

#[track_caller]
fn check(worker: &Worker, path: &str, content: &str, status: &str, text: &str) {
    let said = worker.ask(path, content.as_bytes());
    assert!(said.is_whole, "{path} is answered: {}", worker.log());
    assert_eq!(
        (said.status(), said.text().as_str()),
        (status, text),
        "{path}"
    );
}

/// Checks that a path is answered with 500, and that the log has the reason.
#[track_caller]
fn check_failure(worker: &Worker, path: &str, reason: &str) {
    let said = worker.ask(path, b"");
    assert!(said.is_whole, "{path} is answered");
    assert_eq!(said.status(), "500 Internal Server Error", "{path}");
    assert!(worker.log().contains(reason), "{path}: {}", worker.log());
}

/// Checks that an answer breaks off behind `half`, without a word about its end.
#[track_caller]
fn check_broken(worker: &Worker, path: &str, half: &str, reason: &str) {
    let said = worker.ask(path, b"");
    assert_eq!(
        (said.is_whole, said.text().as_str()),
        (false, half),
        "{path}"
    );
    eventually("the reason is logged", || worker.log().contains(reason));
    check(worker, "/hello", "", "200 OK", "hello\n");
}

#[test]
fn nothing_that_the_validator_of_wsgi_checks_is_wrong() {
    if is_python_missing("the validator") {
        return;
    }
    let worker = Worker::start("probe:validated");
    check(&worker, "/hello", "", "200 OK", "hello\n");
    check(&worker, "/echo", "some content", "200 OK", "some content");
    check(&worker, "/by_write", "", "200 OK", "abc");
    check(&worker, "/replaces", "", "503 Not Now", "another page");
    check(&worker, "/known_length", "", "200 OK", "four");
    check(&worker, "/status?204+No+Content", "", "204 No Content", "");
    assert!(worker.ask("/file", b"").is_whole);
    let mut stream = worker.connect();
    let octets = [head(1, "HEAD", "/hello", 0), record(STDIN, 1, b"")].concat();
    stream.write_all(&octets).expect("it is connected");
    let said = Said::read(&mut stream, 1);
    assert_eq!((said.status(), said.text().as_str()), ("200 OK", ""));
    assert!(!worker.log().contains("Error"), "{}", worker.log());
}

#[test]
fn the_environ_has_native_strings_and_what_pep_3333_adds() {
    if is_python_missing("the environ") {
        return;
    }
    let worker = Worker::start("probe");
    let mut params = Vec::new();
    let long = "v".repeat(70_000);
    let names: [(&str, &[u8]); 5] = [
        ("PATH_INFO", b"/environ"),
        ("HTTP_X_UTF8", "é".as_bytes()),
        ("HTTP_LONG", long.as_bytes()),
        ("HTTPS", b"on"),
        ("REQUEST_METHOD", b"GET"),
    ];
    for (name, value) in names {
        pair(&mut params, name.as_bytes(), value);
    }
    let mut octets = record(BEGIN, 1, &KEEPING);
    // Cut where a length is, in the middle of its four octets.
    let (first, rest) = params.split_at(50);
    for piece in std::iter::once(first).chain(rest.chunks(60_000)) {
        octets.extend(record(PARAMS, 1, piece));
    }
    octets.extend(record(PARAMS, 1, b""));
    octets.extend(record(STDIN, 1, b""));
    let mut stream = worker.connect();
    stream.write_all(&octets).expect("it is connected");
    let said = Said::read(&mut stream, 1).text();
    for line in [
        "HTTP_X_UTF8='Ã©'",
        &format!("HTTP_LONG='{long}'"),
        "QUERY_STRING=''",
        "SCRIPT_NAME=''",
        "wsgi.url_scheme='https'",
        "wsgi.version=(1, 0)",
        "wsgi.multithread=False",
        "wsgi.multiprocess=True",
        "wsgi.run_once=False",
        "wsgi.input_terminated=True",
    ] {
        assert!(
            said.lines().any(|each| each == line),
            "{line} in {said:.2000}"
        );
    }
}

#[test]
fn content_can_be_read_in_every_way_and_has_an_end() {
    if is_python_missing("reading content") {
        return;
    }
    let worker = Worker::start("probe");
    let expected = "[b'one\\n', b'tw', b'o\\n', b'three', b'']";
    check(&worker, "/lines", "one\ntwo\nthree", "200 OK", expected);
    check(&worker, "/iterate", "a\nb", "200 OK", "[b'a\\n', b'b']");
    check(&worker, "/iterate", "", "200 OK", "[]");
    let content = noise(5 * 1024 * 1024);
    let said = worker.ask("/echo", &content);
    assert!(
        said.is_whole && said.content == content,
        "five megabytes both ways"
    );
}

#[test]
fn a_block_is_sent_before_the_next_one_is_asked_for() {
    if is_python_missing("unbuffered blocks") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = worker.connect();
    let mut reading = worker_side(&stream);
    let mut say = |octets: &[u8]| stream.write_all(octets).expect("it is connected");
    say(&head(1, "POST", "/step_by_step", 3));
    let mut received = String::new();
    for octet in [&b""[..], b"a", b"b", b"c"] {
        if !octet.is_empty() {
            say(&record(STDIN, 1, octet));
        }
        let (kind, _, content) = read_record(&mut reading).expect("a block comes at once");
        assert_eq!(kind, STDOUT);
        received.push_str(&String::from_utf8_lossy(&content));
    }
    say(&record(STDIN, 1, b""));
    assert!(received.ends_with("\r\n\r\nready\nabc"), "{received}");
    assert!(Said::read(&mut reading, 1).is_whole);
}

fn worker_side(stream: &std::os::unix::net::UnixStream) -> std::os::unix::net::UnixStream {
    stream.try_clone().expect("a descriptor")
}

#[test]
fn failures_before_the_first_octet_are_answered_500() {
    if is_python_missing("failures") {
        return;
    }
    let worker = Worker::start("probe");
    check_failure(&worker, "/fails_early", "ValueError: it failed early");
    check_failure(&worker, "/fails_in_empty", "before the first octet");
    check_failure(&worker, "/twice", "called twice");
    check_failure(&worker, "/never", "before it called start_response");
    check_failure(&worker, "/words", "expected a bytes-like object, str found");
    check_failure(&worker, "/no_such_path", "KeyError: 'no_such_path'");
    check_failure(&worker, "/longer", "more content than its Content-Length");
}

#[test]
fn failures_after_it_break_the_answer_off() {
    if is_python_missing("late failures") {
        return;
    }
    let worker = Worker::start("probe");
    check_broken(&worker, "/fails_late", "half", "it failed late");
    check_broken(&worker, "/replaces_late", "half", "too late to be replaced");
    check_broken(&worker, "/short", "four", "5 octets short");
    // Here the answer was complete before.
    check(&worker, "/long", "", "200 OK", "four");
    eventually("the reason is logged", || {
        worker
            .log()
            .contains("more content than its Content-Length")
    });
}

#[test]
fn heads_that_would_forge_an_answer_are_refused() {
    if is_python_missing("forged heads") {
        return;
    }
    let worker = Worker::start("probe");
    for (name, value) in [
        ("X", r"a\r\nSet-Cookie: b"),
        ("X", r"a\nb"),
        ("X", r"a\0b"),
        ("X", r"\u0100"),
        ("X Y", "a"),
        ("", "a"),
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("Status", "404"),
    ] {
        check_failure(&worker, &format!("/field?{name}={value}"), "ValueError");
    }
    let said = worker.ask("/field?X-Fine=a\tb", b"");
    assert!(said.head.contains("\r\nX-Fine: a\tb\r\n"), "{said:?}");
    for status in ["200", "OK", "99+Low", "200+a\r\nb", "100+Continue", ""] {
        check_failure(&worker, &format!("/status?{status}"), "is no status");
    }
}

#[test]
fn the_iterable_is_closed_once_however_it_ends() {
    if is_python_missing("closing") {
        return;
    }
    let worker = Worker::start("probe");
    for path in [
        "echo",
        "by_write",
        "fails_late",
        "fails_in_empty",
        "short",
        "known_length",
    ] {
        worker.ask(&format!("/{path}"), b"");
    }
    let mut stream = worker.connect();
    stream
        .write_all(&request(1, "/endless", b""))
        .expect("it is connected");
    stream.read_exact(&mut [0; 1000]).expect("it begins");
    drop(stream);
    check(&worker, "/hello", "", "200 OK", "hello\n");
    let log = worker.log();
    let mut closed: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with("closed "))
        .collect();
    closed.sort_unstable();
    let expected = "closed by_write,closed echo,closed endless,closed fails_in_empty,closed fails_late,\
                    closed known_length,closed short";
    assert_eq!(closed.join(","), expected);
}

#[test]
fn the_length_of_what_is_there_is_told() {
    if is_python_missing("lengths") {
        return;
    }
    let worker = Worker::start("probe");
    let says_length = |path: &str, expected: &str| {
        let said = worker.ask(path, b"");
        assert_eq!(
            said.head.contains("Content-Length: "),
            !expected.is_empty(),
            "{path}"
        );
        assert!(said.head.contains(expected), "{path}: {}", said.head);
    };
    says_length("/hello", "Content-Length: 6\r\n");
    says_length("/known_length", "Content-Length: 4\r\n");
    says_length("/by_write", "");
    says_length("/status?304+Not+Modified", "");
    let file = std::fs::read(driver::manifest("tests/wsgi/probe.py")).expect("it is there");
    assert_eq!(worker.ask("/file", b"").content, file);
    assert_eq!(worker.ask("/large", b"").content.len(), 400_000);
}

#[test]
fn what_is_printed_goes_to_the_log_and_nowhere_else() {
    if is_python_missing("printing") {
        return;
    }
    let worker = Worker::start("probe");
    check(&worker, "/noisy", "", "200 OK", "quiet");
    for line in ["printed", "written to descriptor 1", "said by a child"] {
        assert!(worker.log().contains(line), "{line}: {}", worker.log());
    }
}

#[test]
fn connections_are_kept_and_hold_nobody_up() {
    if is_python_missing("kept connections") {
        return;
    }
    let worker = Worker::start("probe");
    let mut streams: Vec<_> = (0..20).map(|_| worker.connect()).collect();
    for round in 0..3 {
        for stream in &mut streams {
            stream
                .write_all(&request(1, "/hello", b""))
                .expect("it is kept");
        }
        for stream in streams.iter_mut().rev() {
            assert!(Said::read(stream, 1).is_whole, "round {round}");
        }
    }
    // One that is not kept is closed by the worker.
    let mut octets = request(1, "/hello", b"");
    octets[10] = 0;
    let mut stream = worker.connect();
    stream.write_all(&octets).expect("it is connected");
    assert!(Said::read(&mut stream, 1).is_whole);
    assert_eq!(read_record(&mut stream), None);
}

#[test]
fn no_cut_of_a_request_changes_its_answer() {
    if is_python_missing("cuts") {
        return;
    }
    let worker = Worker::start("probe");
    let octets = request(1, "/echo", b"content");
    let start = head(1, "POST", "/echo", 7).len();
    let expected = worker.ask("/echo", b"content");
    let mut stream = worker.connect();
    for cut in 1..octets.len() {
        stream.write_all(&octets[..cut]).expect("it is kept");
        // Within the head, the worker has read the first part when it answers another connection;
        // behind it, the application waits for the rest.
        if cut < start {
            let mut other = worker.connect();
            other
                .write_all(&record(9, 0, b""))
                .expect("it is connected");
            assert!(read_record(&mut other).is_some_and(|(kind, ..)| kind == 10));
        }
        stream.write_all(&octets[cut..]).expect("it is kept");
        assert_eq!(Said::read(&mut stream, 1), expected, "cut at {cut}");
    }
}

#[test]
fn names_without_end_end_the_connection() {
    if is_python_missing("endless names") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = worker.connect();
    let mut writing = worker_side(&stream);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let begin = record(BEGIN, 1, &KEEPING);
            writing.write_all(&begin).expect("it is connected");
            let names = record(PARAMS, 1, &[0; 60_000]);
            // Far more than anybody takes.
            (0..200).all(|_| writing.write_all(&names).is_ok())
        });
        let mut answer = [0];
        assert!(!matches!(stream.read(&mut answer), Ok(1..)), "no answer");
    });
    check(&worker, "/hello", "", "200 OK", "hello\n");
}

#[test]
fn unread_content_is_dropped_and_the_connection_goes_on() {
    if is_python_missing("unread content") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = worker.connect();
    for _ in 0..2 {
        let mut writing = worker_side(&stream);
        let octets = request(1, "/hello", &noise(3 * 1024 * 1024));
        std::thread::scope(|scope| {
            scope.spawn(move || writing.write_all(&octets).expect("all is taken"));
            assert_eq!(Said::read(&mut stream, 1).text(), "hello\n");
        });
    }
}

#[test]
fn a_client_that_leaves_or_talks_nonsense_ends_nothing_but_its_connection() {
    if is_python_missing("leaving") {
        return;
    }
    let worker = Worker::start("probe");
    let leave = |octets: &[u8]| {
        worker.connect().write_all(octets).expect("it is connected");
        check(&worker, "/hello", "", "200 OK", "hello\n");
    };
    leave(b"");
    leave(&request(1, "/hello", b""));
    leave(&request(1, "/large", b""));
    leave(&head(1, "POST", "/echo", 9));
    leave(&[head(1, "POST", "/echo", 9), record(STDIN, 1, b"half")].concat());
    for nonsense in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        &record(1, 1, b"x"),
    ] {
        let mut stream = worker.connect();
        stream.write_all(nonsense).expect("it is connected");
        assert_eq!(read_record(&mut stream), None, "the connection is closed");
    }
    check(&worker, "/hello", "", "200 OK", "hello\n");
    let mut stream = worker.connect();
    stream
        .write_all(&record(1, 5, &[0, 3, 1, 0, 0, 0, 0, 0]))
        .expect("it is connected");
    let answer = read_record(&mut stream).expect("an answer");
    assert_eq!(
        answer,
        (END, 5, vec![0, 0, 0, 0, 3, 0, 0, 0]),
        "unknown role"
    );
}

#[test]
fn sigterm_lets_the_request_under_way_finish() {
    if is_python_missing("the end") {
        return;
    }
    let mut worker = Worker::start("probe");
    let mut stream = worker.connect();
    stream
        .write_all(&head(1, "POST", "/step_by_step", 1))
        .expect("it is connected");
    assert!(read_record(&mut stream).is_some(), "it is under way");
    worker.terminate();
    stream
        .write_all(&record(STDIN, 1, b"x"))
        .expect("it is still there");
    stream
        .write_all(&record(STDIN, 1, b""))
        .expect("it is still there");
    let said = Said::read(&mut stream, 1);
    assert!(said.is_whole, "{said:?}");
    let status = worker.ended();
    assert!(status.success(), "{status:?}");
}

#[test]
fn what_cannot_be_loaded_is_told_with_its_traceback_and_a_sentence() {
    if is_python_missing("loading") {
        return;
    }
    let folder = TempDir::new();
    folder.file("broken.py", "import no_such_module\n");
    for (callable, reason) in [
        ("broken:app", "No module named 'no_such_module'"),
        ("missing:app", "No module named 'missing'"),
        ("probe:missing", "has no attribute 'missing'"),
        ("probe:TEXT", "is not callable"),
    ] {
        let mut worker = Worker::start_in(folder.path(), callable);
        let status = worker.ended();
        assert!(!status.success(), "{status:?}");
        let sentence = format!("worker: the application {callable} could not be loaded");
        for part in [reason, &sentence] {
            assert!(worker.log().contains(part), "{callable}: {}", worker.log());
        }
    }
}

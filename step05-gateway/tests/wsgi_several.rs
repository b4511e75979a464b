//! Several requests on one connection to a Python worker, told apart by their numbers
//! (FastCGI 1.0, section 3.3).

mod common;
#[path = "wsgi/driver.rs"]
mod driver;

use common::{TempDir, eventually, is_python_missing};
use driver::{
    ABORT, BEGIN, END, KEEPING, PARAMS, STDIN, Said, Worker, head, pair, read_record, record,
    request,
};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

/// A connection on which all of this was said at once.
fn say(worker: &Worker, records: &[Vec<u8>]) -> UnixStream {
    let mut stream = worker.connect();
    tell(&mut stream, records);
    stream
}

fn tell(stream: &mut UnixStream, records: &[Vec<u8>]) {
    stream
        .write_all(&records.concat())
        .expect("it is connected");
}

/// Checks that these requests, and no other, are answered as a whole, with these texts.
#[track_caller]
fn check(stream: &mut UnixStream, expected: &[(u16, &str)]) {
    let numbers: Vec<u16> = expected.iter().map(|(number, _)| *number).collect();
    for (said, (number, text)) in Said::read_all(stream, &numbers).iter().zip(expected) {
        assert_eq!(
            (said.text().as_str(), said.is_whole),
            (*text, true),
            "{number}"
        );
    }
}

/// Checks that a connection has ended, and says nothing more.
#[track_caller]
fn check_closed(stream: &mut UnixStream) {
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert!(rest.is_empty(), "{}", rest.escape_ascii());
}

/// Checks that another connection is served as if nothing had happened.
#[track_caller]
fn check_alive(worker: &Worker) {
    assert_eq!(worker.ask("/hello", b"").text(), "hello\n");
}

/// The numbers of the next requests that end, and how.
fn endings(stream: &mut UnixStream, count: usize) -> Vec<(u16, u8)> {
    let records = std::iter::from_fn(|| read_record(stream));
    let ends = records.filter(|(kind, ..)| *kind == END);
    ends.map(|(_, number, content)| (number, content[4]))
        .take(count)
        .collect()
}

#[test]
fn requests_that_come_together_are_all_answered_in_order() {
    if is_python_missing("several requests") {
        return;
    }
    let worker = Worker::start("probe");
    let numbers = [900, 1, 65_535, 7, 300, 2, 8, 44, 43];
    let mut stream = say(
        &worker,
        &numbers.map(|number| request(number, "/hello", b"")),
    );
    let ended = endings(&mut stream, numbers.len());
    assert_eq!(ended, numbers.map(|number| (number, 0)));
    // And so are the same numbers once more.
    let records = numbers.map(|number| request(number, &format!("/page?{number}"), b""));
    tell(&mut stream, &records);
    for (said, number) in Said::read_all(&mut stream, &numbers).iter().zip(numbers) {
        assert_eq!(said.content.len(), usize::from(number));
    }
}

#[test]
fn records_of_several_requests_may_alternate() {
    if is_python_missing("alternating records") {
        return;
    }
    let worker = Worker::start("probe");
    let mut params = [Vec::new(), Vec::new()];
    for (params, path) in params.iter_mut().zip(["/page", "/echo"]) {
        pair(params, b"PATH_INFO", path.as_bytes());
        pair(params, b"QUERY_STRING", b"3");
        pair(params, b"REQUEST_METHOD", b"POST");
    }
    let (one, two) = (params[0].split_at(20), params[1].split_at(30));
    let records = [
        record(BEGIN, 1, &KEEPING),
        record(BEGIN, 2, &KEEPING),
        record(PARAMS, 2, two.0),
        record(PARAMS, 1, one.0),
        record(PARAMS, 2, two.1),
        record(STDIN, 2, b"con"),
        record(PARAMS, 1, one.1),
        record(PARAMS, 2, b""),
        record(PARAMS, 1, b""),
        record(STDIN, 1, b""),
        record(STDIN, 2, b"tent"),
        record(STDIN, 2, b""),
    ];
    for cut in 0..=records.len() {
        let mut stream = say(&worker, &records[..cut]);
        tell(&mut stream, &records[cut..]);
        assert_eq!(endings(&mut stream, 2), [(2, 0), (1, 0)], "cut at {cut}");
    }
    let mut stream = say(&worker, &records);
    check(&mut stream, &[(1, "xxx"), (2, "content")]);
}

#[test]
fn content_may_come_while_another_request_runs() {
    if is_python_missing("content for several") {
        return;
    }
    let worker = Worker::start("probe");
    let heads = [1, 2, 3].map(|number| head(number, "POST", "/echo", 3));
    let mut stream = say(&worker, &heads);
    // The first one runs, and waits for its content.
    let contents = [
        record(STDIN, 3, b"three"),
        record(STDIN, 2, b"t"),
        record(STDIN, 3, b""),
        record(STDIN, 1, b"o"),
        request(4, "/hello", b""),
        record(STDIN, 2, b"wo"),
        record(STDIN, 1, b"ne"),
    ];
    for content in contents {
        tell(&mut stream, &[content]);
    }
    tell(&mut stream, &[record(STDIN, 1, b""), record(STDIN, 2, b"")]);
    let expected = [(1, "one"), (2, "two"), (3, "three"), (4, "hello\n")];
    check(&mut stream, &expected);
}

#[test]
fn content_that_waits_is_bounded() {
    const MOST: usize = 1 << 20;
    if is_python_missing("much content") {
        return;
    }
    let worker = Worker::start("probe");
    let waiting = [head(1, "POST", "/echo", 1), head(2, "POST", "/echo", MOST)].concat();
    let full: Vec<u8> = vec![b'x'; MOST / 32];
    let full = record(STDIN, 2, &full).repeat(32);
    let end = [1, 2].map(|number| record(STDIN, number, b"")).concat();
    let mut stream = say(&worker, &[waiting.clone(), full.clone(), end.clone()]);
    let said = Said::read_all(&mut stream, &[1, 2]);
    assert!(said[0].is_whole && said[1].is_whole);
    assert_eq!(said[1].content.len(), MOST);
    let mut stream = say(&worker, &[waiting, full]);
    // It may be closed before all of this was said.
    let _ = stream.write_all(&[record(STDIN, 2, b"x"), end].concat());
    let said = Said::read_all(&mut stream, &[2]);
    assert!(!said[0].is_whole, "one octet too many");
    check_alive(&worker);
}

#[test]
fn what_is_complete_does_not_wait_for_what_may_take_long() {
    if is_python_missing("answers that leave") {
        return;
    }
    let worker = Worker::start("probe");
    let hellos = [1, 2].map(|number| request(number, "/hello", b""));
    let mut stream = say(&worker, &[hellos.concat(), head(3, "POST", "/echo", 5)]);
    check(&mut stream, &[(1, "hello\n"), (2, "hello\n")]);
    tell(
        &mut stream,
        &[record(STDIN, 3, b"three"), record(STDIN, 3, b"")],
    );
    check(&mut stream, &[(3, "three")]);
    // They took long, or are long, and who comes next takes longer than anybody waits.
    for before in [&["/slow?0.01"][..], &["/page?40000", "/page?40000"]] {
        let folder = TempDir::new();
        let until = format!("/until?{}", folder.path().join("file").display());
        let paths = before.iter().copied().chain([until.as_str()]);
        let records: Vec<_> = (1..)
            .zip(paths)
            .map(|(number, path)| request(number, path, b""))
            .collect();
        tell(&mut stream, &records);
        assert_eq!(
            endings(&mut stream, before.len()).len(),
            before.len(),
            "{before:?}"
        );
        folder.file("file", "");
        assert_eq!(endings(&mut stream, 1).len(), 1, "{before:?}");
    }
}

#[test]
fn a_stream_between_others_is_sent_as_it_comes() {
    if is_python_missing("a stream") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = say(
        &worker,
        &[
            request(1, "/hello", b""),
            head(2, "POST", "/step_by_step", 3),
            request(3, "/hello", b""),
        ],
    );
    check(&mut stream, &[(1, "hello\n")]);
    let mut received = Vec::new();
    for octet in ["", "a", "b", "c"] {
        if !octet.is_empty() {
            tell(&mut stream, &[record(STDIN, 2, octet.as_bytes())]);
        }
        let (_, number, block) = read_record(&mut stream).expect("a block comes at once");
        assert_eq!(number, 2);
        received.extend(block);
    }
    assert!(received.ends_with(b"\r\n\r\nready\nabc"));
    tell(&mut stream, &[record(STDIN, 2, b"")]);
    assert_eq!(endings(&mut stream, 2), [(2, 0), (3, 0)]);
}

#[test]
fn a_block_that_is_not_the_last_waits_for_nobody() {
    if is_python_missing("blocks between others") {
        return;
    }
    let worker = Worker::start("probe");
    for path in ["/block_until", "/write_until"] {
        let folder = TempDir::new();
        let path = format!("{path}?{}", folder.path().join("file").display());
        let records = [
            request(1, "/hello", b""),
            request(2, &path, b""),
            request(3, "/hello", b""),
        ];
        let mut stream = say(&worker, &records);
        check(&mut stream, &[(1, "hello\n")]);
        let (_, number, block) = read_record(&mut stream).expect("a block comes at once");
        assert!((number, block.ends_with(b"first ")) == (2, true));
        folder.file("file", "");
        assert_eq!(endings(&mut stream, 2), [(2, 0), (3, 0)]);
    }
}

#[test]
fn a_request_that_is_taken_back_is_not_run() {
    if is_python_missing("ABORT") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = say(
        &worker,
        &[
            request(1, "/called?first", b""),
            request(2, "/called?second", b""),
            head(3, "POST", "/called?third", 9),
            record(BEGIN, 4, &KEEPING),
            request(5, "/called?fifth", b""),
            record(ABORT, 3, b""),
            record(ABORT, 2, b""),
            record(ABORT, 4, b""),
            record(ABORT, 7, b""),
        ],
    );
    let mut ended = endings(&mut stream, 5);
    ended.sort_unstable();
    assert_eq!(ended, [1, 2, 3, 4, 5].map(|number| (number, 0)));
    // The numbers are free, and no record of before is left.
    tell(
        &mut stream,
        &[2, 3, 4].map(|number| request(number, "/hello", b"")),
    );
    check(
        &mut stream,
        &[(2, "hello\n"), (3, "hello\n"), (4, "hello\n")],
    );
    let log = worker.log();
    let called: Vec<_> = log.lines().collect();
    assert_eq!(called, ["called first", "called fifth"]);
}

#[test]
fn a_request_that_is_taken_back_while_it_runs_reads_no_further() {
    if is_python_missing("ABORT of what runs") {
        return;
    }
    let worker = Worker::start("probe");
    for (path, text) in [("/step_by_step", "ready\n"), ("/lines", "")] {
        let mut stream = say(&worker, &[head(1, "POST", path, 1)]);
        if !text.is_empty() {
            assert!(read_record(&mut stream).is_some(), "it runs");
        }
        let records = [record(ABORT, 1, b""), request(2, "/hello", b"")];
        tell(&mut stream, &records);
        assert_eq!(endings(&mut stream, 2), [(1, 0), (2, 0)], "{path}");
        tell(&mut stream, &[request(1, "/hello", b"")]);
        check(&mut stream, &[(1, "hello\n")]);
    }
    assert!(worker.log().contains("OSError"), "{}", worker.log());
}

#[test]
fn more_requests_than_a_connection_takes_are_refused() {
    const MOST: u16 = 64;
    if is_python_missing("many requests") {
        return;
    }
    let worker = Worker::start("probe");
    let begun: Vec<_> = (1..=MOST)
        .map(|number| head(number, "GET", "/hello", 0))
        .collect();
    let ends: Vec<_> = (1..=MOST)
        .map(|number| record(STDIN, number, b""))
        .collect();
    let beyond = request(MOST + 1, "/hello", b"");
    let mut stream = say(&worker, &[begun.concat(), beyond.clone(), ends.concat()]);
    let mut ended = endings(&mut stream, usize::from(MOST) + 1);
    ended.sort_unstable();
    let mut expected: Vec<_> = (1..=MOST).map(|number| (number, 0)).collect();
    expected.push((MOST + 1, 2));
    assert_eq!(ended, expected);
    tell(&mut stream, &[beyond]);
    check(&mut stream, &[(MOST + 1, "hello\n")]);
}

#[test]
fn a_page_that_breaks_off_takes_no_other_with_it() {
    if is_python_missing("a broken page") {
        return;
    }
    let worker = Worker::start("probe");
    let paths = [
        "/hello",
        "/fails_early",
        "/fails_late",
        "/by_write",
        "/hello",
    ];
    let numbers = [1, 2, 3, 4, 5];
    let asked = numbers.iter().zip(paths);
    let records: Vec<_> = asked
        .map(|(number, path)| request(*number, path, b""))
        .collect();
    let mut stream = say(&worker, &records);
    let said = Said::read_all(&mut stream, &numbers);
    let whole: Vec<_> = said.iter().map(|said| said.is_whole).collect();
    assert_eq!(whole, [true, true, false, true, true]);
    assert_eq!(said[1].status(), "500 Internal Server Error");
    let texts = [&said[2], &said[3], &said[4]].map(Said::text);
    assert_eq!(texts, ["half", "abc", "hello\n"]);
    check_closed(&mut stream);
    check_alive(&worker);
}

#[test]
fn nothing_that_comes_behind_the_end_is_run() {
    if is_python_missing("requests behind the end") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = say(&worker, &[request(1, "/fails_late", b"")]);
    assert!(!Said::read(&mut stream, 1).is_whole);
    tell(&mut stream, &[request(2, "/called?late", b"")]);
    check_alive(&worker);
    assert!(!worker.log().contains("called late"), "{}", worker.log());
}

#[test]
fn whoever_has_left_is_not_answered() {
    if is_python_missing("leaving with others") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = say(
        &worker,
        &[
            request(1, "/endless", b""),
            request(2, "/called?in_vain", b""),
        ],
    );
    assert!(read_record(&mut stream).is_some(), "it begins");
    drop(stream);
    check_alive(&worker);
    assert!(worker.log().contains("closed endless"));
    assert!(!worker.log().contains("called in_vain"));
}

#[test]
fn what_was_understood_before_nonsense_is_answered() {
    if is_python_missing("nonsense") {
        return;
    }
    let worker = Worker::start("probe");
    let second = head(2, "POST", "/echo", 1);
    for nonsense in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        [second.clone(), record(BEGIN, 2, &KEEPING)].concat(),
        record(BEGIN, 3, b"short"),
    ] {
        let mut stream = say(&worker, &[request(1, "/hello", b""), nonsense]);
        check(&mut stream, &[(1, "hello\n")]);
        // Whoever would have had more to say is answered with 500.
        Said::read(&mut stream, 2);
        check_closed(&mut stream);
        check_alive(&worker);
    }
}

#[test]
fn names_that_cannot_be_decoded_cost_their_request() {
    if is_python_missing("broken names") {
        return;
    }
    let worker = Worker::start("probe");
    let mut hello = Vec::new();
    pair(&mut hello, b"PATH_INFO", b"/hello");
    for tail in [
        &b"\x01"[..],
        b"\x80",
        b"\x01\x02Ab",
        b"\x00\xff\xff",
        b"\xff\xff\xff\xff\x00",
    ] {
        let names = &[&hello, tail].concat();
        let broken = [
            record(BEGIN, 1, &KEEPING),
            record(PARAMS, 1, names),
            record(PARAMS, 1, b""),
            record(STDIN, 1, b""),
        ];
        let mut stream = say(&worker, &[broken.concat(), request(2, "/hello", b"")]);
        let said = Said::read_all(&mut stream, &[1, 2]);
        assert_eq!(said[0].status(), "500 Internal Server Error", "{tail:?}");
        assert_eq!(said[1].text(), "hello\n");
    }
}

/// Checks that exactly these names arrive, beside those that are always there.
#[track_caller]
fn check_names(stream: &mut UnixStream, names: &[(&str, &str)]) {
    let mut params = Vec::new();
    for (name, value) in names {
        pair(&mut params, name.as_bytes(), value.as_bytes());
    }
    let ends = [record(PARAMS, 1, b""), record(STDIN, 1, b"")].concat();
    tell(
        stream,
        &[record(BEGIN, 1, &KEEPING), record(PARAMS, 1, &params), ends],
    );
    let said = Said::read(stream, 1).text();
    let lines = said.lines().filter(|line| !line.starts_with("wsgi."));
    let mut expected: Vec<_> = names
        .iter()
        .map(|(name, value)| format!("{name}='{value}'"))
        .collect();
    for name in ["QUERY_STRING", "SCRIPT_NAME"] {
        if names.iter().all(|(each, _)| *each != name) {
            expected.push(format!("{name}=''"));
        }
    }
    expected.sort();
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn names_are_those_of_their_own_request() {
    if is_python_missing("names that differ") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = worker.connect();
    let long = "v".repeat(300);
    let path = ("PATH_INFO", "/environ");
    for names in [
        &[path, ("A", "1"), ("B", "2"), ("LONG", &long), ("C", "3")][..],
        // The same, more, less, and others that begin like it or in its middle.
        &[path, ("A", "1"), ("B", "2"), ("LONG", &long), ("C", "3")],
        &[
            path,
            ("A", "1"),
            ("B", "2"),
            ("LONG", &long),
            ("C", "3"),
            ("D", "4"),
        ],
        &[path, ("A", "1"), ("B", "2"), ("LONG", &long), ("C", "33")],
        &[path, ("A", "1"), ("B", "2"), ("LONG", &long[1..])],
        &[path, ("A", "1"), ("B", "22")],
        &[path, ("A", "1")],
        &[path, ("QUERY_STRING", "1")],
        &[path],
        &[("B", "2"), path, ("A", "1")],
        &[path, ("A", "1"), ("B", "2")],
    ] {
        check_names(&mut stream, names);
    }
}

#[test]
fn a_head_that_ends_twice_is_one_request() {
    if is_python_missing("two ends") {
        return;
    }
    let worker = Worker::start("probe");
    let again = record(PARAMS, 1, b"");
    let mut stream = say(
        &worker,
        &[
            head(1, "GET", "/called?once", 0),
            again.clone(),
            record(STDIN, 1, b""),
            again,
            request(2, "/hello", b""),
        ],
    );
    assert_eq!(endings(&mut stream, 2), [(1, 0), (2, 0)]);
    assert_eq!(worker.log(), "called once\n");
}

#[test]
fn reading_behind_the_answer_holds_nobody_up() {
    if is_python_missing("late reading") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = say(&worker, &[head(1, "POST", "/reads_late", 9)]);
    check(&mut stream, &[(1, "four")]);
    tell(&mut stream, &[request(1, "/hello", b"")]);
    check(&mut stream, &[(1, "hello\n")]);
}

#[test]
fn a_connection_that_is_not_kept_ends_behind_all_its_answers() {
    if is_python_missing("an end by request") {
        return;
    }
    let worker = Worker::start("probe");
    let mut last = request(2, "/hello", b"");
    last[10] = 0;
    let third = request(3, "/echo", b"three");
    let (begin, rest) = third.split_at(16);
    let records = [request(1, "/hello", b""), last, begin.to_vec()];
    let mut stream = say(&worker, &records);
    check(&mut stream, &[(1, "hello\n"), (2, "hello\n")]);
    check_alive(&worker);
    tell(&mut stream, &[rest.to_vec(), request(4, "/hello", b"")]);
    check(&mut stream, &[(3, "three"), (4, "hello\n")]);
    check_closed(&mut stream);
}

#[test]
fn sigterm_lets_all_that_has_arrived_finish() {
    /// What the worker reads at once.
    const READ: usize = 65_536;
    if is_python_missing("the end of several") {
        return;
    }
    let folder = TempDir::new();
    let until = format!("/until?{}", folder.path().join("file").display());
    let mut worker = Worker::start("probe");
    let mut stream = say(&worker, &[request(1, &until, b"")]);
    eventually("the first one runs", || worker.log().contains("waiting"));
    // Two of which each is read at once, and whole, and one behind them.
    let around = request(1, "/hello", &[b'x'; 60_001]).len() - 60_001;
    let content = vec![b'x'; READ - around];
    let records = [2, 3].map(|number| request(number, "/hello", &content));
    assert_eq!(records.each_ref().map(Vec::len), [READ, READ]);
    tell(&mut stream, &[records.concat(), request(4, "/hello", b"")]);
    worker.terminate();
    folder.file("file", "");
    check(&mut stream, &[1, 2, 3, 4].map(|number| (number, "hello\n")));
    check_closed(&mut stream);
    let status = worker.ended();
    assert!(status.success(), "{status:?}");
}

#[test]
fn it_says_that_it_takes_several_at_once() {
    if is_python_missing("the question") {
        return;
    }
    let worker = Worker::start("probe");
    let mut stream = say(&worker, &[record(9, 0, b"\x0f\x00FCGI_MPXS_CONNS")]);
    let answer = read_record(&mut stream).expect("an answer");
    assert_eq!(answer, (10, 0, b"\x0f\x01FCGI_MPXS_CONNS1".to_vec()));
}

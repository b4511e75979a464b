//! Whatever a peer sends, and however long, the memory it takes has a bound.

use http_parse::{Connection, Fault, Limits, Next, Reject, ResponseHead, Status};

/// The window of a body, which is also more than the largest head within the default limits, and
/// what one head may bring to the next.
const BOUND: usize = (64 + 8) * 1024;

/// Much more than the bound, so that whatever keeps what it gets is found out.
const ENDLESS: usize = 20 * BOUND;

/// Sends `start`, then `more` over and over, to a server that takes all content at once. Returns
/// the fault that ends it, if one does, and how many octets had been sent by then.
fn send(start: &str, more: &str) -> (Option<Fault>, usize) {
    let mut connection = Connection::new(&Limits::default());
    let mut octets = start.bytes().chain(more.bytes().cycle()).take(ENDLESS);
    let mut sent = 0;
    loop {
        match connection.next() {
            Ok(Next::Head(_)) => {}
            Ok(Next::Body) => connection.consume(connection.body().len()),
            Ok(Next::NeedBytes) => {
                let n = fill(&mut connection, &mut octets);
                if n == 0 {
                    return (None, sent);
                }
                sent += n;
            }
            Ok(other) => panic!("{start:?} came to {other:?}"),
            Err(reject) => return (Some(reject.fault), sent),
        }
    }
}

/// One read, of as much as there is space for; at the end of input it tells nothing.
fn fill(connection: &mut Connection, octets: &mut impl Iterator<Item = u8>) -> usize {
    assert!(connection.wants_bytes(), "what needs bytes wants them");
    assert!(!connection.space().is_empty(), "what wants bytes has space");
    let mut n = 0;
    for (place, octet) in connection.space().iter_mut().zip(octets) {
        *place = octet;
        n += 1;
    }
    if n > 0 {
        connection.received(n);
    }
    assert!(
        connection.memory() <= BOUND,
        "{} octets held",
        connection.memory()
    );
    n
}

#[track_caller]
fn check_refused(start: &str, more: &str, fault: Fault) {
    let (found, sent) = send(start, more);
    assert_eq!(found, Some(fault), "{start:?} and endlessly {more:?}");
    assert!(
        sent <= BOUND,
        "{start:?} and endlessly {more:?} went on for {sent} octets"
    );
}

#[test]
fn endless_heads_are_refused() {
    check_refused("", "\r\n", Fault::TooManyEmptyLines);
    check_refused("", "A", Fault::MethodTooLong);
    check_refused("GET ", "/", Fault::TargetTooLong);
    check_refused("GET / HTTP/1.1\r\n", "A", Fault::FieldLineTooLong);
    check_refused("GET / HTTP/1.1\r\nA:", " ", Fault::FieldLineTooLong);
    check_refused("GET / HTTP/1.1\r\n", "A:\r\n", Fault::TooManyFields);
    let line = format!("A: {}\r\n", "b".repeat(1_000));
    check_refused("GET / HTTP/1.1\r\n", &line, Fault::SectionTooLong);
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn endless_framing_is_refused() {
    check_refused(CHUNKED, "0", Fault::ChunkSizeTooLarge);
    check_refused(&format!("{CHUNKED}1;"), "a", Fault::ChunkLineTooLong);
    let line = format!("1;{}\r\n!\r\n", "a".repeat(200));
    check_refused(CHUNKED, &line, Fault::ChunkExtensionsTooLong);
    check_refused(&format!("{CHUNKED}0\r\n"), "A: b\r\n", Fault::TooManyFields);
    let line = format!("A: {}\r\n", "b".repeat(1_000));
    check_refused(&format!("{CHUNKED}0\r\n"), &line, Fault::SectionTooLong);
    check_refused(&format!("{CHUNKED}0\r\n"), "A", Fault::SectionTooLong);
}

#[test]
fn endless_bodies_pass_through_a_window() {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        u64::MAX
    );
    assert_eq!(send(&head, "content"), (None, ENDLESS));
    assert_eq!(send(CHUNKED, "5\r\nhello\r\n"), (None, ENDLESS));
    let large = format!("fffff\r\n{}\r\n", "x".repeat(0xfffff));
    assert_eq!(send(CHUNKED, &large), (None, ENDLESS));
}

#[test]
fn a_body_that_nobody_takes_stops_the_reading() {
    let mut connection = Connection::new(&Limits::default());
    let mut octets = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
        .bytes()
        .chain(std::iter::repeat(b'x'));
    let mut sent = 0;
    while connection.wants_bytes() {
        sent += fill(&mut connection, &mut octets);
        connection.next().unwrap();
    }
    assert!(sent <= BOUND + 100, "{sent} octets were read for nobody");
    connection.consume(connection.body().len());
    assert!(connection.wants_bytes());
}

/// Heads may be far larger than the window of a body.
const GENEROUS: Limits = Limits {
    section: 300 * 1024,
    empty_lines: 2_000,
    trailers: 8 * 1024,
    method: 32,
    target: 8_000,
    field_line: 8 * 1024,
    fields: 100,
    chunk_line: 256,
    chunk_extensions: 16 * 1024,
};

/// The largest start of a request, with so many octets of field lines.
fn large_head(section_len: usize) -> String {
    // So many octets of one field line, with its end.
    let line = |name: &str, len: usize| format!("{name}: {}\r\n", "v".repeat(len - name.len() - 4));
    let longest = GENEROUS.field_line + 2;
    let host = line("Host", section_len % longest);
    let section = host + &line("Fill", longest).repeat(section_len / longest);
    assert_eq!(section.len(), section_len);
    let empty = "\r\n".repeat(GENEROUS.empty_lines);
    let method = "M".repeat(GENEROUS.method);
    let target = format!("/{}", "t".repeat(GENEROUS.target - 1));
    format!("{empty}{method} {target} HTTP/1.1\r\n{section}")
}

/// Goes on, in reads of `size`, until something else than more bytes is called for.
fn feed(connection: &mut Connection, input: &str, size: usize) -> Result<Next, Reject> {
    let mut rest = input.as_bytes();
    loop {
        match connection.next() {
            Ok(Next::NeedBytes) if !rest.is_empty() => {
                assert!(connection.wants_bytes(), "what needs bytes wants them");
                let space = connection.space();
                let n = space.len().min(size).min(rest.len());
                space[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                connection.received(n);
            }
            outcome => return outcome,
        }
    }
}

#[test]
fn the_largest_head_within_the_limits_is_read() {
    let head = large_head(GENEROUS.section) + "\r\n";
    for size in [1_000, 5_000, usize::MAX] {
        let outcome = feed(&mut Connection::new(&GENEROUS), &head, size);
        assert!(
            matches!(outcome, Ok(Next::Head(_))),
            "{outcome:?} in reads of {size}"
        );
    }
}

#[test]
fn what_goes_a_little_beyond_its_limits_is_refused_and_not_waited_for() {
    let endless = "A".repeat(4_000);
    for size in [10, 1_000] {
        let head = large_head(GENEROUS.section - 500) + &endless;
        let outcome = feed(&mut Connection::new(&GENEROUS), &head, size);
        assert_eq!(
            outcome.map_err(|reject| reject.fault),
            Err(Fault::SectionTooLong)
        );

        let limits = Limits {
            trailers: 300 * 1024,
            ..Limits::default()
        };
        let line = format!("A: {}\r\n", "b".repeat(8_000));
        let trailers = line.repeat(limits.trailers / line.len()) + &endless.repeat(3);
        let mut connection = Connection::new(&limits);
        let outcome = feed(&mut connection, CHUNKED, size);
        assert!(matches!(outcome, Ok(Next::Head(_))), "{outcome:?}");
        let outcome = feed(&mut connection, &format!("0\r\n{trailers}"), size);
        assert_eq!(
            outcome.map_err(|reject| reject.fault),
            Err(Fault::SectionTooLong)
        );
    }
}

/// How much a read can bring after this head.
#[track_caller]
fn check_space(head: &str, expected: usize) {
    let mut connection = Connection::new(&Limits::default());
    fill(&mut connection, &mut head.bytes());
    assert!(matches!(connection.next(), Ok(Next::Head(_))));
    assert_eq!(connection.space().len(), expected, "{head:?}");
}

#[test]
fn only_a_long_body_takes_the_whole_window_at_once() {
    let with = |field: &str| format!("POST / HTTP/1.1\r\nHost: x\r\n{field}\r\n\r\n");
    let (little, window) = (4 * 1024, 64 * 1024);
    check_space(&with("Content-Length: 65536"), little);
    check_space(&with("Content-Length: 65537"), window);
    check_space(&with("Transfer-Encoding: chunked"), little);
    check_space("GET / HTTP/1.1\r\nHost: x\r\n\r\n", little);
}

#[test]
fn an_idle_connection_holds_no_memory() {
    let mut connection = Connection::new(&Limits::default());
    assert_eq!(connection.memory(), 0);
    let mut octets = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".bytes();
    fill(&mut connection, &mut octets);
    assert!(matches!(connection.next(), Ok(Next::Head(_))));
    assert!(matches!(connection.next(), Ok(Next::End(_))));
    connection.start(&ResponseHead::new(Status::OK), &mut Vec::new());
    connection.finish(&mut Vec::new()).unwrap();
    assert!(connection.next_request());
    assert_eq!(connection.next(), Ok(Next::NeedBytes));
    assert!(connection.is_fresh());
    assert!(connection.memory() > 0, "the next request may come at once");
    connection.release();
    assert_eq!(connection.memory(), 0);

    connection.space();
    assert!(
        connection.memory() > 0,
        "a read needs space, even one that finds nothing"
    );
    connection.release();
    assert_eq!(connection.memory(), 0);
    fill(&mut connection, &mut "\r".bytes());
    assert!(!connection.is_fresh(), "half of an empty line is something");
}

#[test]
fn input_that_waits_is_not_handed_back() {
    let mut connection = Connection::new(&Limits::default());
    fill(&mut connection, &mut "GET / HTTP/1.1\r\nHo".bytes());
    assert_eq!(connection.next(), Ok(Next::NeedBytes));
    connection.release();
    fill(&mut connection, &mut "st: x\r\n\r\n".bytes());
    assert!(matches!(connection.next(), Ok(Next::Head(_))));
}

/// A request with its answer, from the first octet to the readiness for the next; returns where
/// its head is in memory.
fn exchange(connection: &mut Connection, request: &[u8], out: &mut Vec<u8>) -> (usize, usize) {
    connection.space()[..request.len()].copy_from_slice(request);
    connection.received(request.len());
    let Ok(Next::Head(head)) = connection.next() else {
        panic!("the head is whole");
    };
    let places = (
        head.target.raw().as_ptr().addr(),
        head.fields.wire().as_ptr().addr(),
    );
    connection.recycle(head);
    assert!(matches!(connection.next(), Ok(Next::End(_))));
    connection.start(&ResponseHead::new(Status::NO_CONTENT), out);
    connection.finish(out).expect("nothing was promised");
    assert!(connection.next_request());
    places
}

#[test]
fn a_busy_connection_reads_every_request_in_the_memory_of_the_first() {
    let request = b"GET /a?b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
    let mut connection = Connection::new(&Limits::default());
    let mut out = Vec::new();
    let first = exchange(&mut connection, request, &mut out);
    let memory = connection.memory();
    for _ in 0..100 {
        assert_eq!(exchange(&mut connection, request, &mut out), first);
        assert_eq!(connection.memory(), memory);
    }
    assert_eq!(connection.next(), Ok(Next::NeedBytes));
    assert_eq!(connection.memory(), memory, "the next request may come");
    connection.release();
    assert_eq!(connection.memory(), 0, "one that waits holds none");
}

#[test]
fn a_renewed_connection_knows_nothing_of_the_peer_before() {
    let mut connection = Connection::new(&Limits::default());
    fill(
        &mut connection,
        &mut "POST / HTTP/1.0\r\nContent-Length: 9\r\n\r\nabc".bytes(),
    );
    assert!(matches!(connection.next(), Ok(Next::Head(_))));
    let memory = connection.memory();
    connection.renew(memory);
    assert!(connection.is_fresh() && connection.memory() > 0);
    assert!(!connection.closes_after_response());
    let request = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    exchange(&mut connection, request, &mut Vec::new());
    connection.renew(connection.memory() - 1);
    assert_eq!(connection.memory(), 0, "no more is kept than is wanted");
}

#[test]
fn the_memory_of_a_large_head_is_not_kept() {
    let line = format!("A: {}\r\n", "b".repeat(1_000));
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", line.repeat(20));
    let mut connection = Connection::new(&Limits::default());
    let Ok(Next::Head(head)) = feed(&mut connection, &head, usize::MAX) else {
        panic!("the head is whole");
    };
    let before = connection.memory();
    connection.recycle(head);
    assert_eq!(connection.memory(), before);
}

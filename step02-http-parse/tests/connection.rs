//! What one connection hears, says and decides, scene by scene.

use http_parse::{
    Connection, Encoder, Fault, Framing, LengthMismatch, Limits, Next, ResponseHead, Status,
};

fn connection(input: &str) -> Connection {
    let mut connection = Connection::new(&Limits::default());
    if !input.is_empty() {
        feed(&mut connection, input);
    }
    connection
}

fn feed(connection: &mut Connection, input: &str) {
    assert!(connection.wants_bytes());
    connection.space()[..input.len()].copy_from_slice(input.as_bytes());
    connection.received(input.len());
}

/// Takes the head, and returns its path.
#[track_caller]
fn head(connection: &mut Connection) -> String {
    match connection.next() {
        Ok(Next::Head(head)) => head.target.path().escape_ascii().to_string(),
        other => panic!("not a head: {other:?}"),
    }
}

/// Takes content and the end of the request, and returns the content.
#[track_caller]
fn body(connection: &mut Connection) -> String {
    let mut content = String::new();
    loop {
        match connection.next() {
            Ok(Next::Body) => {
                content += &connection.body().escape_ascii().to_string();
                connection.consume(connection.body().len());
            }
            Ok(Next::End(_)) => return content,
            other => panic!("neither body nor end: {other:?}"),
        }
    }
}

#[track_caller]
fn refused(connection: &mut Connection) -> (Fault, u16, usize) {
    loop {
        match connection.next() {
            Ok(Next::Head(_)) => {}
            Ok(Next::Body) => connection.consume(connection.body().len()),
            Ok(other) => panic!("not refused: {other:?}"),
            Err(reject) => return (reject.fault, reject.status.code(), reject.at),
        }
    }
}

/// Answers with a status, fields and content; returns everything that goes to the client.
fn answer(
    connection: &mut Connection,
    code: u16,
    fields: &[(&'static str, &str)],
    content: &str,
) -> String {
    let mut head = ResponseHead::new(Status::new(code).expect("a status code"));
    for (name, value) in fields {
        head.fields.push(name, value);
    }
    let mut out = Vec::new();
    connection.start(&head, &mut out);
    connection
        .send(content.as_bytes(), &mut out)
        .expect("content within the promise");
    connection.finish(&mut out).expect("all of the promise");
    String::from_utf8(out).expect("the scenes write text")
}

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// ----- one request after another

#[test]
fn pipelined_requests_are_told_one_by_one() {
    let mut connection = connection(
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    for (path, content) in [("/1", ""), ("/2", "hi"), ("/3", "")] {
        assert_eq!(head(&mut connection), path);
        assert_eq!(body(&mut connection), content);
        assert_eq!(connection.next(), Ok(Next::Paused));
        assert!(
            !connection.wants_bytes(),
            "an unanswered request stops the reading"
        );
        answer(&mut connection, 200, &[], "");
        assert!(connection.next_request());
    }
    assert_eq!(connection.next(), Ok(Next::NeedBytes));
}

#[test]
fn a_request_in_pieces_is_told_with_the_last_of_them() {
    for cut in 1..GET.len() {
        let mut connection = connection(&GET[..cut]);
        assert_eq!(connection.next(), Ok(Next::NeedBytes), "cut at {cut}");
        feed(&mut connection, &GET[cut..]);
        assert_eq!(head(&mut connection), "/", "cut at {cut}");
    }
    let mut by_octets = connection("");
    for at in 0..GET.len() {
        assert_eq!(by_octets.next(), Ok(Next::NeedBytes));
        feed(&mut by_octets, &GET[at..=at]);
    }
    assert_eq!(head(&mut by_octets), "/");
}

#[test]
fn a_request_without_body_ends_at_once() {
    let mut connection = connection(GET);
    head(&mut connection);
    assert!(!connection.is_receiving());
    assert!(matches!(connection.next(), Ok(Next::End(trailers)) if trailers.is_empty()));
    assert_eq!(connection.next(), Ok(Next::Paused));
}

#[test]
fn a_connection_is_idle_between_requests_only() {
    let mut connection = connection("");
    assert!(connection.is_idle());
    feed(&mut connection, "\r\n");
    assert!(connection.is_idle(), "an empty line is no request");
    feed(&mut connection, &GET[..1]);
    assert!(!connection.is_idle());
    feed(&mut connection, &GET[1..]);
    head(&mut connection);
    assert!(!connection.is_idle());
    body(&mut connection);
    answer(&mut connection, 200, &[], "");
    assert!(!connection.is_idle());
    assert!(connection.next_request());
    assert!(connection.is_idle());
}

#[test]
fn an_unread_body_ends_the_connection() {
    let mut connection = connection("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
    head(&mut connection);
    assert!(connection.is_receiving());
    answer(&mut connection, 200, &[], "");
    assert!(!connection.next_request());
    feed(&mut connection, "llo");
    assert_eq!(body(&mut connection), "hello");
    assert!(connection.next_request(), "it has been read after all");
}

#[test]
fn an_unanswered_request_cannot_be_left() {
    let mut connection = connection(GET);
    head(&mut connection);
    body(&mut connection);
    assert!(!connection.next_request());
    connection.start(&ResponseHead::new(Status::OK), &mut Vec::new());
    assert!(!connection.next_request());
}

// ----- the end of input

#[test]
fn the_end_of_input_between_requests_closes() {
    for before in ["", "\r\n", "\r\n\r\n", "\r"] {
        let mut connection = connection(before);
        connection.received(0);
        assert_eq!(connection.next(), Ok(Next::Closed), "{before:?}");
        assert!(!connection.wants_bytes());
    }
}

#[test]
fn the_end_of_input_inside_a_request_is_refused() {
    for end in 1..GET.len() {
        let mut connection = connection(&GET[..end]);
        connection.received(0);
        assert_eq!(refused(&mut connection), (Fault::HeadCutOff, 400, end));
    }
    let mut connection = connection("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell");
    connection.received(0);
    assert_eq!(refused(&mut connection), (Fault::BodyCutOff, 400, 51));
}

#[test]
fn requests_sent_before_the_end_of_input_are_answered() {
    let mut connection = connection(&GET.repeat(2));
    connection.received(0);
    for _ in 0..2 {
        head(&mut connection);
        body(&mut connection);
        answer(&mut connection, 200, &[], "");
        assert!(connection.next_request());
    }
    assert_eq!(connection.next(), Ok(Next::Closed));
}

// ----- whether the connection lives on

#[track_caller]
fn check_persistence(request: &str, connection_field: &str, kept: bool) {
    let mut connection = connection(request);
    head(&mut connection);
    body(&mut connection);
    let out = answer(&mut connection, 200, &[("Content-Length", "0")], "");
    let expected = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{connection_field}\r\n");
    assert_eq!(out, expected, "{request:?}");
    assert_eq!(connection.next_request(), kept, "{request:?}");
}

#[test]
fn http_1_1_persists_unless_told_otherwise() {
    check_persistence(GET, "", true);
    let get = |field: &str| format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: {field}\r\n\r\n");
    check_persistence(&get("close"), "Connection: close\r\n", false);
    check_persistence(&get("x, Close"), "Connection: close\r\n", false);
    check_persistence(&get("keep-alive"), "", true);
    check_persistence(&get("closed"), "", true);
}

#[test]
fn http_1_0_persists_only_when_told() {
    check_persistence("GET / HTTP/1.0\r\n\r\n", "Connection: close\r\n", false);
    let get = |field: &str| format!("GET / HTTP/1.0\r\nConnection: {field}\r\n\r\n");
    check_persistence(&get("Keep-Alive"), "Connection: keep-alive\r\n", true);
    check_persistence(&get("keep-alive, close"), "Connection: close\r\n", false);
}

#[test]
fn the_server_may_end_the_connection() {
    let mut by_order = connection(GET);
    head(&mut by_order);
    body(&mut by_order);
    by_order.close_after_response();
    let out = answer(&mut by_order, 204, &[], "");
    assert_eq!(out, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    assert!(!by_order.next_request());

    let mut by_field = connection(GET);
    head(&mut by_field);
    body(&mut by_field);
    let out = answer(&mut by_field, 204, &[("Connection", "Close")], "");
    assert_eq!(out, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    assert!(!by_field.next_request());
}

#[test]
fn a_connection_tells_that_it_will_close() {
    let mut kept = connection(GET);
    assert!(!kept.closes_after_response());
    head(&mut kept);
    assert!(!kept.closes_after_response());
    kept.close_after_response();
    assert!(kept.closes_after_response());

    let mut asked = connection("GET / HTTP/1.0\r\n\r\n");
    head(&mut asked);
    assert!(asked.closes_after_response());
}

/// Answers a request and looks whether the client may still have something to say.
#[track_caller]
fn check_heard(request: &str, ended: bool, heard: bool) {
    let mut connection = connection(request);
    if ended {
        connection.received(0);
    }
    head(&mut connection);
    // What is there of a body is read, whether it is whole or not.
    while let Ok(Next::Body) = connection.next() {
        connection.consume(connection.body().len());
    }
    answer(&mut connection, 200, &[("Content-Length", "0")], "");
    assert_eq!(connection.is_all_heard(), heard, "{request:?}");
}

#[test]
fn a_client_is_heard_out_once_it_has_said_that_it_says_no_more() {
    let close = "Host: x\r\nConnection: close\r\n";
    check_heard(&format!("GET / HTTP/1.1\r\n{close}\r\n"), false, true);
    check_heard("GET / HTTP/1.0\r\n\r\n", false, true);
    check_heard(GET, false, false);
    check_heard(GET, true, true);
    check_heard(&format!("GET / HTTP/1.1\r\n{close}\r\nmore"), false, false);
    let post = format!("POST / HTTP/1.1\r\n{close}Content-Length: 3\r\n\r\n");
    check_heard(&format!("{post}ab"), false, false);
    check_heard(&format!("{post}abc"), false, true);
    check_heard(&format!("{post}abc\r\n"), false, false);
}

#[test]
fn who_has_to_close_has_not_heard_the_client_out() {
    let mut closing = connection(GET);
    head(&mut closing);
    body(&mut closing);
    closing.close_after_response();
    answer(&mut closing, 204, &[], "");
    assert!(!closing.is_all_heard());

    let mut refused = connection("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(refused.next().is_err());
    answer(&mut refused, 400, &[("Content-Length", "0")], "");
    assert!(!refused.is_all_heard());
}

// ----- refusals

#[test]
fn a_refusal_is_answered_and_ends_the_connection() {
    let mut connection = connection("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(refused(&mut connection), (Fault::HostMissing, 400, 16));
    assert!(!connection.wants_bytes());
    assert!(!connection.is_idle());
    let out = answer(&mut connection, 400, &[("Content-Length", "2")], "no");
    let expected = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
    assert_eq!(out, expected);
    assert!(!connection.next_request());
    assert_eq!(refused(&mut connection), (Fault::HostMissing, 400, 16));
}

#[test]
fn ambiguous_framing_is_refused_instead_of_the_head() {
    let mut connection = connection(
        "HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    let reject = connection.next().unwrap_err();
    assert_eq!((reject.fault, reject.at), (Fault::LengthWithCoding, 42));
    let out = answer(&mut connection, 400, &[("Content-Length", "2")], "no");
    assert!(
        out.ends_with("\r\n\r\n"),
        "HEAD is refused without content: {out}"
    );
}

#[test]
fn a_request_leaves_nothing_to_the_next() {
    let mut connection = connection(
        "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n!GET /\n",
    );
    head(&mut connection);
    body(&mut connection);
    answer(&mut connection, 200, &[], "");
    assert!(connection.next_request());
    assert_eq!(connection.framing(), Framing::None);
    assert_eq!(refused(&mut connection), (Fault::BareLf, 400, 5));
    let out = answer(&mut connection, 400, &[], "no");
    assert!(out.contains("chunked") && out.contains("no"), "{out}");
}

#[test]
fn offsets_in_a_body_count_from_the_requests_first_octet() {
    let head = "\r\nPOST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut connection = connection(&format!("{head}2\r\nhiX"));
    assert_eq!(
        refused(&mut connection),
        (Fault::ChunkEnd, 400, head.len() + 5)
    );
}

// ----- 100-continue

const WAITING: &str =
    "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";

#[test]
fn a_client_that_waits_is_told_to_continue_once() {
    let mut connection = connection(WAITING);
    assert!(!connection.expects_continue());
    head(&mut connection);
    assert!(connection.expects_continue());
    let mut out = Vec::new();
    connection.send_continue(&mut out);
    connection.send_continue(&mut out);
    assert_eq!(out, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert!(!connection.expects_continue());
    feed(&mut connection, "hi");
    assert_eq!(body(&mut connection), "hi");
    answer(&mut connection, 200, &[], "");
    assert!(connection.next_request());
}

#[test]
fn a_client_that_sends_its_body_does_not_wait() {
    let mut together = connection(&format!("{WAITING}h"));
    head(&mut together);
    assert!(!together.expects_continue());

    let mut later = connection(WAITING);
    head(&mut later);
    feed(&mut later, "h");
    assert!(!later.expects_continue());
    let mut out = Vec::new();
    later.send_continue(&mut out);
    assert!(out.is_empty());
}

#[test]
fn a_client_that_ends_its_input_still_waits_to_continue() {
    let mut connection = connection(WAITING);
    head(&mut connection);
    connection.received(0);
    assert!(connection.expects_continue(), "it has sent no content");
}

#[test]
fn an_answer_before_continue_ends_the_connection() {
    let mut connection = connection(WAITING);
    head(&mut connection);
    let out = answer(&mut connection, 403, &[("Content-Length", "0")], "");
    assert!(out.contains("Connection: close\r\n"), "{out}");
    assert!(!connection.expects_continue());
    feed(&mut connection, "hi");
    assert_eq!(body(&mut connection), "hi");
    assert!(!connection.next_request());
}

#[test]
fn only_a_body_can_be_waited_for() {
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.0\r\nExpect: a miracle\r\nContent-Length: 2\r\n\r\n",
    ] {
        let mut connection = connection(request);
        head(&mut connection);
        assert!(!connection.expects_continue(), "{request:?}");
    }
}

#[test]
fn another_expectation_is_refused() {
    let mut connection = connection("GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n");
    assert_eq!(
        refused(&mut connection),
        (Fault::ExpectationUnknown, 417, 33)
    );
}

// ----- responses

#[track_caller]
fn check_response(
    request: &str,
    code: u16,
    fields: &[(&'static str, &str)],
    expected: (&str, Encoder),
) {
    let mut connection = connection(request);
    head(&mut connection);
    body(&mut connection);
    assert_eq!(connection.encoder(), None);
    let mut response = ResponseHead::new(Status::new(code).expect("a status code"));
    for (name, value) in fields {
        response.fields.push(name, value);
    }
    let mut out = Vec::new();
    connection.start(&response, &mut out);
    let (head, encoder) = expected;
    assert_eq!(String::from_utf8_lossy(&out), head, "{request:?}");
    assert_eq!(connection.encoder(), Some(encoder), "{request:?}");
}

const HEAD: &str = "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn a_length_given_is_a_length_promised() {
    let expected = (
        "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 5\r\n\r\n",
        Encoder::Length(5),
    );
    check_response(GET, 200, &[("A", "b"), ("content-length", "5")], expected);
}

#[test]
fn content_of_unknown_length_goes_in_chunks() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    check_response(GET, 200, &[], (chunked, Encoder::Chunked));
    for length in ["five", "5, 5", ""] {
        check_response(
            GET,
            200,
            &[("Content-Length", length)],
            (chunked, Encoder::Chunked),
        );
    }
    let two = [("Content-Length", "5"), ("Content-Length", "6")];
    check_response(GET, 200, &two, (chunked, Encoder::Chunked));
}

#[test]
fn to_http_1_0_content_of_unknown_length_lasts_until_the_close() {
    let get = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    check_response(
        get,
        200,
        &[],
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
            Encoder::UntilClose,
        ),
    );
}

#[test]
fn some_responses_have_no_body() {
    let length = [("Content-Length", "5")];
    let kept = (
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        Encoder::Bodiless,
    );
    check_response(HEAD, 200, &length, kept);
    check_response(
        HEAD,
        200,
        &[],
        ("HTTP/1.1 200 OK\r\n\r\n", Encoder::Bodiless),
    );
    let kept = (
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        Encoder::Bodiless,
    );
    check_response(GET, 304, &length, kept);
    let dropped = ("HTTP/1.1 204 No Content\r\n\r\n", Encoder::Bodiless);
    check_response(GET, 204, &length, dropped);
    check_response(HEAD, 204, &length, dropped);
}

#[test]
fn the_connections_own_fields_are_written_by_it_alone() {
    let fields = [
        ("Keep-Alive", "timeout=5"),
        ("Transfer-Encoding", "gzip"),
        ("connection", "X-Secret"),
        ("Content-Length", "0"),
    ];
    let expected = (
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        Encoder::Length(0),
    );
    check_response(GET, 200, &fields, expected);
}

#[test]
fn a_code_without_a_reason_keeps_its_space() {
    let expected = (
        "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n",
        Encoder::Length(0),
    );
    check_response(GET, 299, &[("Content-Length", "0")], expected);
}

#[test]
fn a_body_shorter_than_promised_breaks_the_connection() {
    let mut connection = connection(GET);
    head(&mut connection);
    body(&mut connection);
    let mut response = ResponseHead::new(Status::OK);
    response.fields.push("Content-Length", "5");
    let mut out = Vec::new();
    connection.start(&response, &mut out);
    connection.send(b"he", &mut out).unwrap();
    connection.sent(1).unwrap();
    assert_eq!(
        connection.finish(&mut out),
        Err(LengthMismatch { missing: 2 })
    );
    assert!(!connection.next_request());
}

#[test]
fn a_body_longer_than_promised_is_cut_and_the_connection_ends() {
    let mut connection = connection(GET);
    head(&mut connection);
    body(&mut connection);
    let mut response = ResponseHead::new(Status::OK);
    response.fields.push("Content-Length", "5");
    let mut out = Vec::new();
    connection.start(&response, &mut out);
    assert_eq!(
        connection.send(b"hello!", &mut out),
        Err(LengthMismatch { missing: 0 })
    );
    assert!(out.ends_with(b"\r\n\r\nhello"));
    assert!(!connection.next_request());
}

#[test]
#[should_panic(expected = "a request has one response")]
fn a_second_response_is_a_mistake_of_ours() {
    let mut connection = connection(GET);
    head(&mut connection);
    connection.start(&ResponseHead::new(Status::OK), &mut Vec::new());
    connection.start(&ResponseHead::new(Status::OK), &mut Vec::new());
}

// ----- bodies on their way in

#[test]
fn content_not_consumed_is_lent_again() {
    let mut connection = connection("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell");
    head(&mut connection);
    assert_eq!(connection.framing(), Framing::Length(5));
    assert_eq!(connection.body(), b"", "nothing is lent before Body");
    assert_eq!(connection.next(), Ok(Next::Body));
    assert_eq!(connection.body(), b"hell");
    connection.consume(1);
    assert_eq!(connection.body(), b"ell");
    feed(&mut connection, "o");
    assert_eq!(connection.next(), Ok(Next::Body));
    assert_eq!(connection.body(), b"ello");
    connection.consume(4);
    assert!(matches!(connection.next(), Ok(Next::End(_))));
}

#[test]
fn trailers_come_with_the_end() {
    let mut connection = connection(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\nSum: 33\r\n\r\n",
    );
    head(&mut connection);
    assert_eq!(connection.next(), Ok(Next::Body));
    connection.consume(1);
    let Ok(Next::End(trailers)) = connection.next() else {
        panic!("the body has ended");
    };
    assert_eq!(trailers.get("sum"), Some(&b"33"[..]));
}

#[test]
fn after_a_switch_octets_are_octets_to_the_end_of_input() {
    let mut connection = connection("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET early");
    head(&mut connection);
    assert_eq!(body(&mut connection), "");
    assert_eq!(connection.next(), Ok(Next::Paused));

    let mut response = ResponseHead::new(Status::SWITCHING_PROTOCOLS);
    for (name, value) in [
        ("Upgrade", "echo"),
        ("Connection", "close"),
        ("Content-Length", "5"),
        ("Transfer-Encoding", "chunked"),
    ] {
        response.fields.push(name, value);
    }
    let mut out = Vec::new();
    connection.switch(&response, &mut out);
    connection.send(b"0\r\n", &mut out).expect("no promise");
    assert_eq!(
        String::from_utf8_lossy(&out),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n0\r\n"
    );

    assert_eq!(connection.next(), Ok(Next::Body));
    assert_eq!(connection.body(), b"GET early");
    connection.consume(9);
    assert_eq!(connection.next(), Ok(Next::NeedBytes));
    feed(&mut connection, "\r\n\r\n");
    connection.received(0);
    assert_eq!(body(&mut connection), "\\r\\n\\r\\n");
    assert!(!connection.next_request(), "it is no connection of HTTP's");
}

#[test]
#[should_panic(expected = "has been read")]
fn a_switch_in_the_middle_of_a_request_is_a_mistake_of_ours() {
    let mut connection = connection("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    head(&mut connection);
    let head = ResponseHead::new(Status::SWITCHING_PROTOCOLS);
    connection.switch(&head, &mut Vec::new());
}

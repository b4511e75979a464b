//! Applications over SCGI and uwsgi, played by the test: what they are told, octet by octet, and
//! what the client gets of what they do.

mod common;

use common::{Application, BOTH, DEADLINE, Line, Server, TempDir, eventually, noise, while_asked};
use concurrency::sys::raise_descriptor_limit;
use gateway::{Capacity, Keeping, Words};
use static_files::Config;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

/// Most content that is collected because its length has to be known.
const SPOOL: usize = 1 << 20;

const CAPACITY: Capacity = Capacity {
    behind: 0,
    in_flight: 64,
    queue: 64,
    connect: DEADLINE,
    keeping: Keeping::UnlessAwaited,
};

/// Descriptors for as many as the system lets wait at a socket (4,096, listen(2)), and some more.
const BACKLOG: u64 = 5000;

/// The variables of a request, each once.
type Variables = BTreeMap<String, String>;

/// One of the two protocols, as an application speaks it.
struct Wire {
    name: &'static str,
    words: Words,
    read_head: fn(&mut dyn Read) -> Variables,
    /// How an answer begins.
    opening: &'static str,
}

const WIRES: [Wire; 2] = [
    Wire {
        name: "SCGI",
        words: Words::Scgi,
        read_head: scgi_head,
        opening: "Status: 200 OK\r\n",
    },
    Wire {
        name: "uwsgi",
        words: Words::Uwsgi,
        read_head: uwsgi_head,
        opening: "HTTP/1.1 200 OK\r\n",
    },
];

impl Wire {
    fn serve(&self, server: &str, config: Config, address: String) -> Server {
        Server::asking(server, config, (self.words, CAPACITY), &[address])
    }

    /// Accepts a request and reads it to its end; nothing may stand behind that.
    #[track_caller]
    fn accept(&self, application: &Application) -> (Line, Variables, Vec<u8>) {
        let mut line = application.accept();
        let variables = (self.read_head)(&mut line.stream);
        let length = variables.get("CONTENT_LENGTH").map_or("0", String::as_str);
        let mut content = vec![0; length.parse().expect("digits")];
        line.stream.read_exact(&mut content).expect("the content");
        line.stream.set_nonblocking(true).expect("it can be");
        let beyond = line.stream.read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(beyond, Err(ErrorKind::WouldBlock), "{}", self.name);
        line.stream.set_nonblocking(false).expect("it can be");
        (line, variables, content)
    }

    fn page(&self, rest: &str) -> Vec<u8> {
        format!("{}{rest}", self.opening).into_bytes()
    }
}

/// A netstring (`70:…,`) of names and values that end with a zero octet each. `CONTENT_LENGTH` is
/// the first of them, and there is one `SCGI` of `1`.
fn scgi_head(stream: &mut dyn Read) -> Variables {
    let mut digits = Vec::new();
    loop {
        match octets(stream, 1)[0] {
            b':' => break,
            digit => digits.push(digit),
        }
    }
    let digits = text(&digits);
    let len: usize = digits.parse().expect("digits");
    assert_eq!(len.to_string(), digits, "no zeroes in front");
    let pairs = octets(stream, len);
    assert_eq!(octets(stream, 1), b",");
    assert!(pairs.starts_with(b"CONTENT_LENGTH\0"));
    let pairs = pairs.strip_suffix(b"\0").expect("the end of a value");
    let parts: Vec<String> = pairs.split(|octet| *octet == 0).map(text).collect();
    let variables = variables(&parts);
    assert_eq!(variables.get("SCGI").map(String::as_str), Some("1"));
    variables
}

/// Four octets, two of them the size, then names and values behind two octets each.
fn uwsgi_head(stream: &mut dyn Read) -> Variables {
    let header = octets(stream, 4);
    assert_eq!((header[0], header[3]), (0, 0), "the modifiers");
    let size = usize::from(u16::from_le_bytes([header[1], header[2]]));
    let pairs = octets(stream, size);
    let (mut rest, mut parts) = (pairs.as_slice(), Vec::new());
    while let Some((len, tail)) = rest.split_first_chunk() {
        let (part, tail) = tail.split_at(usize::from(u16::from_le_bytes(*len)));
        parts.push(text(part));
        rest = tail;
    }
    assert!(rest.is_empty(), "half a length");
    variables(&parts)
}

fn octets(stream: &mut dyn Read, len: usize) -> Vec<u8> {
    let mut octets = vec![0; len];
    stream.read_exact(&mut octets).expect("it is sent whole");
    octets
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn variables(parts: &[String]) -> Variables {
    let mut variables = Variables::new();
    for pair in parts.chunks(2) {
        let [name, value] = pair else {
            panic!("{pair:?} has no value");
        };
        let before = variables.insert(name.clone(), value.clone());
        assert_eq!(before, None, "{name} is sent twice");
    }
    variables
}

/// Tests each protocol behind a server of each kind.
fn each(test: impl Fn(&Wire, &Server, &Application)) {
    for wire in WIRES {
        for name in BOTH {
            let application = Application::new();
            let server = wire.serve(name, Config::default(), application.address());
            test(&wire, &server, &application);
        }
    }
}

#[test]
fn a_request_is_told_octet_by_octet_and_answered() {
    each(|wire, server, application| {
        let head = "POST /app/a%20b?q=1 HTTP/1.1\r\nX-Empty:\r\nContent-Length: 3";
        let answer = while_asked(server, head, b"abc", || {
            let (mut line, variables, content) = wire.accept(application);
            assert_eq!(content, b"abc");
            for (name, value) in [
                ("REQUEST_METHOD", "POST"),
                ("REQUEST_URI", "/app/a%20b?q=1"),
                ("SCRIPT_NAME", "/app"),
                ("PATH_INFO", "/a b"),
                ("QUERY_STRING", "q=1"),
                ("CONTENT_LENGTH", "3"),
                ("HTTP_HOST", "test.example"),
                ("HTTP_X_EMPTY", ""),
            ] {
                let told = variables.get(name).map(String::as_str);
                assert_eq!(told, Some(value), "{}: {name}", wire.name);
            }
            line.say(&wire.page("Content-Type: a/b\r\n\r\nhello"));
        });
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
        assert!(answer.is_whole);
    });
}

#[test]
fn each_request_has_a_connection_of_its_own() {
    each(|wire, server, application| {
        for number in ["1", "2", "3"] {
            let answer = while_asked(server, "GET /app HTTP/1.1", b"", || {
                let (mut line, _, content) = wire.accept(application);
                assert!(content.is_empty());
                line.say(&wire.page(&format!("Content-Length: 1\r\n\r\n{number}")));
                // The length says that all is here: it is the server that hangs up.
                assert_eq!(line.stream.read(&mut [0]).expect("an end"), 0);
            });
            assert_eq!(answer.text(), number, "{}", wire.name);
        }
    });
}

/// The octets as content in chunks of at most 64 KiB.
fn in_chunks(body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for chunk in body.chunks(0xFFFF) {
        wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        wire.extend_from_slice(chunk);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"0\r\n\r\n");
    wire
}

#[test]
fn content_in_chunks_is_counted_first_up_to_a_mebibyte_and_411_beyond() {
    const HEAD: &str = "POST /app HTTP/1.1\r\nTransfer-Encoding: chunked";
    let body = noise(SPOOL + 1);
    each(|wire, server, application| {
        for len in [0, 5, SPOOL] {
            let answer = while_asked(server, HEAD, &in_chunks(&body[..len]), || {
                let (mut line, variables, content) = wire.accept(application);
                assert_eq!(content.len(), len, "{}", wire.name);
                assert!(content == body[..len]);
                assert!(!variables.contains_key("HTTP_TRANSFER_ENCODING"));
                line.say(&wire.page("\r\ncounted"));
            });
            assert_eq!(answer.text(), "counted", "{}", wire.name);
        }
        let answer = server.ask(HEAD, &in_chunks(&body));
        assert_eq!((answer.status, answer.is_whole), (411, true));
        assert!(application.try_accept().is_none(), "nobody is asked");
    });
}

/// What a client gets when the application says this behind the opening, and hangs up.
#[track_caller]
fn check_ending(rest: Option<&str>, expected: (u16, bool, &str)) {
    each(|wire, server, application| {
        let answer = while_asked(server, "GET /app HTTP/1.1", b"", || {
            let (mut line, ..) = wire.accept(application);
            line.say(&rest.map(|rest| wire.page(rest)).unwrap_or_default());
            line.hang_up();
        });
        let text = if answer.status == 200 {
            answer.text()
        } else {
            String::new()
        };
        let got = (answer.status, answer.is_whole, text.as_str());
        assert_eq!(got, expected, "{}: {rest:?}", wire.name);
    });
}

#[test]
fn an_answer_that_is_cut_short_never_looks_whole() {
    check_ending(None, (502, true, ""));
    check_ending(Some(""), (502, true, ""));
    check_ending(Some("Content-Le"), (502, true, ""));
    check_ending(Some("Content-Length: 4\r\n"), (502, true, ""));
    check_ending(Some("Content-Length: 4\r\n\r\n"), (200, false, ""));
    check_ending(Some("Content-Length: 4\r\n\r\nhal"), (200, false, "hal"));
    check_ending(Some("Content-Length: 4\r\n\r\nfull"), (200, true, "full"));
    check_ending(Some("Content-Length: 4\r\n\r\nfull!"), (200, true, "full"));
    // Where no length was promised, the end of the connection is the end of the answer.
    check_ending(Some("\r\nall of it"), (200, true, "all of it"));
}

#[test]
fn content_that_nobody_reads_costs_no_answer_and_completes_none() {
    let body = noise(3 << 20);
    let head = format!("POST /app HTTP/1.1\r\nContent-Length: {}", body.len());
    for (rest, is_whole) in [
        ("Content-Length: 6\r\n\r\nenough", true),
        ("Content-Length: 7\r\n\r\nenough", false),
        ("\r\nenough", true),
    ] {
        each(|wire, server, application| {
            let answer = while_asked(server, &head, &body, || {
                let mut line = application.accept();
                (wire.read_head)(&mut line.stream);
                line.say(&wire.page(rest));
                // Closed with content unread, which resets the connection.
                drop(line);
            });
            let got = (answer.text(), answer.is_whole);
            assert_eq!(
                got,
                ("enough".to_owned(), is_whole),
                "{}: {rest}",
                wire.name
            );
        });
    }
}

#[test]
fn more_variables_than_uwsgi_can_count_are_431_and_scgi_tells_them() {
    let mut config = Config::default();
    config.limits.section = 128 * 1024;
    let value = "x".repeat(7000);
    let fields: String = (0..10).map(|n| format!("\r\nX-{n}: {value}")).collect();
    let head = format!("GET /app HTTP/1.1{fields}");
    let [scgi, uwsgi] = WIRES;
    for name in BOTH {
        let application = Application::new();
        let server = uwsgi.serve(name, config, application.address());
        assert_eq!(server.ask(&head, b"").status, 431);
        assert!(application.try_accept().is_none(), "nobody is asked");
        let server = scgi.serve(name, config, application.address());
        let answer = while_asked(&server, &head, b"", || {
            let (mut line, variables, _) = scgi.accept(&application);
            assert_eq!(variables.get("HTTP_X_9"), Some(&value));
            line.say(&scgi.page("\r\nall"));
        });
        assert_eq!(answer.text(), "all");
    }
}

/// Connects until nobody may wait any more to be accepted.
fn fill(path: &std::path::Path) -> Vec<UnixStream> {
    let mut waiting = Vec::new();
    loop {
        match concurrency::sys::connect_unix(path) {
            Ok(stream) => waiting.push(stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return waiting,
            Err(error) => panic!("{} wait, and then: {error}", waiting.len()),
        }
    }
}

#[test]
fn a_unix_socket_at_which_too_many_wait_is_503_until_one_is_accepted() {
    let allowed = raise_descriptor_limit().expect("the limit can be read");
    if allowed < BACKLOG {
        println!("skipped: {BACKLOG} descriptors are needed, {allowed} allowed");
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "ulimit -n is too low"
        );
        return;
    }
    let folder = TempDir::new();
    for wire in WIRES {
        for name in BOTH {
            let path = folder.path().join(format!("{}-{name}", wire.name));
            let listener = UnixListener::bind(&path).expect("a new socket");
            let address = format!("unix:{}", path.display());
            let server = wire.serve(name, Config::default(), address);
            let waiting = fill(&path);
            let answer = server.get("/app");
            assert_eq!(answer.status, 503, "{}, {name}", wire.name);
            assert!(answer.head.contains("Retry-After: 1"));
            thread::scope(|scope| {
                let client = scope.spawn(|| {
                    let mut text = String::new();
                    eventually("there is room", || {
                        let answer = server.get("/app");
                        text = answer.text();
                        answer.status == 200
                    });
                    text
                });
                for _ in &waiting {
                    listener.accept().expect("one that waits");
                }
                let (mut stream, _) = listener.accept().expect("the request");
                stream.set_read_timeout(Some(DEADLINE)).expect("no zero");
                (wire.read_head)(&mut stream);
                stream.write_all(&wire.page("\r\nhere")).expect("it reads");
                drop(stream);
                assert_eq!(client.join().expect("it is answered"), "here");
            });
        }
    }
}

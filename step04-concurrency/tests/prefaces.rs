//! Connections that begin with the PROXY protocol, under every server.

use concurrency::SERVERS;
use socket::Stop;
use static_files::{Config, Expected, Request, Response};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const FIRST: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n";

/// Who the handler is told that it answers, and through whom.
fn whom(request: &Request) -> Response {
    let front = request.front.as_deref().map(|front| front.addr.ip());
    Response::text(format!(
        "{} {} {} by {front:?}",
        request.peer,
        request.local,
        request.scheme().as_str()
    ))
}

/// Sends pieces to every server of the ladder, and checks with what the answer ends.
#[track_caller]
fn check(config: &Config, pieces: &[&[u8]], expected: impl Fn(&TcpStream) -> String) {
    struct StopOnDrop<'s>(&'s Stop);
    impl Drop for StopOnDrop<'_> {
        fn drop(&mut self) {
            self.0.stop();
        }
    }
    for (name, serve) in SERVERS {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let stop = Stop::new();
        thread::scope(|scope| {
            let server = scope.spawn(|| serve(&listener, &whom, config, &stop));
            let stopping = StopOnDrop(&stop);
            let mut client = TcpStream::connect(addr).expect("it listens");
            client.set_read_timeout(Some(DEADLINE)).expect("a deadline");
            client
                .set_nodelay(true)
                .expect("small pieces leave at once");
            for piece in pieces {
                // Whoever is refused early need not hear the rest.
                let _ = client.write_all(piece);
            }
            let mut answer = Vec::new();
            // Closing with unread input is a reset, which is an end as well.
            let _ = client.read_to_end(&mut answer);
            let answer = String::from_utf8_lossy(&answer);
            let content = answer.rsplit("\r\n\r\n").next().unwrap_or_default();
            assert_eq!(content, expected(&client), "{name}");
            drop((client, stopping));
            let served = server.join().expect("the server does not panic");
            served.expect("the server ends well");
        });
    }
}

fn config() -> Config {
    Config {
        expected: Expected::Preface,
        ..Config::default()
    }
}

fn told(_: &TcpStream) -> String {
    "192.0.2.7:40000 192.0.2.1:443 http by Some(127.0.0.1)".to_owned()
}

fn real(client: &TcpStream) -> String {
    let ours = client.local_addr().expect("it is connected");
    let theirs = client.peer_addr().expect("it is connected");
    format!("{ours} {theirs} http by None")
}

fn nothing(_: &TcpStream) -> String {
    String::new()
}

#[test]
fn a_client_is_who_the_front_says() {
    check(&config(), &[&[FIRST, GET].concat()], told);
    let octets: Vec<&[u8]> = FIRST.chunks(1).chain(GET.chunks(5)).collect();
    check(&config(), &octets, told);
    let second = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x17\xc0\0\x02\x07\xc0\0\x02\x01\x9c\x40\x01\xbb\
                   \x20\0\x08\x01\0\0\0\0\0\0\0";
    check(&config(), &[&[second, GET].concat()], |client| {
        told(client).replace("http", "https")
    });
}

#[test]
fn a_front_that_asks_for_itself_is_the_client() {
    check(&config(), &[b"PROXY UNKNOWN\r\n", GET], real);
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    check(&config(), &[local, GET], real);
}

#[test]
fn without_it_a_connection_is_closed_unanswered() {
    check(&config(), &[GET], nothing);
    check(&config(), &[b"PROXY TCP4 nonsense\r\n", GET], nothing);
    let mut impatient = config();
    impatient.timeouts.head = Duration::from_millis(50);
    check(&impatient, &[&FIRST[..9]], nothing);
    check(&impatient, &[], nothing);
}

//! Echo, leaving and the accept loop over real sockets.

use crate::common::{PATIENCE, StopAtEnd, connect, within_deadline};
use socket::{Linger, Stop, accept_until, close_politely, echo};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const MIB: usize = 1024 * 1024;
const LINGER: Linger = Linger {
    bytes: MIB as u64,
    time: PATIENCE,
};

/// Bytes in which a piece that is lost, doubled or moved shows: a xorshift sequence.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Runs `client` against a server that gives each guest to `each`, one at a time.
fn with_server(each: impl Fn(TcpStream) + Send, client: impl FnOnce(SocketAddr)) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = listener.local_addr().expect("is bound");
    let stop = Stop::new();
    thread::scope(|scope| {
        let server = scope.spawn(|| accept_until(&listener, &stop, each));
        let at_end = StopAtEnd(&stop);
        client(addr);
        drop(at_end);
        server
            .join()
            .expect("the loop does not panic")
            .expect("the listener works");
    });
}

/// A guest who leaves in a hurry is not the server's concern, so the outcome is dropped.
fn echo_guest(stream: TcpStream) {
    let _ = echo(&stream, &stream);
}

#[track_caller]
fn check_echo(stream: &mut TcpStream, word: &[u8]) {
    stream.write_all(word).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(
        answer.escape_ascii().to_string(),
        word.escape_ascii().to_string()
    );
}

#[test]
fn mebibyte_comes_back_and_then_the_end() {
    within_deadline(|| {
        with_server(echo_guest, |addr| {
            let sent = noise(MIB);
            let mut stream = connect(addr);
            let mut heard = Vec::new();
            thread::scope(|scope| {
                scope.spawn(|| {
                    (&stream).write_all(&sent).unwrap();
                    stream.shutdown(Shutdown::Write).unwrap();
                });
                (&stream).read_to_end(&mut heard).unwrap();
            });
            assert!(heard == sent, "{} bytes came back, or others", heard.len());
            assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the end is the end");
        });
    });
}

#[test]
fn slow_reader_gets_all_eight_mebibytes() {
    within_deadline(|| {
        let reply = noise(8 * MIB);
        let copy = reply.clone();
        let each = move |stream: TcpStream| {
            echo(&reply[..], &stream).unwrap();
        };
        with_server(each, |addr| {
            let mut stream = connect(addr);
            let mut heard = Vec::with_capacity(copy.len());
            let mut buf = [0; 1024];
            loop {
                match stream.read(&mut buf).unwrap() {
                    0 => break,
                    n => heard.extend_from_slice(&buf[..n]),
                }
            }
            assert!(heard == copy, "{} bytes came, or others", heard.len());
        });
    });
}

#[test]
fn unread_input_does_not_destroy_the_reply() {
    within_deadline(|| {
        let reply = noise(MIB);
        let copy = reply.clone();
        let each = move |stream: TcpStream| {
            (&stream).write_all(&reply).unwrap();
            close_politely(&stream, LINGER).unwrap();
        };
        with_server(each, |addr| {
            let unasked = [b'x'; 64 * 1024];
            for round in 0..100 {
                let mut stream = connect(addr);
                stream.write_all(&unasked).unwrap();
                let mut heard = Vec::new();
                let end = stream.read_to_end(&mut heard);
                assert!(
                    end.is_ok(),
                    "round {round}: {end:?} after {} bytes",
                    heard.len()
                );
                assert!(
                    heard == copy,
                    "round {round}: {} bytes came, or others",
                    heard.len()
                );
            }
        });
    });
}

#[test]
fn guests_who_break_off_do_not_stop_the_loop() {
    within_deadline(|| {
        with_server(echo_guest, |addr| {
            for _ in 0..200 {
                drop(connect(addr));
            }
            for _ in 0..200 {
                // Leaving with the echo unread resets the connection, in the queue or later.
                let mut stream = connect(addr);
                stream.write_all(b"is anybody there?").unwrap();
                stream.read_exact(&mut [0]).unwrap();
                drop(stream);
            }
            check_echo(&mut connect(addr), b"still here");
        });
    });
}

/// A connected pair: the server's end and the client's.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = connect(listener.local_addr().unwrap());
    (listener.accept().unwrap().0, client)
}

#[test]
fn linger_ends_at_its_time_when_the_peer_stays() {
    within_deadline(|| {
        let (server, mut client) = pair();
        let time = Duration::from_millis(50);
        let begun = Instant::now();
        close_politely(&server, Linger { bytes: 1, time }).unwrap();
        assert!(begun.elapsed() >= time, "left after {:?}", begun.elapsed());
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "the half-close arrived");
    });
}

#[test]
fn linger_time_is_not_extended_by_talk() {
    within_deadline(|| {
        let (server, client) = pair();
        thread::scope(|scope| {
            scope.spawn(|| {
                // Ends with an error when the server's end is dropped.
                while (&client).write_all(b"and another thing").is_ok() {}
            });
            let linger = Linger {
                bytes: u64::MAX,
                time: Duration::from_millis(50),
            };
            close_politely(&server, linger).unwrap();
            drop(server);
        });
    });
}

#[test]
fn linger_drops_its_bytes_and_not_one_more() {
    within_deadline(|| {
        let (server, mut client) = pair();
        client.write_all(b"0123456789").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let linger = Linger { bytes: 7, ..LINGER };
        close_politely(&server, linger).unwrap();
        let mut rest = Vec::new();
        (&server).read_to_end(&mut rest).unwrap();
        assert_eq!(rest.escape_ascii().to_string(), "789");
    });
}

#[test]
fn silent_guest_costs_the_read_timeout() {
    within_deadline(|| {
        let (server, _client) = pair();
        let patience = Duration::from_millis(50);
        server.set_read_timeout(Some(patience)).unwrap();
        let error = echo(&server, &server).unwrap_err();
        let kind = error.kind();
        assert!(
            matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut),
            "{error}"
        );
    });
}

/// Raises the flag while the loop waits, and expects the loop to end without serving anybody.
#[track_caller]
fn check_stop(bind_to: &str, prepare: impl FnOnce(&TcpListener)) {
    let listener = TcpListener::bind(bind_to).unwrap();
    prepare(&listener);
    let (stop, guests) = (Stop::new(), AtomicUsize::new(0));
    let each = |stream: TcpStream| {
        guests.fetch_add(1, Ordering::SeqCst);
        echo_guest(stream);
    };
    thread::scope(|scope| {
        let server = scope.spawn(|| accept_until(&listener, &stop, each));
        let at_end = StopAtEnd(&stop);
        // A guest served proves that the loop runs; now it sleeps in accept, or is about to.
        let addr = socket::reachable(listener.local_addr().unwrap());
        check_echo(&mut connect(addr), b"awake?");
        drop(at_end);
        server.join().unwrap().unwrap();
    });
    assert_eq!(guests.into_inner(), 1, "the bell itself is nobody's guest");
}

#[test]
fn stop_wakes_a_loop_asleep_in_accept() {
    within_deadline(|| {
        for _ in 0..100 {
            check_stop("127.0.0.1:0", |_| {});
        }
    });
}

#[test]
fn stop_reaches_a_listener_on_every_address() {
    within_deadline(|| check_stop("0.0.0.0:0", |_| {}));
}

#[test]
fn nonblocking_listener_is_waited_for_all_the_same() {
    within_deadline(|| {
        check_stop("127.0.0.1:0", |listener| {
            listener.set_nonblocking(true).unwrap()
        })
    });
}

#[test]
fn stop_raised_before_the_loop_lets_nobody_in() {
    within_deadline(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _guest = connect(listener.local_addr().unwrap());
        let stop = Stop::new();
        stop.stop();
        accept_until(&listener, &stop, |_| {
            panic!("stopped before the first guest")
        })
        .unwrap();
    });
}

#[test]
fn stop_raised_while_a_guest_is_served_ends_the_loop() {
    within_deadline(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let _guests = [connect(addr), connect(addr)];
        let (stop, mut served) = (Stop::new(), 0);
        accept_until(&listener, &stop, |_| {
            served += 1;
            stop.stop();
        })
        .unwrap();
        assert_eq!(served, 1);
    });
}

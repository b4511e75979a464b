//! The pool when every thread is taken and the queue is full.

use concurrency::SERVERS;
use socket::Stop;
use static_files::{Config, Request, Response};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    stream
}

fn read_all(mut stream: &TcpStream) -> String {
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("an answer and an orderly end");
    answer
}

/// Connects, asks, and expects to be sent away. The server may have answered and half-closed before
/// the request is written; what it does not read must not destroy what it has said.
fn is_refused(addr: SocketAddr) {
    let mut client = connect(addr);
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("there is room");
    let answer = read_all(&client);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nRetry-After: 1\r\n"), "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
}

#[test]
fn whoever_finds_no_room_is_told_so_and_when_to_come_back() {
    let mut servers = SERVERS.into_iter();
    let (_, serve) = servers.find(|(name, _)| *name == "pool").expect("a pool");
    let config = Config {
        pool: 1,
        queue: 1,
        ..Config::default()
    };
    let handler = |_: &Request| Response::text("served");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = listener.local_addr().expect("it is bound");
    let stop = Stop::new();
    thread::scope(|scope| {
        let server = scope.spawn(|| serve(&listener, &handler, &config, &stop));
        // The first octet of its answer tells that the only thread is busy with the first client.
        let mut first = connect(addr);
        let get = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        first.write_all(get).expect("the server reads");
        first.read_exact(&mut [0]).expect("the first is served");
        let mut second = connect(addr);
        second
            .write_all(b"GET / HTTP/1.0\r\n\r\n")
            .expect("there is room");
        (0..100).for_each(|_| is_refused(addr));

        first.shutdown(Shutdown::Write).expect("it is connected");
        let answer = read_all(&second);
        assert!(answer.ends_with("served"), "who waited is served");
        stop.stop();
        let served = server.join().expect("the server does not panic");
        served.expect("the server ends well");
    });
}

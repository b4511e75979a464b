//! The thread models, with connections that carry no HTTP: they know nothing of it.

use concurrency::{Entrance, thread_per_connection, thread_pool};
use socket::Stop;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(10);

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port is free")
}

fn entrance<'e>(listener: &'e TcpListener, stop: &'e Stop) -> Entrance<'e> {
    Entrance::new(listener, stop).expect("descriptors")
}

fn connect(listener: &TcpListener) -> TcpStream {
    let stream =
        TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    stream
}

fn read_all(mut stream: &TcpStream) -> String {
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .expect("an answer within the deadline");
    text
}

/// Runs `server` until `client` returns, panicking or not.
fn beside<R>(
    stop: &Stop,
    server: impl FnOnce() -> io::Result<()> + Send,
    client: impl FnOnce() -> R,
) -> R {
    struct StopOnDrop<'s>(&'s Stop);
    impl Drop for StopOnDrop<'_> {
        fn drop(&mut self) {
            self.0.stop();
        }
    }
    thread::scope(|scope| {
        let served = scope.spawn(server);
        let stopping = StopOnDrop(stop);
        let result = client();
        drop(stopping);
        served
            .join()
            .expect("the server does not panic")
            .expect("the server ends well");
        result
    })
}

fn greet(mut stream: TcpStream) {
    stream.write_all(b"hello").expect("the client is there");
}

/// All of them have to be inside at once, or the barrier never opens: no clock is needed to see
/// that a pool is secretly serial.
fn meet(barrier: &Barrier, stream: TcpStream) {
    barrier.wait();
    greet(stream);
}

#[test]
fn as_many_connections_as_threads_are_served_at_once() {
    let (listener, stop, barrier) = (listener(), Stop::new(), Barrier::new(4));
    let each = |stream| meet(&barrier, stream);
    let refuse = |_| panic!("there is room");
    beside(
        &stop,
        || thread_pool(&entrance(&listener, &stop), 4, 4, each, refuse),
        || {
            let clients: Vec<_> = (0..4).map(|_| connect(&listener)).collect();
            for client in &clients {
                assert_eq!(read_all(client), "hello");
            }
        },
    );
}

#[test]
fn a_thread_each_serves_all_at_once() {
    let (listener, stop, barrier) = (listener(), Stop::new(), Barrier::new(16));
    let each = |stream| meet(&barrier, stream);
    beside(
        &stop,
        || thread_per_connection(&entrance(&listener, &stop), 16, each),
        || {
            let clients: Vec<_> = (0..16).map(|_| connect(&listener)).collect();
            for client in &clients {
                assert_eq!(read_all(client), "hello");
            }
        },
    );
}

#[test]
fn a_panic_costs_its_connection_and_no_thread_of_the_pool() {
    let (listener, stop) = (listener(), Stop::new());
    let served = AtomicUsize::new(0);
    let each = |mut stream: TcpStream| {
        let mut order = [0];
        stream
            .read_exact(&mut order)
            .expect("the client sends one octet");
        assert_ne!(order[0], b'!', "told to panic");
        served.fetch_add(1, Ordering::SeqCst);
        greet(stream);
    };
    beside(
        &stop,
        || thread_pool(&entrance(&listener, &stop), 2, 8, each, drop),
        || {
            for _ in 0..10 {
                let mut client = connect(&listener);
                client.write_all(b"!").unwrap();
                assert_eq!(read_all(&client), "");
            }
            let mut client = connect(&listener);
            client.write_all(b".").unwrap();
            assert_eq!(read_all(&client), "hello");
        },
    );
    assert_eq!(served.into_inner(), 1);
}

#[test]
fn what_the_pool_has_no_room_for_is_refused_at_once() {
    let (listener, stop) = (listener(), Stop::new());
    let each = |mut stream: TcpStream| {
        stream.write_all(b"in").expect("the client is there");
        // Until the client closes.
        stream.read_to_end(&mut Vec::new()).expect("an orderly end");
    };
    let refuse = |mut stream: TcpStream| stream.write_all(b"full").expect("the client is there");
    beside(
        &stop,
        || thread_pool(&entrance(&listener, &stop), 1, 1, each, refuse),
        || {
            let mut first = connect(&listener);
            let mut greeting = [0; 2];
            first
                .read_exact(&mut greeting)
                .expect("the only worker serves the first");
            let second = connect(&listener);
            let third = connect(&listener);
            assert_eq!(read_all(&third), "full");
            drop(first);
            // Closed in one direction, so that its turn ends when it comes.
            second.shutdown(std::net::Shutdown::Write).unwrap();
            assert_eq!(read_all(&second), "in");
        },
    );
}

#[test]
fn a_thread_each_is_bounded_and_the_next_is_served_when_one_leaves() {
    let (listener, stop) = (listener(), Stop::new());
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let each = |mut stream: TcpStream| {
        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let mut order = [0];
        stream
            .read_exact(&mut order)
            .expect("the client sends one octet");
        inside.fetch_sub(1, Ordering::SeqCst);
        greet(stream);
    };
    beside(
        &stop,
        || thread_per_connection(&entrance(&listener, &stop), 2, each),
        || {
            let mut clients: Vec<_> = (0..6).map(|_| connect(&listener)).collect();
            for client in &mut clients {
                client.write_all(b".").unwrap();
            }
            for client in &clients {
                assert_eq!(read_all(client), "hello");
            }
        },
    );
    assert!(most.into_inner() <= 2, "never more threads than the limit");
}

#[test]
fn a_stop_ends_a_server_that_waits_for_a_place() {
    let (listener, stop) = (listener(), Stop::new());
    let each = |mut stream: TcpStream| {
        stream.write_all(b"in").expect("the client is there");
        stream.read_to_end(&mut Vec::new()).expect("an orderly end");
    };
    let first = connect(&listener);
    let second = connect(&listener);
    thread::scope(|scope| {
        let server = scope.spawn(|| thread_per_connection(&entrance(&listener, &stop), 1, each));
        let mut greeting = [0; 2];
        (&first)
            .read_exact(&mut greeting)
            .expect("the first is served");
        stop.stop();
        let mut heard = Vec::new();
        // Accepted and closed, or refused while it was still in the kernel's queue.
        let _ = (&second).read_to_end(&mut heard);
        assert!(heard.is_empty(), "the second is not served");
        drop(first);
        server
            .join()
            .expect("the server does not panic")
            .expect("the server ends well");
    });
}

//! Connections that change their protocol: after a `101` octets go both ways as they are, under
//! every server.

use concurrency::SERVERS;
use http_parse::{ResponseHead, Status};
use socket::Stop;
use static_files::{Config, Ends, Exchange, Reply, Request};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
const SWITCHED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n";

/// Changes the protocol at once; what follows is the pair's.
#[derive(Debug)]
struct Switched {
    stream: UnixStream,
    is_tunnel: bool,
}

impl Exchange for Switched {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.stream.write(data)
    }
    fn close_write(&mut self) -> io::Result<()> {
        if self.is_tunnel {
            self.stream.shutdown(Shutdown::Write)?;
        }
        Ok(())
    }
    fn head(&mut self) -> io::Result<ResponseHead> {
        self.is_tunnel = true;
        let mut head = ResponseHead::new(Status::SWITCHING_PROTOCOLS);
        head.fields.push("Upgrade", "echo");
        Ok(head)
    }
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf)
    }
    fn ends(&self) -> Ends<'_> {
        Ends::Duplex(self.stream.as_fd())
    }
}

/// Runs `talk` with both ends of a tunnel, through every server of the ladder.
#[track_caller]
fn check(config: &Config, request: &[u8], talk: impl Fn(TcpStream, UnixStream)) {
    struct StopOnDrop<'s>(&'s Stop);
    impl Drop for StopOnDrop<'_> {
        fn drop(&mut self) {
            self.0.stop();
        }
    }
    for (name, serve) in SERVERS {
        println!("server: {name}");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let (sender, others) = channel();
        let sender = Mutex::new(sender);
        let handler = move |_: &Request| {
            let (stream, other) = UnixStream::pair().expect("descriptors are left");
            stream.set_nonblocking(true).expect("sockets can be");
            let sender = sender.lock().expect("no panic");
            sender.send(other).expect("the test listens");
            Reply::Exchange(Box::new(Switched {
                stream,
                is_tunnel: false,
            }))
        };
        let stop = Stop::new();
        thread::scope(|scope| {
            let server = scope.spawn(|| serve(&listener, &handler, config, &stop));
            let stopping = StopOnDrop(&stop);
            let mut client = TcpStream::connect(addr).expect("it listens");
            client.set_read_timeout(Some(DEADLINE)).expect("a deadline");
            client
                .set_write_timeout(Some(DEADLINE))
                .expect("a deadline");
            client.write_all(request).expect("the server reads");
            let other = others
                .recv_timeout(DEADLINE)
                .expect("the handler is called");
            other.set_read_timeout(Some(DEADLINE)).expect("a deadline");
            other.set_write_timeout(Some(DEADLINE)).expect("a deadline");
            let head = exactly(&client, SWITCHED.len());
            assert_eq!(String::from_utf8_lossy(&head), SWITCHED);
            talk(client, other);
            drop(stopping);
            let served = server.join().expect("the server does not panic");
            served.expect("the server ends well");
        });
    }
}

#[track_caller]
fn exactly(mut from: impl Read, len: usize) -> Vec<u8> {
    let mut octets = vec![0; len];
    from.read_exact(&mut octets).expect("they come");
    octets
}

#[track_caller]
fn rest(mut from: impl Read) -> Vec<u8> {
    let mut octets = Vec::new();
    from.read_to_end(&mut octets).expect("an orderly end");
    octets
}

#[test]
fn octets_go_both_ways_as_they_are_the_early_ones_first() {
    let early = [UPGRADE, b"GET / early\n\0"].concat();
    check(&Config::default(), &early, |mut client, mut other| {
        assert_eq!(exactly(&other, 13), b"GET / early\n\0");
        other.write_all(b"0\r\n\r\n").expect("the server reads");
        assert_eq!(exactly(&client, 5), b"0\r\n\r\n");
        client.write_all(b"\xff\x00").expect("the server reads");
        assert_eq!(exactly(&other, 2), b"\xff\x00");
    });
}

#[test]
fn a_client_that_ends_its_side_still_hears_the_other() {
    check(&Config::default(), UPGRADE, |mut client, mut other| {
        client.write_all(b"last words").expect("the server reads");
        client.shutdown(Shutdown::Write).expect("it is connected");
        assert_eq!(rest(&other), b"last words");
        other.write_all(b"an answer").expect("the server reads");
        drop(other);
        assert_eq!(rest(&client), b"an answer");
    });
}

#[test]
fn a_client_may_go_on_after_the_other_has_ended_its_side() {
    check(&Config::default(), UPGRADE, |mut client, mut other| {
        other.write_all(b"last words").expect("the server reads");
        other.shutdown(Shutdown::Write).expect("it is connected");
        assert_eq!(rest(&client), b"last words");
        client.write_all(b"an answer").expect("the server reads");
        client.shutdown(Shutdown::Write).expect("it is connected");
        assert_eq!(rest(&other), b"an answer");
    });
}

#[test]
fn much_passes_both_ways_at_once_whatever_bodies_are_limited_to() {
    const MUCH: usize = 3_000_000;
    let config = Config {
        body_bytes: 1,
        ..Config::default()
    };
    check(&config, UPGRADE, |client, other| {
        let much = vec![b'x'; MUCH];
        thread::scope(|scope| {
            let up = scope.spawn(|| (&client).write_all(&much));
            let down = scope.spawn(|| (&other).write_all(&much));
            let seen = scope.spawn(|| exactly(&client, MUCH));
            assert!(exactly(&other, MUCH) == much);
            assert!(seen.join().expect("no panic") == much);
            for written in [up, down] {
                written.join().expect("no panic").expect("the server reads");
            }
        });
    });
}

#[test]
fn silence_is_as_long_as_a_tunnel_may_be_silent() {
    let mut config = Config::default();
    config.timeouts.gateway = Duration::from_millis(20);
    config.timeouts.body = Duration::from_millis(20);
    check(&config, UPGRADE, |client, mut other| {
        let longer = Some(Duration::from_millis(100));
        client.set_read_timeout(longer).expect("a deadline");
        let nothing = (&client).read(&mut [0]).expect_err("nothing was said");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        client.set_read_timeout(Some(DEADLINE)).expect("a deadline");
        other.write_all(b"x").expect("the server reads");
        assert_eq!(exactly(&client, 1), b"x");
    });
    config.timeouts.tunnel = Duration::from_millis(20);
    check(&config, UPGRADE, |client, other| {
        assert_eq!(rest(&client), b"");
        assert_eq!(rest(&other), b"");
    });
}

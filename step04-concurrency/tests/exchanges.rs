//! Answers that must be waited for: the test plays the program at the other end of a socket pair,
//! under every server.

use concurrency::SERVERS;
use http_parse::{ResponseHead, Status};
use socket::Stop;
use static_files::{Config, Ends, Exchange, Reply, Request};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

/// Request content goes into the pair as it is; what comes out begins with one octet that stands
/// for the head, and ends well with a full stop.
#[derive(Debug)]
struct Paired {
    stream: UnixStream,
    ended: bool,
}

impl Exchange for Paired {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.stream.write(data)
    }
    fn close_write(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
    fn head(&mut self) -> io::Result<ResponseHead> {
        let mut octet = [0];
        match self.stream.read(&mut octet)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(ResponseHead::new(Status::OK)),
        }
    }
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        let n = self.stream.read(buf)?;
        match buf[..n].last() {
            None => Err(io::ErrorKind::UnexpectedEof.into()),
            Some(b'.') => {
                self.ended = true;
                Ok(n)
            }
            Some(_) => Ok(n),
        }
    }
    fn ends(&self) -> Ends<'_> {
        Ends::Duplex(self.stream.as_fd())
    }
}

/// A server under test: where it is, and the programs' ends of the exchanges it begins.
struct Subject<'s> {
    addr: std::net::SocketAddr,
    programs: &'s Receiver<UnixStream>,
    stop: &'s Stop,
}

impl Subject<'_> {
    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.addr).expect("it listens");
        client.set_read_timeout(Some(DEADLINE)).expect("a deadline");
        client
            .set_write_timeout(Some(DEADLINE))
            .expect("a deadline");
        client
    }

    /// Sends a request and waits for the program's end of it.
    fn request(&self, text: &str) -> (TcpStream, UnixStream) {
        let mut client = self.connect();
        client.write_all(text.as_bytes()).expect("the server reads");
        let program = self
            .programs
            .recv_timeout(DEADLINE)
            .expect("the handler is called");
        program
            .set_read_timeout(Some(DEADLINE))
            .expect("a deadline");
        (client, program)
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// Runs `client` against every server of the ladder.
#[track_caller]
fn check(config: &Config, client: impl Fn(&Subject<'_>)) {
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
        let (sender, programs): (Sender<UnixStream>, _) = channel();
        let sender = Mutex::new(sender);
        let handler = move |_: &Request| {
            let (ours, programs) = UnixStream::pair().expect("descriptors are left");
            ours.set_nonblocking(true)
                .expect("a socket can be nonblocking");
            sender
                .lock()
                .expect("no panic")
                .send(programs)
                .expect("the test listens");
            Reply::Exchange(Box::new(Paired {
                stream: ours,
                ended: false,
            }))
        };
        let stop = Stop::new();
        thread::scope(|scope| {
            let server = scope.spawn(|| serve(&listener, &handler, config, &stop));
            let stopping = StopOnDrop(&stop);
            client(&Subject {
                addr,
                programs: &programs,
                stop: &stop,
            });
            drop(stopping);
            server
                .join()
                .expect("the server does not panic")
                .expect("the server ends well");
        });
    }
}

fn read_all(mut stream: &TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn short(timeouts: impl FnOnce(&mut static_files::Timeouts)) -> Config {
    let mut config = Config::default();
    timeouts(&mut config.timeouts);
    config
}

#[test]
fn content_streams_both_ways_at_once() {
    check(&Config::default(), |subject| {
        let text =
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc";
        let (mut client, mut program) = subject.request(text);
        let mut three = [0; 3];
        program
            .read_exact(&mut three)
            .expect("content comes before the request is whole");
        assert_eq!(&three, b"abc");
        program.write_all(b"!early").expect("the server reads");
        let mut seen = String::new();
        while !seen.contains("early") {
            let mut octet = [0];
            client
                .read_exact(&mut octet)
                .expect("the answer comes before the request is whole");
            seen.push(char::from(octet[0]));
        }
        client.write_all(b"def").expect("the server reads");
        program.read_exact(&mut three).expect("the rest comes");
        assert_eq!(&three, b"def");
        assert_eq!(program.read(&mut three).expect("and the end of it"), 0);
        program.write_all(b"late.").expect("the server reads");
        assert!(
            read_all(&client)
                .expect("an orderly end")
                .ends_with("5\r\nlate.\r\n0\r\n\r\n")
        );
    });
}

#[test]
fn a_program_that_dies_before_its_head_is_a_502() {
    check(&Config::default(), |subject| {
        let (client, program) = subject.request(GET);
        drop(program);
        let answer = read_all(&client).expect("an orderly end");
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    });
}

#[test]
fn a_program_that_dies_in_its_content_leaves_a_broken_response() {
    check(&Config::default(), |subject| {
        let (client, mut program) = subject.request(GET);
        program.write_all(b"!half").expect("the server reads");
        drop(program);
        let answer = read_all(&client).expect("cut, not reset");
        assert!(answer.ends_with("4\r\nhalf\r\n"), "no last chunk: {answer}");
    });
}

#[test]
fn where_only_the_end_marks_the_end_a_broken_response_is_a_reset() {
    check(&Config::default(), |subject| {
        let (client, mut program) = subject.request("GET / HTTP/1.0\r\n\r\n");
        program.write_all(b"!half").expect("the server reads");
        drop(program);
        let error = read_all(&client).expect_err("no orderly end");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_silent_program_is_a_504_and_its_end_is_closed() {
    check(
        &short(|timeouts| timeouts.gateway = Duration::from_millis(50)),
        |subject| {
            let (client, mut program) = subject.request(GET);
            let answer = read_all(&client).expect("an orderly end");
            assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
            let mut rest = Vec::new();
            program
                .read_to_end(&mut rest)
                .expect("the exchange was dropped");
        },
    );
}

#[test]
fn a_request_that_stalls_in_its_content_is_a_408() {
    check(
        &short(|timeouts| timeouts.body = Duration::from_millis(50)),
        |subject| {
            let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc";
            let (client, _program) = subject.request(text);
            let answer = read_all(&client).expect("an orderly end");
            assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        },
    );
}

#[test]
fn content_beyond_the_limit_is_a_413_announced_or_not() {
    let config = Config {
        body_bytes: 4,
        ..Config::default()
    };
    check(&config, |subject| {
        let mut client = subject.connect();
        client
            .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
            .expect("the server reads");
        let answer = read_all(&client).expect("an orderly end");
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");

        let chunked =
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n";
        let (client, _program) = subject.request(chunked);
        let answer = read_all(&client).expect("an orderly end");
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    });
}

#[test]
fn a_program_that_takes_no_content_still_answers() {
    check(&Config::default(), |subject| {
        let head =
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n";
        let (mut client, mut program) = subject.request(head);
        program
            .shutdown(Shutdown::Read)
            .expect("a socket can refuse input");
        client
            .write_all(&vec![b'x'; 3_000_000])
            .expect("the server drops what nobody wants");
        program.write_all(b"!no thanks.").expect("the server reads");
        let answer = read_all(&client).expect("an orderly end");
        assert!(answer.contains("no thanks."), "{answer}");
    });
}

#[test]
fn a_client_that_leaves_abandons_its_exchange() {
    check(&Config::default(), |subject| {
        let (client, mut program) = subject.request(GET);
        program.write_all(b"!x").expect("the server reads");
        let mut octet = [0];
        (&client).read_exact(&mut octet).expect("the answer begins");
        // Closing with unread input resets the connection: this client is gone, not half-closed.
        drop(client);
        let mut rest = Vec::new();
        program
            .read_to_end(&mut rest)
            .expect("the exchange was dropped");
    });
}

#[test]
fn a_half_closed_client_is_answered() {
    check(&Config::default(), |subject| {
        let (client, mut program) = subject.request(GET);
        client
            .shutdown(Shutdown::Write)
            .expect("a socket can be half-closed");
        program
            .write_all(b"!still here.")
            .expect("the server reads");
        let answer = read_all(&client).expect("an orderly end");
        assert!(answer.contains("still here."), "{answer}");
    });
}

#[test]
fn a_stop_lets_an_answer_under_way_finish() {
    check(&Config::default(), |subject| {
        let kept = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        let (client, mut program) = subject.request(kept);
        subject.stop.stop();
        program
            .write_all(b"!the last one.")
            .expect("the server reads");
        let answer = read_all(&client).expect("an orderly end, although it was to be kept");
        assert!(answer.contains("the last one."), "{answer}");
    });
}

//! The course's own servers, where a check is not pointed at another.

use crate::binary::{self, Profile};
use crate::grader::subject::Subject;
use crate::grader::table::Needs;
use crate::grader::verdict::Problem;
use crate::subject::Serve;
use concurrency::{SERVERS, event_loop};
use socket::{Linger, Stop, accept_until, close_politely, echo};
use static_files::{Config, Handler};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::iter;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// What is heard of a guest who goes on talking.
const LINGER: Linger = Linger {
    bytes: 1 << 20,
    time: Duration::from_secs(2),
};

/// What step 5's server is told where it is to have Python as well, which takes its time to start.
const WSGI: [&str; 4] = ["--wsgi", "/wsgi=app:application", "--wsgi-path", "{wsgi}"];

/// For a guest to say something.
const PATIENCE: Duration = Duration::from_secs(1);

/// Octets of one line.
const LINE: u64 = 1024;

/// Octets of the long good-bye.
const FAREWELL: u64 = 1_000_000;

/// The server of the course that does what a check needs.
///
/// # Errors
/// Where it is a program that cannot be built.
pub(super) fn subject(needs: Needs) -> Result<Subject, Problem> {
    let serve: Serve = match needs {
        Needs::Address => return built(1),
        // What its programs complain about is no business of whoever reads the verdicts.
        Needs::Programs | Needs::FastCgi | Needs::Wires | Needs::Proxy | Needs::Tunnels => {
            return built(5);
        }
        Needs::Wsgi => return built(5).map(|subject| subject.told(&WSGI)),
        Needs::Echoes => echoes,
        Needs::Lines => lines,
        Needs::Patience => patient,
        Needs::Pages | Needs::PagesAndEcho | Needs::Files => SERVERS[0].1,
        Needs::Slow => SERVERS[2].1,
        Needs::Company | Needs::Panics | Needs::Executor | Needs::Quiet => event_loop,
        Needs::Chat
        | Needs::Uploads
        | Needs::Sorted
        | Needs::ErrorPages
        | Needs::Limited
        | Needs::Counted
        | Needs::Guarded
        | Needs::Sendfile
        | Needs::Cached
        | Needs::Examined => {
            return Err(beyond());
        }
    };
    Ok(Subject::function(serve))
}

/// What the course leaves to its exercises.
fn beyond() -> Problem {
    Problem::NotJudged("no server of the course does this: the exercise's solution does".into())
}

fn built(step: u8) -> Result<Subject, Problem> {
    match binary(step) {
        Ok(binary) => Ok(Subject::words(binary.words)),
        Err(why) => Err(Problem::NotJudged(why)),
    }
}

/// A program of the course, as it is built and as a person types it.
#[derive(Debug, Clone)]
pub struct Binary {
    /// Its command line, with the places that are filled.
    pub words: Vec<String>,
    /// What does the same when it is typed.
    pub typed: String,
}

/// Builds the program of a step.
///
/// # Errors
/// One sentence for a step without a server, and what Cargo said when it failed.
pub fn binary(step: u8) -> Result<Binary, String> {
    const FOLDER: &str = "{root} --listen {addr}";
    const BEHIND: &str = "--cgi /cgi={cgi} --fastcgi /fastcgi={fastcgi} --scgi /scgi={scgi} \
                          --uwsgi /uwsgi={uwsgi} --proxy /api={upstream},{other}";
    let gateway = format!("{FOLDER} --listing {BEHIND} --timeout gateway=2s");
    let (package, binary, arguments) = match step {
        1 => ("step01-socket", "step01-socket", "{addr}"),
        3 => ("step03-static", "step03-static", FOLDER),
        4 => ("step04-concurrency", "step04-concurrency", FOLDER),
        5 => ("step05-gateway", "gateway", gateway.as_str()),
        _ => {
            return Err(format!(
                "step {step} has no server: there are step01, step03, step04 and step05"
            ));
        }
    };
    let path = binary::build(package, binary, Profile::Dev)?;
    let words = iter::once(path.to_string_lossy().into_owned());
    let words = words.chain(arguments.split(' ').map(str::to_owned));
    Ok(Binary {
        words: words.collect(),
        typed: format!("cargo run -q -p {package} -- {arguments}"),
    })
}

/// Step 1's server: sends back what it gets.
fn echoes(listener: &TcpListener, _: &dyn Handler, _: &Config, stop: &Stop) -> io::Result<()> {
    accept_until(listener, stop, |stream| {
        // A guest who is gone is no loss.
        let _ = echo(&stream, &stream).and_then(|_| close_politely(&stream, LINGER));
    })
}

/// Chapter 1.5's server: sends back what it gets from a guest who is not silent for long.
fn patient(listener: &TcpListener, _: &dyn Handler, _: &Config, stop: &Stop) -> io::Result<()> {
    accept_until(listener, stop, |stream| {
        // As above.
        let _ = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| echo(&stream, &stream))
            .and_then(|_| close_politely(&stream, LINGER));
    })
}

/// Chapter 1.4's server: answers lines, and says a long good-bye.
fn lines(listener: &TcpListener, _: &dyn Handler, _: &Config, stop: &Stop) -> io::Result<()> {
    accept_until(listener, stop, |stream| {
        // As above.
        let _ = talk(&stream).and_then(|()| close_politely(&stream, LINGER));
    })
}

fn talk(mut stream: &TcpStream) -> io::Result<()> {
    let mut guest = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        guest.by_ref().take(LINE).read_until(b'\n', &mut line)?;
        match line.as_slice() {
            b"bye\n" => return echo(io::repeat(b'.').take(FAREWELL), stream).map(drop),
            [.., b'\n'] => {}
            _ => return Ok(()),
        }
        let answer = format!("a line of {} bytes\n", line.len() - 1);
        stream.write_all(answer.as_bytes())?;
    }
}

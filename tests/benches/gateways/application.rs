//! A FastCGI application that understands what it must and answers always the same.
//!
//! It looks for one thing, the end of a request's content, and knows one other, which request that
//! was. So what is measured is the server before it. Connections are kept, whatever is asked.
//!
//! Source: FastCGI 1.0 §3.3, §5.3, §5.5

use crate::Outcome;
use crate::contender::{Contender, Kind};
use crate::machine::Cores;
use crate::servers::ANSWER;
use check::TempFolder;
use concurrency::sys::{Epoll, Events, Interest};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Instant;

/// The first word of the command line that asks for it.
pub(crate) const WORD: &str = "fastcgi-application";

const HEADER: usize = 8;
const STDIN: u8 = 5;

/// The listener's token; connections are numbered from 0.
const LISTENER: u64 = u64::MAX;

pub(crate) fn start(folder: &TempFolder) -> Outcome<Contender> {
    let program = std::env::current_exe()?;
    let program = program.to_str().ok_or("a path that is no text")?;
    let words = [program, WORD, "{addr}"];
    Contender::start("application", Kind::Bare, &words, Cores::Shared, folder)
}

pub(crate) fn main(addr: Option<String>) -> ExitCode {
    match serve(&addr.unwrap_or_default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the application ended: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Line {
    stream: TcpStream,
    /// What has come and is no whole record.
    front: Vec<u8>,
}

fn serve(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    let (epoll, mut events) = (Epoll::new()?, Events::with_capacity(256));
    epoll.add(listener.as_fd(), LISTENER, Interest::READ)?;
    let mut lines: Vec<Option<Line>> = Vec::new();
    loop {
        epoll.wait(&mut events, Instant::now(), None)?;
        for event in events.iter() {
            if event.token == LISTENER {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                epoll.add(stream.as_fd(), lines.len() as u64, Interest::READ)?;
                let front = Vec::new();
                lines.push(Some(Line { stream, front }));
                continue;
            }
            let place = usize::try_from(event.token).expect("it is one of our numbers");
            if lines[place].as_mut().is_some_and(|line| !line.answer()) {
                lines[place] = None;
            }
        }
    }
}

impl Line {
    /// Receives once and answers what is complete; false when the connection is over.
    fn answer(&mut self) -> bool {
        let mut buf = [0; 4096];
        match self.stream.read(&mut buf) {
            Ok(0) | Err(_) => return false,
            Ok(n) => self.front.extend_from_slice(&buf[..n]),
        }
        let (mut at, mut out) = (0, Vec::new());
        while let Some(header) = self.front[at..].first_chunk::<HEADER>() {
            let [_, kind, high, low, len_high, len_low, padding, _] = *header;
            let len = usize::from(u16::from_be_bytes([len_high, len_low]));
            let whole = HEADER + len + usize::from(padding);
            if self.front.len() - at < whole {
                break;
            }
            at += whole;
            if kind == STDIN && len == 0 {
                answer_to([high, low], &mut out);
            }
        }
        self.front.drain(..at);
        out.is_empty() || self.stream.write_all(&out).is_ok()
    }
}

/// The answer's records: its octets, their end, and the end of the request.
fn answer_to([high, low]: [u8; 2], out: &mut Vec<u8>) {
    let octets = ANSWER.len();
    let content = format!("Content-Type: text/plain\r\nContent-Length: {octets}\r\n\r\n{ANSWER}");
    let len = u8::try_from(content.len()).expect("a short answer");
    out.extend([1, 6, high, low, 0, len, 0, 0]);
    out.extend(content.as_bytes());
    out.extend([1, 6, high, low, 0, 0, 0, 0]);
    out.extend([1, 3, high, low, 0, 8, 0, 0]);
    out.extend([0; 8]);
}

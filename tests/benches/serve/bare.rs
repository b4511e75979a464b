//! The limit: an event loop that receives, looks for the end of a head, and sends a constant.
//!
//! It understands nothing, checks nothing, waits for nobody, and cannot be used for anything else.
//! What a server spends beyond it is what HTTP costs.

use crate::Outcome;
use crate::contender::{Contender, Kind};
use crate::machine::Cores;
use check::TempFolder;
use concurrency::sys::{Epoll, Events, Interest};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Instant;

/// The first word of the command line that asks for it.
pub(crate) const WORD: &str = "bare-loop";

/// The file that all of its answers have.
const FILE: &str = "root/1024.bin";

/// The listener's token; connections are numbered from 0.
const LISTENER: u64 = u64::MAX;

pub(crate) fn start(cores: Cores, folder: &TempFolder) -> Outcome<Contender> {
    let program = std::env::current_exe()?;
    let program = program.to_str().ok_or("a path that is no text")?;
    let answer = folder.path().join("bare");
    let content = std::fs::read(folder.path().join(FILE))?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\
         Last-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\nETag: \"c4f1-400-18a0b1c2d3e4f5a6\"\r\n\
         Accept-Ranges: bytes\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n\
         Date: Sat, 21 Nov 2026 12:00:00 GMT\r\nServer: bare\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    std::fs::write(&answer, [head.as_bytes(), &content].concat())?;
    let words = [program, WORD, "{addr}|{root}/bare"];
    Contender::start("bare loop", Kind::Bare, &words, cores, folder)
}

pub(crate) fn main(place: Option<String>) -> ExitCode {
    let place = place.unwrap_or_default();
    let Some((addr, file)) = place.split_once('|') else {
        return ExitCode::FAILURE;
    };
    match serve(addr, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the bare loop ended: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(addr: &str, file: &str) -> io::Result<()> {
    let answer = std::fs::read(file)?;
    let listener = TcpListener::bind(addr)?;
    let (epoll, mut events) = (Epoll::new()?, Events::with_capacity(256));
    epoll.add(listener.as_fd(), LISTENER, Interest::READ)?;
    let mut streams: Vec<Option<TcpStream>> = Vec::new();
    let mut buf = [0; 4096];
    loop {
        epoll.wait(&mut events, Instant::now(), None)?;
        for event in events.iter() {
            if event.token == LISTENER {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                epoll.add(stream.as_fd(), streams.len() as u64, Interest::READ)?;
                streams.push(Some(stream));
                continue;
            }
            let place = usize::try_from(event.token).expect("it is one of our numbers");
            if let Some(stream) = &mut streams[place]
                && !answered(stream, &mut buf, &answer)
            {
                streams[place] = None;
            }
        }
    }
}

/// Receives once and answers; false when the connection is over.
fn answered(stream: &mut TcpStream, buf: &mut [u8], answer: &[u8]) -> bool {
    match stream.read(buf) {
        Ok(0) | Err(_) => false,
        Ok(n) if buf[..n].ends_with(b"\r\n\r\n") => {
            let closes = buf[..n].ends_with(b"Connection: close\r\n\r\n");
            stream.write_all(answer).is_ok() && !closes
        }
        Ok(_) => true,
    }
}

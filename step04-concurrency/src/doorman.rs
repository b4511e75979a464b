//! Turning clients away when there is no thread for them: 503, at once, without waiting for anybody.
//!
//! Closing right after the answer would not do. A request that is unread then, or crosses the
//! answer, makes the kernel reset the connection and throw the answer away (RFC 9112 §9.6). So the
//! doorman reads what is there, answers, half-closes, and keeps the connection for a while: the
//! last few it has turned away. The next ones push them out.

use http_parse::{Connection, Status};
use static_files::{Body, Config, Response, start_response};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, PoisonError};

/// Connections kept half-closed. Under a flood the time each of them gets shrinks, not the bound.
const LEAVING: usize = 64;

/// Answers 503, and remembers whom it has sent away.
#[derive(Debug)]
pub(crate) struct Doorman<'c> {
    config: &'c Config,
    leaving: Mutex<VecDeque<TcpStream>>,
}

impl<'c> Doorman<'c> {
    pub(crate) fn new(config: &'c Config) -> Doorman<'c> {
        Doorman {
            config,
            leaving: Mutex::new(VecDeque::new()),
        }
    }

    /// Sends a client away. What fails here fails for this client only, and nobody else can act
    /// on it.
    pub(crate) fn refuse(&self, stream: TcpStream) {
        if self.send_away(&stream).is_ok() {
            let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
            if leaving.len() == LEAVING {
                leaving.pop_front();
            }
            leaving.push_back(stream);
        }
    }

    fn send_away(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let mut request = [0; 4096];
        match stream.read(&mut request) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            Ok(_) | Err(_) => {}
        }
        // The socket is new and its buffer empty: this small page fits and does not wait.
        stream.write_all(&service_unavailable(self.config))?;
        stream.shutdown(Shutdown::Write)
    }
}

fn service_unavailable(config: &Config) -> Vec<u8> {
    let page = Response::error(
        Status::SERVICE_UNAVAILABLE,
        "Every worker of this server is busy. Try again in a moment.",
    )
    .with("Retry-After", "1");
    let mut connection = Connection::new(&config.limits);
    connection.close_after_response();
    let mut out = Vec::new();
    start_response(&mut connection, page.head, page.body.len(), &mut out);
    if let Body::Bytes(bytes) = &page.body {
        connection
            .send(bytes, &mut out)
            .expect("the length is the page's own");
    }
    out
}

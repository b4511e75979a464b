//! 5c FastCGI: one stream in, another out, and both of them in records.
//!
//! A record is as long as it says, padding included, and nothing is done with less of it. What comes
//! with one read is a coincidence.

use check::exercise::{self, Given};
use concurrency::sys;
use gateway::{Answer, Authorization, Environ, HeadReader, Mount};
use http_parse::{Method, Parsed, ResponseHead};
use static_files::{Ends, Exchange, Reply, Request, gateway_failure};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

/// Kinds of records (FastCGI §8).
const BEGIN: u8 = 1;
const END: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;
const STDERR: u8 = 7;

/// Writes octets of a stream as records: version, kind, request (2), length (2), padding, 0, and then the
/// content. No octets are one record without any, which ends the stream.
fn records(kind: u8, octets: &[u8], out: &mut Vec<u8>) {
    let mut record = |content: &[u8], length: u16| {
        out.extend([1, kind, 0, 1]);
        out.extend(length.to_be_bytes());
        out.extend([0, 0]);
        out.extend(content);
    };
    if octets.is_empty() {
        record(&[], 0);
    }
    for content in octets.chunks(u16::MAX.into()) {
        record(content, content.len() as u16);
    }
}

/// Takes the records off the front of what has come, and adds to `said` what is output in them.
/// Says whether the request is over.
fn decode(come: &mut Vec<u8>, said: &mut Vec<u8>) -> io::Result<bool> {
    let mut rest = &come[..];
    let mut is_over = false;
    while let [version, kind, _, _, high, low, padding, _, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((record, next)) = after.split_at_checked(length + usize::from(*padding)) else {
            break;
        };
        match (*version, *kind) {
            (1, STDOUT) => said.extend(&record[..length]),
            // What it complains about is for whoever runs it, and never for the client.
            (1, STDERR) => io::stderr().write_all(&record[..length])?,
            (1, END) => is_over = true,
            _ => return Err(ErrorKind::InvalidData.into()),
        }
        rest = next;
    }
    let taken = come.len() - rest.len();
    come.drain(..taken);
    Ok(is_over)
}

/// A request under way to an application.
#[derive(Debug)]
struct Asking {
    method: Method,
    application: TcpStream,
    /// What waits to be sent.
    out: Vec<u8>,
    /// Whether the application will have been told that there is no more content.
    is_told: bool,
    /// What has come and was not decoded, and what it said that was not passed on.
    come: Vec<u8>,
    said: Vec<u8>,
    is_over: bool,
}

impl Asking {
    fn send(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            let count = self.application.write(&self.out)?;
            self.out.drain(..count);
        }
        Ok(())
    }

    fn hear(&mut self) -> io::Result<()> {
        // Who takes no more may still have something to say.
        let _ = self.send();
        let mut piece = [0; 16 * 1024];
        match self.application.read(&mut piece)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => self.come.extend(&piece[..count]),
        }
        self.is_over = decode(&mut self.come, &mut self.said)?;
        Ok(())
    }
}

impl Exchange for Asking {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.send()?;
        records(STDIN, data, &mut self.out);
        Ok(data.len())
    }

    fn close_write(&mut self) -> io::Result<()> {
        if !self.is_told {
            records(STDIN, &[], &mut self.out);
            self.is_told = true;
        }
        self.send()
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        loop {
            match HeadReader::default().read(&self.said)? {
                Parsed::Complete(Answer::Client { head, .. }, end) => {
                    self.said.drain(..end);
                    return Ok(head);
                }
                Parsed::Complete(Answer::Local(_), _) => return Err(ErrorKind::Unsupported.into()),
                Parsed::Partial if self.is_over => return Err(ErrorKind::UnexpectedEof.into()),
                Parsed::Partial => self.hear()?,
            }
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.method == Method::Head {
            return Ok(0);
        }
        while self.said.is_empty() && !self.is_over {
            self.hear()?;
        }
        let count = self.said.as_slice().read(buf)?;
        self.said.drain(..count);
        Ok(count)
    }

    fn ends(&self) -> Ends<'_> {
        Ends::Duplex(self.application.as_fd())
    }

    fn has_pending(&self) -> bool {
        !self.out.is_empty()
    }
}

/// Asks an application: for its answer, and to close the connection after it.
fn ask(application: SocketAddr, request: &Request) -> io::Result<Asking> {
    let mount = Mount {
        script_name: b"/fastcgi",
        path_info: request.path().strip_prefix(b"/fastcgi").unwrap_or_default(),
        document_root: Path::new("/"),
        script_filename: Path::new("/fastcgi"),
    };
    let environ = Environ::new(request, &mount, Authorization::Passed);
    let mut pairs = Vec::new();
    for (name, value) in environ.iter() {
        // Four octets for each length; the first bit says that it is not one (§3.4).
        let length = |text: &[u8]| (text.len() as u32 | 1 << 31).to_be_bytes();
        pairs.extend([length(name), length(value)].concat());
        pairs.extend([name, value].concat());
    }
    let mut out = Vec::new();
    records(BEGIN, &[0, 1, 0, 0, 0, 0, 0, 0], &mut out);
    records(PARAMS, &pairs, &mut out);
    records(PARAMS, &[], &mut out);
    Ok(Asking {
        method: request.method().clone(),
        application: sys::connect(application)?,
        out,
        is_told: false,
        come: Vec::new(),
        said: Vec::new(),
        is_over: false,
    })
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/fastcgi", || {
        let application = given.place("fastcgi")?.parse().map_err(io::Error::other)?;
        let asked = move |request: &Request| match ask(application, request) {
            Ok(asking) => Reply::Exchange(Box::new(asking)),
            Err(error) => Reply::Ready(gateway_failure(&error)),
        };
        Ok(asked)
    })
}

fn main() -> ExitCode {
    exercise::main("5c", serve)
}

//! 5j X-Sendfile: a program names a file, and the server sends it.
//!
//! The misconception: the file is asked for as the program was. Who has posted a form, and is allowed a
//! file for it, is answered 405.

use check::exercise::{self, Given};
use concurrency::event_loop;
use gateway::{BadPrefix, Cgi, Prefix, Programs, Routes};
use http_parse::{Limits, Parsed, ResponseHead, parse_request_head};
use static_files::{
    Collect, Config, Ends, Exchange, Files, Handler, Listing, Reply, Request, Response, Timeouts,
};
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The name of a file, among the fields of a program's answer.
const NAME: &str = "X-Sendfile";

/// What a program may name.
#[derive(Debug)]
struct Site {
    files: Files,
}

/// A program, and in its place the file that it has named.
#[derive(Debug)]
struct Sending {
    site: Arc<Site>,
    request: Request,
    current: Box<dyn Exchange>,
    /// Counts what has been in `current`.
    generation: u32,
}

impl Sending {
    /// The answer to the request, if it is that file.
    fn named(&self, name: &[u8]) -> io::Result<Response> {
        let line = [b"GET /", &escaped(name)[..], b" HTTP/1.0\r\n\r\n"].concat();
        // Only the parser makes targets, so that none is unchecked.
        let Ok(Parsed::Complete(named, _)) = parse_request_head(&line, &Limits::default()) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let mut request = without_content(&self.request);
        request.head.target = named.target;
        match self.site.files.handle(&request) {
            Reply::Ready(response) => Ok(response),
            Reply::Exchange(_) => unreachable!("files are answered at once"),
        }
    }

    /// Puts a response in the place of the program, and returns its head.
    fn replace(&mut self, response: Response) -> io::Result<ResponseHead> {
        let request = without_content(&self.request);
        let answer = |_: &Request, _: Vec<u8>| response;
        self.current = Box::new(Collect::new(request, 0, answer));
        self.generation += 1;
        self.current.close_write()?;
        self.current.head()
    }
}

impl Exchange for Sending {
    fn head(&mut self) -> io::Result<ResponseHead> {
        let said = self.current.head()?;
        let Some(name) = said.fields.get(NAME) else {
            return Ok(said);
        };
        let mut head = self.named(name).and_then(|file| self.replace(file))?;
        if head.status.code() >= 400 {
            return Ok(head);
        }
        // What the program says beside the name is said of the file.
        for (name, value) in said.fields.iter() {
            let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
            if is("Content-Type") {
                head.fields.remove("Content-Type");
            }
            if !is(NAME) && !is("Content-Length") {
                let pushed = head.fields.try_push(name, value);
                pushed.map_err(|_| io::ErrorKind::InvalidData)?;
            }
        }
        Ok(head)
    }

    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self.generation {
            0 => self.current.write(data),
            // The program is gone, and a file takes nothing.
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn close_write(&mut self) -> io::Result<()> {
        match self.generation {
            0 => self.current.close_write(),
            _ => Ok(()),
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.current.read(buf)
    }

    fn ends(&self) -> Ends<'_> {
        self.current.ends()
    }

    fn generation(&self) -> u32 {
        self.generation
    }
}

/// A name as a target spells it: with nothing in it that means anything there but slashes.
fn escaped(name: &[u8]) -> Vec<u8> {
    let escape = |octet: &u8| match octet {
        b'/' | b'.' | b'-' | b'_' => vec![*octet],
        octet if octet.is_ascii_alphanumeric() => vec![*octet],
        octet => format!("%{octet:02X}").into_bytes(),
    };
    name.iter().flat_map(escape).collect()
}

/// A request that is answered without its content.
fn without_content(request: &Request) -> Request {
    let mut request = request.clone();
    request.framing = http_parse::Framing::None;
    request
}

fn serve(given: &Given) -> io::Result<()> {
    let files = Files::new(&given.root()?)?.listing(Listing::Shown);
    let site = Arc::new(Site { files });
    let below: Prefix = "/cgi"
        .parse()
        .map_err(|bad: BadPrefix| io::Error::other(bad))?;
    let programs = Programs::new(Programs::LIMIT)?;
    let programs = Cgi::new(below.clone(), &given.programs()?, &programs)?;
    let rest = Arc::clone(&site);
    let mut routes = Routes::new(move |request: &Request| rest.files.handle(request));
    routes.mount(below, move |request: &Request| {
        match programs.handle(request) {
            Reply::Exchange(current) => Reply::Exchange(Box::new(Sending {
                site: Arc::clone(&site),
                request: request.clone(),
                current,
                generation: 0,
            })),
            Reply::Ready(response) => Reply::Ready(response),
        }
    });
    let timeouts = Timeouts {
        gateway: Duration::from_secs(2),
        ..Timeouts::default()
    };
    let config = Config {
        timeouts,
        ..Config::default()
    };
    let stop = given.stop()?;
    event_loop(&given.listener()?, &routes, &config, &stop)
}

fn main() -> ExitCode {
    exercise::main("5j", serve)
}

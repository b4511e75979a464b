//! 5d One app, four wires: the same variables, written down in two more ways.
//!
//! Write the bodies of `scgi` and `uwsgi`. What follows them, and what comes back, is given, as are CGI
//! and FastCGI; `cargo test --test 5d` judges it.

use check::exercise::{self, Given};
use concurrency::{event_loop, sys};
use gateway::{
    Address, Answer, Authorization, BadPrefix, Capacity, Cgi, Complaints, Environ, HeadReader,
    Mount, Prefix, Programs, Remote, Routes, Upstream, Words,
};
use http_parse::{Framing, Limits, Method, Parsed, ResponseHead, Status, parse_response_head};
use static_files::{
    Config, Ends, Exchange, Files, Handler, Listing, Reply, Request, Response, gateway_failure,
};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

/// The variables as a string with its length before it: `70:CONTENT_LENGTH␀27␀SCGI␀1␀…,`
fn scgi(environ: &Environ) -> Vec<u8> {
    // Which two have to be first? And what of a variable that is empty?
    let pairs = environ.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<u8> = pairs
        .flat_map(|(name, value)| [name, b"\0", value, b"\0"].concat())
        .collect();
    [format!("{}:", pairs.len()).as_bytes(), &pairs, b","].concat()
}

/// The variables behind lengths of two octets: 0, the length of them all, 0, and then each name and
/// each value behind its own.
fn uwsgi(environ: &Environ) -> io::Result<Vec<u8>> {
    // In which order do these two octets come? And what if there are more than they can count?
    let length = |octets: &[u8]| (octets.len() as u16).to_be_bytes();
    let pairs: Vec<u8> = environ
        .iter()
        .flat_map(|(name, value)| [&length(name), name, &length(value), value].concat())
        .collect();
    Ok([&[0], &length(&pairs)[..], &[0], &pairs].concat())
}

#[derive(Debug, Clone, Copy)]
enum Wire {
    Scgi,
    Uwsgi,
}

/// A request under way: octets of an application, until it closes the connection.
#[derive(Debug)]
struct Asking {
    wire: Wire,
    method: Method,
    application: TcpStream,
    /// What waits to be sent, and what was heard and not passed on.
    out: Vec<u8>,
    said: Vec<u8>,
}

impl Asking {
    fn send(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            let count = self.application.write(&self.out)?;
            self.out.drain(..count);
        }
        Ok(())
    }

    /// The head of the answer, and how many octets it is.
    fn read_head(&self) -> io::Result<Parsed<ResponseHead>> {
        match self.wire {
            Wire::Scgi => match HeadReader::default().read(&self.said)? {
                Parsed::Complete(Answer::Client { head, .. }, end) => {
                    Ok(Parsed::Complete(head, end))
                }
                Parsed::Complete(Answer::Local(_), _) => Err(ErrorKind::Unsupported.into()),
                Parsed::Partial => Ok(Parsed::Partial),
            },
            Wire::Uwsgi => parse_response_head(&self.said, &Limits::default())
                .map_err(|_| ErrorKind::InvalidData.into()),
        }
    }
}

impl Exchange for Asking {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.send()?;
        self.application.write(data)
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.send()
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        // Who takes no more may still have something to say.
        let _ = self.send();
        loop {
            if let Parsed::Complete(head, end) = self.read_head()? {
                self.said.drain(..end);
                return Ok(head);
            }
            let mut piece = [0; 4096];
            match self.application.read(&mut piece)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                count => self.said.extend(&piece[..count]),
            }
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.method == Method::Head {
            return Ok(0);
        }
        let count = self.said.as_slice().read(buf)?;
        self.said.drain(..count);
        match count {
            0 => self.application.read(buf),
            count => Ok(count),
        }
    }

    fn ends(&self) -> Ends<'_> {
        Ends::Duplex(self.application.as_fd())
    }

    fn has_pending(&self) -> bool {
        !self.out.is_empty()
    }
}

fn ask(wire: Wire, application: SocketAddr, request: &Request) -> io::Result<Asking> {
    let (script, rest) = request.path().split_at(match wire {
        Wire::Scgi => "/scgi".len(),
        Wire::Uwsgi => "/uwsgi".len(),
    });
    let path = static_files::SitePath::parse(rest).map_err(|_| ErrorKind::InvalidInput)?;
    let mount = Mount {
        script_name: script,
        path_info: &[b"/", path.relative().as_os_str().as_encoded_bytes()].concat(),
        document_root: Path::new("/"),
        script_filename: Path::new("/"),
    };
    let environ = Environ::new(request, &mount, Authorization::Passed);
    Ok(Asking {
        wire,
        method: request.method().clone(),
        application: sys::connect(application)?,
        out: match wire {
            Wire::Scgi => scgi(&environ),
            Wire::Uwsgi => uwsgi(&environ)?,
        },
        said: Vec::new(),
    })
}

fn plain(wire: Wire, application: SocketAddr) -> impl Handler + Send + 'static {
    move |request: &Request| match (request.framing, ask(wire, application, request)) {
        (Framing::Chunked, _) => {
            let sentence = "The application has to know the length beforehand.";
            Reply::Ready(Response::error(Status::LENGTH_REQUIRED, sentence))
        }
        (_, Ok(asking)) => Reply::Exchange(Box::new(asking)),
        (_, Err(error)) => Reply::Ready(gateway_failure(&error)),
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let root = given.root()?;
    let at = |path: &str| path.parse().map_err(|bad: BadPrefix| io::Error::other(bad));
    let address = |name| given.place(name)?.parse().map_err(io::Error::other);
    let fastcgi: Address = given.place("fastcgi")?.parse().map_err(io::Error::other)?;
    let capacity = Capacity::default();
    let upstream = Upstream::new(vec![fastcgi], capacity, &Complaints::new()?);
    let below: Prefix = at("/cgi")?;
    let programs = Programs::new(Programs::LIMIT)?;
    let programs = Cgi::new(below.clone(), &given.programs()?, &programs)?;
    let remote = Remote::new(at("/fastcgi")?, &root, Words::FastCgi, &upstream);

    let mut site = Routes::new(Files::new(&root)?.listing(Listing::Shown));
    site.mount(below, programs);
    site.mount(at("/fastcgi")?, remote);
    site.mount(at("/scgi")?, plain(Wire::Scgi, address("scgi")?));
    site.mount(at("/uwsgi")?, plain(Wire::Uwsgi, address("uwsgi")?));
    let stop = given.stop()?;
    event_loop(&given.listener()?, &site, &Config::default(), &stop)
}

fn main() -> ExitCode {
    exercise::main("5d", serve)
}

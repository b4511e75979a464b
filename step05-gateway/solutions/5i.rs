//! 5i Middleware: an application around another, and neither knows of the other.
//!
//! The one within is given a responder of ours, and answers as to any other. We read the head, as the
//! server will, and then count what passes.

use check::exercise::{self, Given};
use gateway::{Answer, App, BodyWriter, HeadReader, Offload, Pool, Responder};
use http_parse::{Method, Parsed, ResponseHead, Status};
use static_files::Request;
use std::io::{self, BufWriter, Read, Write};
use std::mem;
use std::process::ExitCode;

/// Writes a line about each answer of the application within: `GET /count/3 200 6`.
struct Logged<A> {
    inner: A,
}

impl<A: App> App for Logged<A> {
    fn call(&self, request: &Request, content: &mut dyn Read, to: Responder<'_>) -> io::Result<()> {
        let mut tap = Tap {
            passing: Passing::Head(to, Vec::new()),
            status: Status::BAD_GATEWAY,
            octets: 0,
        };
        let result = self.inner.call(request, content, Responder::new(&mut tap));
        // To HEAD the head alone is sent, whatever an application writes (RFC 9110 §9.3.2).
        let octets = match request.method() {
            Method::Head => 0,
            _ => tap.octets,
        };
        let (status, target) = (tap.status.code(), request.head.target.raw().escape_ascii());
        eprintln!("{} {target} {status} {octets}", request.method().as_str());
        result
    }
}

/// Stands between an application and whoever takes its answer.
struct Tap<'a> {
    passing: Passing<'a>,
    /// 502 until there is another: that is what a client gets who gets no answer.
    status: Status,
    octets: u64,
}

enum Passing<'a> {
    /// The head, as far as it has come.
    Head(Responder<'a>, Vec<u8>),
    Content(BodyWriter<'a>),
    /// Nothing more: it could not be passed on.
    Nothing,
}

impl Tap<'_> {
    /// Hands the head on when all of it has come; content may have come with it.
    fn head(&mut self, data: &[u8]) -> io::Result<()> {
        let Passing::Head(to, mut come) = mem::replace(&mut self.passing, Passing::Nothing) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        come.extend(data);
        match HeadReader::default().read(&come)? {
            Parsed::Complete(Answer::Client { head, .. }, end) => {
                self.status = head.status;
                self.passing = Passing::Content(to.start(&head)?);
                self.write_all(&come[end..])
            }
            Parsed::Complete(Answer::Local(_), _) => Err(io::ErrorKind::Unsupported.into()),
            Parsed::Partial => {
                self.passing = Passing::Head(to, come);
                Ok(())
            }
        }
    }
}

impl Write for Tap<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let Passing::Content(body) = &mut self.passing else {
            return self.head(data).map(|()| data.len());
        };
        let count = body.write(data)?;
        self.octets += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.passing {
            Passing::Content(body) => body.flush(),
            Passing::Head(..) | Passing::Nothing => Ok(()),
        }
    }
}

/// Counts: `/count/3` is 1, 2 and 3, a line each.
struct Count;

impl App for Count {
    fn call(&self, request: &Request, _: &mut dyn Read, to: Responder<'_>) -> io::Result<()> {
        let number = request.path().strip_prefix(b"/count/");
        let number = number.and_then(|number| str::from_utf8(number).ok());
        let mut head = ResponseHead::new(Status::OK);
        head.fields.push("Content-Type", "text/plain");
        let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) else {
            head.status = Status::NOT_FOUND;
            return writeln!(to.start(&head)?, "that is no number");
        };
        let mut body = BufWriter::new(to.start(&head)?);
        (1..=number).try_for_each(|n| writeln!(body, "{n}"))?;
        body.flush()
    }
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/count", || {
        let app = Offload::new(Logged { inner: Count }, Pool::default())?;
        Ok(app)
    })
}

fn main() -> ExitCode {
    exercise::main("5i", serve)
}

//! 5i Middleware: an application around another, and neither knows of the other.
//!
//! Write the body of `Logged::call`, and what it takes to see what passes. The application within is
//! given; `cargo test --test 5i` judges it.

use check::exercise::{self, Given};
use gateway::{App, Offload, Pool, Responder};
use http_parse::{ResponseHead, Status};
use static_files::Request;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

/// Writes a line about each answer of the application within: `GET /count/3 200 6`.
struct Logged<A> {
    inner: A,
}

impl<A: App> App for Logged<A> {
    fn call(&self, request: &Request, content: &mut dyn Read, to: Responder<'_>) -> io::Result<()> {
        let result = self.inner.call(request, content, to);
        // What it said went past us. What could be handed on instead of `to`?
        let (status, octets) = (200, 0);
        let target = request.head.target.raw().escape_ascii();
        eprintln!("{} {target} {status} {octets}", request.method().as_str());
        result
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

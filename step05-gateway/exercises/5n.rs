//! 5n Basic authentication: a handler around another, which asks for a password.
//!
//! Write the bodies of `is_kept` and `may_read`. What is within, the challenge and base64 are given;
//! `cargo test --test 5n` judges it.

use check::exercise::{self, Given};
use concurrency::event_loop;
use http_parse::{Fields, Status};
use static_files::{Config, Files, Handler, Listing, Reply, Request, Response};
use std::io;
use std::process::ExitCode;

/// Who may read what is kept.
const USER: &[u8] = b"reader";
const PASSWORD: &[u8] = "open: sésame".as_bytes();

/// Lets those pass to the handler within who may.
struct Guarded<H> {
    inner: H,
}

impl<H: Handler> Handler for Guarded<H> {
    fn handle(&self, request: &Request) -> Reply {
        if !is_kept(request.path()) || may_read(&request.head.fields) {
            return self.inner.handle(request);
        }
        let challenge = r#"Basic realm="letters", charset="UTF-8""#;
        let page = Response::error(Status::UNAUTHORIZED, "This is for those with a password.");
        page.with("WWW-Authenticate", challenge).into()
    }
}

/// Whether a path leads below `/kept/`.
fn is_kept(path: &[u8]) -> bool {
    // In how many ways can that be spelled?
    path.starts_with(b"/kept/")
}

/// Whether these are the fields of somebody who knows the password.
fn may_read(fields: &Fields) -> bool {
    // What may stand before the word, in the password, and between two lines of the same name?
    let credentials = fields.get("Authorization").unwrap_or_default();
    let said = credentials.strip_prefix(b"Basic ").and_then(decoded);
    let said = said.unwrap_or_default();
    let words: Vec<&[u8]> = said.split(|octet| *octet == b':').collect();
    words == [USER, PASSWORD]
}

/// What base64 stands for; `None` where it stands for nothing (RFC 4648 §4).
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: &u8| match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let padding = text
        .iter()
        .rev()
        .take_while(|octet| **octet == b'=')
        .count();
    let digits = &text[..text.len() - padding];
    let values: Vec<u8> = digits.iter().map(value).collect::<Option<_>>()?;
    let octets = values.chunks(4).flat_map(|group| {
        let bits = group
            .iter()
            .fold(0, |bits, value| bits << 6 | u32::from(*value));
        let bits = bits << (6 * (4 - group.len()));
        let [_, octets @ ..] = bits.to_be_bytes();
        octets.into_iter().take(group.len() * 6 / 8)
    });
    Some(octets.collect())
}

fn serve(given: &Given) -> io::Result<()> {
    let inner = Files::new(&given.root()?)?.listing(Listing::Shown);
    let stop = given.stop()?;
    event_loop(
        &given.listener()?,
        &Guarded { inner },
        &Config::default(),
        &stop,
    )
}

fn main() -> ExitCode {
    exercise::main("5n", serve)
}

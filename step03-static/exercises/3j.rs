//! 3j Error pages: the site's own page for what went wrong, whoever it was that failed.
//!
//! Write the body of `handle`. The pages are read, and there is a handler to wrap;
//! `cargo test --test 3j` judges yours.

use check::exercise::{self, Given};
use http_parse::{Method, RequestHead, Status};
use static_files::{Collect, Files, Handler, Listing, Record, Reply, Request, Response};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::{fs, io};

/// The pages there are, by the status they are for: 404, and 500 to 599.
type Pages = BTreeMap<u16, Arc<str>>;

fn read(folder: &Path) -> Pages {
    let page = |status: u16| {
        let page = fs::read_to_string(folder.join(format!("{status}.html"))).ok()?;
        Some((status, page.into()))
    };
    [404].into_iter().chain(500..600).filter_map(page).collect()
}

/// A handler whose errors have the site's own pages. It may be any handler.
struct ErrorPages<H> {
    inner: H,
    pages: Arc<Pages>,
}

impl<H: Handler> Handler for ErrorPages<H> {
    fn handle(&self, request: &Request) -> Reply {
        // A page has a status and content. What else was in the answer? And does every answer have
        // a status already?
        match self.inner.handle(request) {
            Reply::Ready(response) => match self.pages.get(&response.head.status.code()) {
                Some(page) => Response::new(response.head.status)
                    .typed("text/html; charset=utf-8", page.to_string())
                    .into(),
                None => response.into(),
            },
            exchange @ Reply::Exchange(_) => exchange,
        }
    }

    fn record(&self, peer: SocketAddr, head: Option<&RequestHead>) -> Option<Record> {
        self.inner.record(peer, head)
    }
}

/// The handler that is wrapped: files, and three paths at which something goes wrong.
fn site(files: &Files, request: &Request) -> Reply {
    let own = |status, words: &str| {
        let mut response = Response::text(words);
        response.head.status = status;
        response
    };
    let down = move || own(Status::SERVICE_UNAVAILABLE, "down for now\n").with("Retry-After", "30");
    match (request.path(), request.method()) {
        (b"/down", Method::Get | Method::Head) => down().into(),
        // It takes what is sent, so its status is known only when that has come.
        (b"/down", _) => {
            let answer = move |_: &Request, _| down();
            Reply::Exchange(Box::new(Collect::new(request.clone(), 1 << 20, answer)))
        }
        (b"/broken", _) => own(Status::INTERNAL_SERVER_ERROR, "out of order\n").into(),
        (b"/gone", _) => own(Status::GONE, "sold in spring\n").into(),
        _ => files.handle(request),
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let root = given.root()?;
    let files = Files::new(&root)?.listing(Listing::Shown);
    given.serve(&ErrorPages {
        inner: |request: &Request| site(&files, request),
        pages: Arc::new(read(&root.join("errors"))),
    })
}

fn main() -> ExitCode {
    exercise::main("3j", serve)
}

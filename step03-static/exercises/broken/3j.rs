//! 3j Error pages: the site's own page for what went wrong, whoever it was that failed.
//!
//! The misconception: an error is an error. A handler that answers 410 or 405 has said why, in words
//! that no page can know, and they are gone.

use check::exercise::{self, Given};
use http_parse::{Method, RequestHead, ResponseHead, Status};
use static_files::{
    Body, Collect, Ends, Exchange, Files, Handler, Listing, Record, Reply, Request, Response,
};
use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use std::{fs, io};

/// The pages there are, by the status they are for.
type Pages = BTreeMap<u16, Arc<str>>;

fn read(folder: &Path) -> Pages {
    let page = |status: u16| {
        let page = fs::read_to_string(folder.join(format!("{status}.html"))).ok()?;
        Some((status, page.into()))
    };
    (400..600).filter_map(page).collect()
}

/// A handler whose errors have the site's own pages. It may be any handler.
struct ErrorPages<H> {
    inner: H,
    pages: Arc<Pages>,
}

impl<H: Handler> Handler for ErrorPages<H> {
    fn handle(&self, request: &Request) -> Reply {
        match self.inner.handle(request) {
            Reply::Ready(mut response) => {
                if let Some(page) = replace(&self.pages, &mut response.head) {
                    response.body = Body::Bytes(Arc::from(page.as_bytes()));
                }
                response.into()
            }
            Reply::Exchange(inner) => Reply::Exchange(Box::new(Waiting {
                inner,
                pages: Arc::clone(&self.pages),
                page: None,
            })),
        }
    }

    fn record(&self, peer: SocketAddr, head: Option<&RequestHead>) -> Option<Record> {
        self.inner.record(peer, head)
    }
}

/// Fields that tell of content which is no longer sent.
const OF_CONTENT: [&str; 8] = [
    "Content-Type",
    "Content-Length",
    "Content-Encoding",
    "Content-Language",
    "Content-Range",
    "Transfer-Encoding",
    "ETag",
    "Last-Modified",
];

/// The page that stands in for the content of an answer, whose head is then the page's.
fn replace(pages: &Pages, head: &mut ResponseHead) -> Option<Arc<str>> {
    let page = pages.get(&head.status.code())?;
    for name in OF_CONTENT {
        head.fields.remove(name);
    }
    head.fields.push("Content-Type", "text/html; charset=utf-8");
    head.fields.push("Content-Length", &page.len().to_string());
    Some(Arc::clone(page))
}

/// An exchange whose head decides, once it comes, what is read after it.
#[derive(Debug)]
struct Waiting {
    inner: Box<dyn Exchange>,
    pages: Arc<Pages>,
    /// The page that is sent instead of the content, and how much of it has been read.
    page: Option<(Arc<str>, usize)>,
}

impl Exchange for Waiting {
    fn head(&mut self) -> io::Result<ResponseHead> {
        let mut head = self.inner.head()?;
        self.page = replace(&self.pages, &mut head).map(|page| (page, 0));
        Ok(head)
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.page {
            Some((page, at)) => {
                let count = (&page.as_bytes()[*at..]).read(buf)?;
                *at += count;
                Ok(count)
            }
            None => self.inner.read(buf),
        }
    }

    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.inner.write(data)
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.inner.close_write()
    }

    fn ends(&self) -> Ends<'_> {
        self.inner.ends()
    }

    fn generation(&self) -> u32 {
        self.inner.generation()
    }

    fn has_pending(&self) -> bool {
        self.inner.has_pending()
    }

    fn deadline(&self) -> Option<Instant> {
        self.inner.deadline()
    }

    fn timed_out(&mut self) {
        self.inner.timed_out();
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

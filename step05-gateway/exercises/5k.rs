//! 5k Response cache: answers for many, asked for once.
//!
//! Write the bodies of `good_for` and `join`. Asking, collecting and giving are given;
//! `cargo test --test 5k` judges it.

use check::Gate;
use check::exercise::{self, Given};
use gateway::{Address, Capacity, Complaints, Proxy, Upstream};
use http_parse::{Framing, Method, ResponseHead, Status};
use static_files::{Body, Collect, Ends, Exchange, Handler, Reply, Request, Response};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer may be given to others; `None` if never.
fn good_for(head: &ResponseHead) -> Option<Duration> {
    // It says how long. Does it also say to whom? (RFC 9111 §3)
    let max_age = |word: &[u8]| -> Option<u64> {
        let word = str::from_utf8(word).ok()?;
        word.strip_prefix("max-age=")?.parse().ok()
    };
    let seconds = head.fields.list("Cache-Control").find_map(max_age)?;
    (head.status == Status::OK).then(|| Duration::from_secs(seconds))
}

impl Shelf {
    /// Joins those who wait for this page, and returns what to wait for: a gate, whose other end is
    /// among `asked`. `None` for who has to ask for it.
    fn join(&mut self, page: &[u8]) -> io::Result<Option<Gate>> {
        // Everybody asks. When does anybody not need to?
        self.asked.entry(page.to_owned()).or_default();
        Ok(None)
    }
}

/// Octets of a page that is kept, and of all of them; and how many there are.
const PAGE: usize = 1 << 20;
const ALL: usize = 8 << 20;
const PAGES: usize = 1024;

/// What is kept, and who waits for what.
#[derive(Debug, Default)]
struct Shelf {
    pages: VecDeque<(Box<[u8]>, Page)>,
    /// By page that somebody has asked for: who waits. An octet tells them to ask for themselves, and
    /// an end to look again.
    asked: BTreeMap<Vec<u8>, Vec<UnixStream>>,
}

#[derive(Debug)]
struct Page {
    head: ResponseHead,
    content: Arc<[u8]>,
    since: Instant,
    good_for: Duration,
}

impl Shelf {
    fn find(&self, page: &[u8]) -> Option<Response> {
        let (_, page) = self.pages.iter().find(|(known, _)| **known == *page)?;
        let age = page.since.elapsed();
        let mut response = Response::new(Status::OK);
        response.head = page.head.clone();
        response.body = Body::Bytes(Arc::clone(&page.content));
        (age < page.good_for).then(|| response.with("Age", &age.as_secs().to_string()))
    }

    /// Keeps a page, and lets the oldest ones go for it.
    fn keep(&mut self, name: &[u8], page: Page) {
        self.pages.retain(|(known, _)| **known != *name);
        self.pages.push_back((name.into(), page));
        let lengths = self.pages.iter().map(|(_, page)| page.content.len());
        let mut octets: usize = lengths.sum();
        while octets > ALL || self.pages.len() > PAGES {
            let oldest = self.pages.pop_front();
            octets -= oldest.map_or(0, |(_, page)| page.content.len());
        }
    }
}

#[derive(Debug)]
struct Cache {
    proxy: Proxy,
    shelf: Mutex<Shelf>,
}

impl Cache {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // What is on it is whole at any time.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a page, or waits for it, or asks for it: then others may wait for the answer.
    fn look(&self, request: &Request, name: &[u8]) -> io::Result<(Role, Box<dyn Exchange>)> {
        let mut shelf = self.shelf();
        if let Some(page) = shelf.find(name) {
            return Ok((Role::Alone, given(request, page)));
        }
        if let Some(gate) = shelf.join(name)? {
            return Ok((Role::Waits, Box::new(gate)));
        }
        drop(shelf);
        Ok((Role::Asks, self.ask(request)))
    }

    fn ask(&self, request: &Request) -> Box<dyn Exchange> {
        match self.proxy.handle(request) {
            Reply::Exchange(exchange) => exchange,
            Reply::Ready(response) => given(request, response),
        }
    }
}

/// A response that is there, as an exchange.
fn given(request: &Request, response: Response) -> Box<dyn Exchange> {
    Box::new(Collect::new(request.clone(), 0, |_, _| response))
}

/// A request for a page that may be kept.
#[derive(Debug)]
struct Wanted {
    cache: Arc<Cache>,
    request: Request,
    name: Vec<u8>,
    role: Role,
    current: Box<dyn Exchange>,
    /// The answer as far as it has come, if it is to be kept.
    taking: Option<(ResponseHead, Duration, Vec<u8>)>,
    generation: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Waits,
    /// Asks, and others may wait for the answer.
    Asks,
    Alone,
}

impl Wanted {
    fn begin(cache: &Arc<Cache>, request: &Request, name: Vec<u8>) -> io::Result<Wanted> {
        let (role, current) = cache.look(request, &name)?;
        Ok(Wanted {
            cache: Arc::clone(cache),
            request: request.clone(),
            name,
            role,
            current,
            taking: None,
            generation: 0,
        })
    }

    /// Tells those who wait to look again, or to ask for themselves.
    fn tell(&mut self, word: &[u8]) {
        if mem::replace(&mut self.role, Role::Alone) == Role::Asks {
            let waiting = self.cache.shelf().asked.remove(&self.name);
            for mut end in waiting.unwrap_or_default() {
                // Whoever has left needs no word.
                let _ = end.write(word);
            }
        }
    }
}

const LOOK_AGAIN: &[u8] = b"";
const ASK_YOURSELF: &[u8] = b"!";

impl Drop for Wanted {
    fn drop(&mut self) {
        self.tell(LOOK_AGAIN);
    }
}

impl Exchange for Wanted {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.current.close_write()
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        while self.role == Role::Waits {
            (self.role, self.current) = match self.current.read(&mut [0])? {
                0 => self.cache.look(&self.request, &self.name)?,
                _ => (Role::Alone, self.cache.ask(&self.request)),
            };
            self.generation += 1;
            match self.close_write() {
                // It was told, and what is left to be sent leaves with the next call.
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        let head = self.current.head()?;
        match good_for(&head) {
            Some(time) if self.role == Role::Asks => {
                self.taking = Some((head.clone(), time, Vec::new()));
            }
            _ => self.tell(ASK_YOURSELF),
        }
        Ok(head)
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.current.read(buf)?;
        if let Some((_, _, content)) = &mut self.taking {
            content.extend(&buf[..count]);
            if content.len() > PAGE {
                self.taking = None;
                self.tell(ASK_YOURSELF);
            }
        }
        if count == 0
            && let Some((head, good_for, content)) = self.taking.take()
        {
            let (content, since) = (content.into(), Instant::now());
            let page = Page {
                head,
                content,
                since,
                good_for,
            };
            self.cache.shelf().keep(&self.name, page);
            self.tell(LOOK_AGAIN);
        }
        Ok(count)
    }

    fn ends(&self) -> Ends<'_> {
        self.current.ends()
    }

    fn generation(&self) -> u32 {
        self.generation + self.current.generation()
    }

    fn has_pending(&self) -> bool {
        self.current.has_pending()
    }

    fn deadline(&self) -> Option<Instant> {
        self.current.deadline()
    }

    fn timed_out(&mut self) {
        self.current.timed_out();
    }
}

/// What a page is called, if the request is one that many may send.
fn name(request: &Request) -> Option<Vec<u8>> {
    const PERSONAL: [&str; 4] = ["Authorization", "Cache-Control", "If-Match", "Range"];
    let head = &request.head;
    let is_plain = head.method == Method::Get && request.framing == Framing::None;
    let is_personal = PERSONAL.iter().any(|field| head.fields.contains(field));
    let name = || [head.host(), b" ", head.target.raw()].concat();
    (is_plain && !is_personal).then(name)
}

fn serve(given: &Given) -> io::Result<()> {
    given.serve_below("/api", || {
        let address = |name| given.place(name)?.parse().map_err(io::Error::other);
        let addresses: Vec<Address> = vec![address("upstream")?, address("other")?];
        let upstream = Upstream::new(addresses, Capacity::default(), &Complaints::new()?);
        let cache = Arc::new(Cache {
            proxy: Proxy::new(&upstream),
            shelf: Mutex::default(),
        });
        Ok(move |request: &Request| -> Reply {
            match name(request).map(|name| Wanted::begin(&cache, request, name)) {
                Some(Ok(wanted)) => Reply::Exchange(Box::new(wanted)),
                Some(Err(_)) | None => cache.proxy.handle(request),
            }
        })
    })
}

fn main() -> ExitCode {
    exercise::main("5k", serve)
}

//! What the ladder's servers are given to serve: the tree with its programs, what is handed on to who
//! stands behind them, and three paths that are neither.
//!
//! ```text
//! /echo    sends back the content that was sent, once it is complete
//! /slow    is answered after 200 ms, in which whoever works on it does nothing else
//! /panic   crashes whoever handles it
//! ```

use crate::grader::behind::Behind;
use crate::pipe::Gate;
use gateway::{
    Address, Capacity, Cgi, Complaints, Prefix, Programs, Proxy, Remote, Routes, Upstream, Words,
};
use http_parse::Status;
use static_files::{
    Body, Collect, Exchange, Files, Handler, Listing, Reply, Request, Response, gateway_failure,
};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Octets that `/echo` takes: as many as any check sends.
const ECHO_BYTES: usize = 1 << 20;

/// What `/slow` takes.
pub const SLOW: Duration = Duration::from_millis(200);

/// What every server of the ladder answers with: the files of `root`, the programs of `cgi` at
/// `/cgi/`, and the three paths above.
///
/// # Errors
/// What the file system reports, or a system that has nothing left.
pub(crate) fn handler(root: &Path, cgi: &Path) -> io::Result<Arc<dyn Handler + Send + Sync>> {
    handler_before(root, cgi, &Behind::default())
}

/// The same, with these behind it.
///
/// # Errors
/// As [`handler`].
pub(super) fn handler_before(
    root: &Path,
    cgi: &Path,
    behind: &Behind,
) -> io::Result<Arc<dyn Handler + Send + Sync>> {
    let files = Files::new(root)?.listing(Listing::Shown);
    let prefix: Prefix = "/cgi".parse().expect("it is a prefix");
    let programs = Programs::new(Programs::LIMIT)?;
    let mut site = Routes::new(files);
    site.mount(prefix.clone(), Cgi::new(prefix, cgi, &programs)?);
    if !behind.is_empty() {
        hand_on(&mut site, root, behind)?;
    }
    Ok(Arc::new(move |request: &Request| match request.path() {
        b"/echo" => Reply::Exchange(Box::new(echo(request))),
        b"/slow" => match slow() {
            Ok(gate) => Reply::Exchange(Box::new(gate)),
            Err(error) => Reply::Ready(gateway_failure(&error)),
        },
        // As a panic does, but without a hundred messages in whatever the grader prints.
        b"/panic" => std::panic::resume_unwind(Box::new("as it was asked to")),
        _ => site.handle(request),
    }))
}

fn hand_on(site: &mut Routes, root: &Path, behind: &Behind) -> io::Result<()> {
    // What is wrong behind it is what the check is about; its report says so.
    let complaints = Complaints::telling(io::sink)?;
    let prefix = |text: &str| text.parse::<Prefix>().expect("it is a prefix");
    let upstream = |places: &[&str]| {
        let addresses = places.iter().map(|place| Address::Tcp(behind.at(place)));
        Upstream::new(addresses.collect(), Capacity::default(), &complaints)
    };
    let both = upstream(&["{upstream}", "{other}"]);
    site.mount(prefix("/api"), Proxy::new(&both));
    for (path, place, words) in [
        ("/fastcgi", "{fastcgi}", Words::FastCgi),
        ("/scgi", "{scgi}", Words::Scgi),
        ("/uwsgi", "{uwsgi}", Words::Uwsgi),
    ] {
        let upstream = upstream(&[place]);
        site.mount(
            prefix(path),
            Remote::new(prefix(path), root, words, &upstream),
        );
    }
    Ok(())
}

fn echo(request: &Request) -> impl Exchange + use<> {
    let collected = |_: &Request, content: Vec<u8>| {
        let mut response = Response::new(Status::OK);
        response.body = Body::Bytes(content.into());
        response
    };
    Collect::new(request.clone(), ECHO_BYTES, collected)
}

/// An answer from a thread that works for a while before it says a word.
///
/// # Errors
/// When there is no descriptor or no thread left.
pub fn slow() -> io::Result<impl Exchange> {
    let (gate, mut opener) = Gate::new()?;
    let work = move || {
        take(SLOW);
        // A client who is gone is no loss.
        let _ = opener.write_all(b"done\n");
    };
    thread::Builder::new().spawn(work).map(|_| gate)
}

/// Takes time, as work does.
pub fn take(time: Duration) {
    let nothing = Mutex::new(());
    let guard = nothing.lock().unwrap_or_else(PoisonError::into_inner);
    // Nobody rings, so only the time ends the wait.
    let _ = Condvar::new().wait_timeout_while(guard, time, |()| true);
}

//! Forgets a program when its client has gone: it works on, for nobody.

use crate::programs::{CHOICE, Choice};
use crate::{Flaw, Serve};
use gateway::Routes;
use http_parse::ResponseHead;
use static_files::{Ends, Exchange, Handler, Reply, Request};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub(crate) const FLAW: Flaw = Flaw {
    name: "leaves_programs_behind",
    fails: &["5b"],
    serve: Serve::Programs(&Choice { answer, ..CHOICE }),
};

fn answer(site: &Routes, _: &Path, request: &Request) -> Reply {
    match site.handle(request) {
        Reply::Exchange(program) => Reply::Exchange(Box::new(Forgotten(Some(program)))),
        reply @ Reply::Ready(_) => reply,
    }
}

/// Programs that nobody thinks of any more.
static LEFT: Mutex<Vec<Box<dyn Exchange>>> = Mutex::new(Vec::new());

/// A program that is not ended with its exchange.
#[derive(Debug)]
struct Forgotten(Option<Box<dyn Exchange>>);

impl Drop for Forgotten {
    fn drop(&mut self) {
        let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        left.extend(self.0.take());
    }
}

impl Forgotten {
    fn program(&mut self) -> &mut dyn Exchange {
        &mut **self.0.as_mut().expect("it is there until it is dropped")
    }
}

impl Exchange for Forgotten {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.program().write(data)
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.program().close_write()
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        self.program().head()
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.program().read(buf)
    }

    fn ends(&self) -> Ends<'_> {
        self.0.as_ref().map_or(Ends::None, |program| program.ends())
    }

    fn generation(&self) -> u32 {
        self.0.as_ref().map_or(0, |program| program.generation())
    }
}

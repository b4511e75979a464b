//! Chapter 4.8, from Session to Future: a connection as a future, and the least that can drive it.

use concurrency::sys::{Interest, Pollable, poll};
use concurrency::{Session, Step};
use static_files::{Config, Request, Response};
use std::cell::RefCell;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;
use std::{env, future};

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7048".to_owned());
    let reactor = match env::args().nth(2).as_deref() {
        Some("sizes") => {
            sizes();
            return Ok(());
        }
        Some("forgetful") => Reactor::new(Memory::None),
        _ => Reactor::new(Memory::All),
    };
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    let page = |_: &Request| Response::text("I was a future.\n");
    let config = Config::default();
    for stream in listener.incoming() {
        let session = Session::new(stream?, &page, &config, Instant::now())?;
        let serving = Serving {
            session,
            reactor: &reactor,
        };
        if let Err(error) = block_on(serving, &reactor) {
            println!("a guest was lost: {error}");
        }
    }
    Ok(())
}

// ANCHOR: serving
/// One connection; complete when it is over.
struct Serving<'r, 'h> {
    session: Session<'h>,
    reactor: &'r Reactor,
}

impl Future for Serving<'_, '_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.session.step(Instant::now()) {
            Ok(Step::Closed) => return Poll::Ready(Ok(())),
            Err(error) => return Poll::Ready(Err(error)),
            Ok(Step::Again) => context.waker().wake_by_ref(),
            Ok(Step::Waiting) => self.reactor.remember(&self.session, context.waker())?,
        }
        Poll::Pending
    }
}
// ANCHOR_END: serving

/// Whether the reactor does its work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    All,
    None,
}

/// Who is to be woken when what is ready.
struct Reactor {
    memory: Memory,
    waits: RefCell<Vec<Wait>>,
}

struct Wait {
    /// A copy: the reactor outlives the loan that `wants` gives. Real ones register once instead.
    fd: OwnedFd,
    interest: Interest,
    deadline: Instant,
    waker: Waker,
}

impl Wait {
    fn pollable(&self) -> Pollable<'_> {
        Pollable::new(self.fd.as_fd(), self.interest)
    }
}

impl Reactor {
    fn new(memory: Memory) -> Reactor {
        let waits = RefCell::default();
        Reactor { memory, waits }
    }

    // ANCHOR: remember
    fn remember(&self, session: &Session<'_>, waker: &Waker) -> io::Result<()> {
        if self.memory == Memory::None {
            return Ok(());
        }
        for want in session.wants().into_iter().flatten() {
            self.waits.borrow_mut().push(Wait {
                fd: want.fd.try_clone_to_owned()?,
                interest: want.interest,
                deadline: session.deadline(),
                waker: waker.clone(),
            });
        }
        Ok(())
    }
    // ANCHOR_END: remember

    // ANCHOR: wait
    /// Sleeps until something is ready or due, and wakes whom it is about.
    fn wait(&self) -> io::Result<()> {
        let waits = self.waits.take();
        let mut fds: Vec<_> = waits.iter().map(Wait::pollable).collect();
        let deadline = waits.iter().map(|wait| wait.deadline).min();
        poll(&mut fds, Instant::now(), deadline)?;
        let now = Instant::now();
        for (wait, fd) in waits.iter().zip(&fds) {
            if fd.is_ready() || wait.deadline <= now {
                wait.waker.wake_by_ref();
            }
        }
        Ok(())
    }
    // ANCHOR_END: wait
}

// ANCHOR: block_on
/// Rings when the future may be able to go on.
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn block_on<T>(future: impl Future<Output = io::Result<T>>, reactor: &Reactor) -> io::Result<T> {
    let mut future = pin!(future);
    let bell = Arc::new(Bell(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    loop {
        while bell.0.swap(false, Ordering::Relaxed) {
            if let Poll::Ready(outcome) = future.as_mut().poll(&mut context) {
                return outcome;
            }
        }
        reactor.wait()?;
    }
}
// ANCHOR_END: block_on

// ANCHOR: sizes
async fn reads_then_waits() -> u64 {
    let sum = {
        let buf = [1u8; 64 * 1024];
        buf.iter().copied().map(u64::from).sum()
    };
    future::ready(()).await;
    sum
}

async fn waits_while_it_reads() -> u64 {
    let buf = [1u8; 64 * 1024];
    future::ready(()).await;
    buf.iter().copied().map(u64::from).sum()
}
// ANCHOR_END: sizes

fn sizes() {
    let show = |name: &str, octets: usize| println!("{name:21} {octets:6} octets");
    show("Session", size_of::<Session<'_>>());
    show("reads_then_waits", size_of_val(&reads_then_waits()));
    show("waits_while_it_reads", size_of_val(&waits_while_it_reads()));
}

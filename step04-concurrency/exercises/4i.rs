//! 4i Futures: everybody is served by one executor, and each guest is a future.
//!
//! Write `everybody` anew, with an executor and a reactor that have room for more than one. The
//! future and its contract stay: `Pending` is a debt. `cargo test --test 4i` judges it.

use check::exercise::{self, Given};
use concurrency::sys::{Interest, Pollable, poll};
use concurrency::{Session, Step};
use static_files::{Config, Handler};
use std::cell::RefCell;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

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

/// Knows who is to be woken when what is ready.
#[derive(Default)]
struct Reactor(RefCell<Vec<Wait>>);

struct Wait {
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
    fn remember(&self, session: &Session<'_>, waker: &Waker) -> io::Result<()> {
        let wants = session.wants().into_iter().flatten();
        for want in wants.filter(|want| want.is_watched()) {
            self.0.borrow_mut().push(Wait {
                fd: want.fd.try_clone_to_owned()?,
                interest: want.interest,
                deadline: session.deadline(),
                waker: waker.clone(),
            });
        }
        Ok(())
    }

    /// Sleeps until something is ready or due, and wakes whom it is about.
    fn wait(&self) -> io::Result<()> {
        let waits = self.0.take();
        let mut fds: Vec<_> = waits.iter().map(Wait::pollable).collect();
        let deadline = waits.iter().map(|wait| wait.deadline).min();
        poll(&mut fds, Instant::now(), deadline)?;
        // Those who were not ready are woken, too, and will leave their wakers anew.
        waits.iter().for_each(|wait| wait.waker.wake_by_ref());
        Ok(())
    }
}

/// Rings when the future may be able to go on.
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Drives one future to its end.
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

/// Serves everybody.
fn everybody(listener: &TcpListener, handler: &dyn Handler, config: &Config) -> io::Result<()> {
    let reactor = Reactor::default();
    loop {
        let (stream, _) = listener.accept()?;
        let session = Session::new(stream, handler, config, Instant::now());
        let reactor = &reactor;
        let serving = session.map(|session| Serving { session, reactor });
        // This future is driven to its end. Where are all the others?
        if let Err(error) = serving.and_then(|serving| block_on(serving, reactor)) {
            eprintln!("a guest was lost: {error}");
        }
    }
}

fn serve(given: &Given) -> io::Result<()> {
    // Before 4h you will need `given.stop()`.
    let (listener, handler) = (given.listener()?, given.handler()?);
    everybody(&listener, &*handler, &Config::default())
}

fn main() -> ExitCode {
    exercise::main("4i", serve)
}

//! Blocking applications behind a server that never blocks: a bounded pool of threads.
//!
//! An application on a thread is a CGI program whose process is the thread. A socket pair stands in for
//! its stdin and stdout, so the kernel gives what would otherwise have to be built: bounded
//! buffers both ways, and readiness to wait on.
//!
//! ```text
//!     server ◄──► Exchange ◄── socket pair ──► App::call on a worker
//!                     └─────── Outcome ◄────────── how the call ended
//! ```
//!
//! The end of the octets does not say whether it was meant; the outcome does, and it is set before
//! the worker lets go of its end.
//!
//! A worker is busy as long as its client is slow, once the kernel's buffers (some 200 KiB each
//! way) are full. What is not here: reading small uploads whole before a worker is taken.

use crate::app::{App, Responder};
use crate::output::{Beginning, Output, Reading};
use http_parse::{Framing, ResponseHead};
use static_files::{Ends, Exchange, Handler, Reply, Request, gateway_failure};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

/// How many calls run at once, and how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Threads, at least one.
    pub workers: usize,
    /// Requests that wait for a thread; one more is answered 503.
    pub queue: usize,
}

impl Default for Pool {
    /// Sixteen threads, because an application mostly waits; and a queue of sixty-four, which at
    /// tenths of a second a call is as long as a visitor waits.
    fn default() -> Pool {
        Pool {
            workers: 16,
            queue: 64,
        }
    }
}

/// A [`Handler`] that runs an [`App`] on a pool of threads.
///
/// ```
/// # use gateway::{App, Responder};
/// # use static_files::Request;
/// # use std::io::{self, Read};
/// # struct Wiki;
/// # impl App for Wiki {
/// #     fn call(&self, _: &Request, _: &mut dyn Read, _: Responder<'_>) -> io::Result<()> {
/// #         Ok(())
/// #     }
/// # }
/// use gateway::{Offload, Pool, Routes};
/// use static_files::Response;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut routes = Routes::new(|_: &_| Response::text("try /wiki\n"));
/// routes.mount("/wiki".parse()?, Offload::new(Wiki, Pool::default())?);
/// # Ok(())
/// # }
/// ```
///
/// Dropping it ends the threads, each after the call it is in. It does not wait for them: a call
/// that hangs must not keep the server from ending.
pub struct Offload<A> {
    queue: SyncSender<Job>,
    app: Arc<A>,
}

struct Job {
    request: Request,
    stream: UnixStream,
    call: Arc<Call>,
}

/// What the two ends of a call tell each other besides octets.
#[derive(Debug, Default)]
struct Call {
    /// Whether the end of the input is the end of the request's content.
    input_is_whole: AtomicBool,
    /// How the application ended; empty while it runs.
    outcome: OnceLock<io::Result<()>>,
}

impl<A: App> Offload<A> {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn new(app: A, pool: Pool) -> io::Result<Offload<A>> {
        let (queue, jobs) = sync_channel(pool.queue);
        let (app, jobs) = (Arc::new(app), Arc::new(Mutex::new(jobs)));
        for number in 0..pool.workers.max(1) {
            let (app, jobs) = (Arc::clone(&app), Arc::clone(&jobs));
            let thread = thread::Builder::new().name(format!("app-{number}"));
            thread.spawn(move || work(app.as_ref(), &jobs))?;
        }
        Ok(Offload { queue, app })
    }

    // ANCHOR: start
    fn start(&self, request: &Request) -> io::Result<Calling> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let call = Arc::<Call>::default();
        let job = Job {
            request: request.clone(),
            stream: theirs,
            call: Arc::clone(&call),
        };
        // The workers live as long as this handler, so a failure means that the queue is full.
        let refused = |_| io::Error::from(io::ErrorKind::ResourceBusy);
        self.queue.try_send(job).map_err(refused)?;
        // ANCHOR_END: start
        let mut calling = Calling {
            stream: ours,
            output: Output::new(request.method().clone()),
            call,
        };
        if request.framing == Framing::None {
            calling.close_write()?;
        }
        Ok(calling)
    }
}

impl<A: App> Handler for Offload<A> {
    fn handle(&self, request: &Request) -> Reply {
        match self.start(request) {
            Ok(calling) => Reply::Exchange(Box::new(calling)),
            Err(error) => Reply::Ready(gateway_failure(&error)),
        }
    }
}

impl<A> fmt::Debug for Offload<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workers = Arc::strong_count(&self.app) - 1;
        f.debug_struct("Offload")
            .field("workers", &workers)
            .finish_non_exhaustive()
    }
}

/// A worker: one call after the other, until the handler is gone.
fn work(app: &dyn App, jobs: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is held while waiting, and the others wait for the lock: all the same to them.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if Arc::strong_count(&job.call) == 1 {
            // Whoever asked has left while the request was waiting.
            continue;
        }
        // ANCHOR: outcome
        let outcome = catch_unwind(AssertUnwindSafe(|| job.run(app)))
            .unwrap_or_else(|_| Err(io::Error::other("the application panicked")));
        job.call
            .outcome
            .set(outcome)
            .expect("a call ends once, on this thread");
        // Only now is our end of the pair closed: who sees the end of output finds the outcome.
        drop(job);
        // ANCHOR_END: outcome
    }
}

impl Job {
    fn run(&self, app: &dyn App) -> io::Result<()> {
        let mut input = Input { job: self };
        let mut output = &self.stream;
        app.call(&self.request, &mut input, Responder::new(&mut output))
    }
}

/// The request's content, as the application reads it.
struct Input<'j> {
    job: &'j Job,
}

impl Read for Input<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = (&self.job.stream).read(buf)?;
        let is_whole = &self.job.call.input_is_whole;
        if count == 0 && !buf.is_empty() && !is_whole.load(Ordering::Acquire) {
            let reason = "the client left before its request was complete";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        Ok(count)
    }
}

/// The server's end of a call.
#[derive(Debug)]
struct Calling {
    stream: UnixStream,
    output: Output,
    call: Arc<Call>,
}

/// Reads a stream whose peer may have closed it with input unread, which Linux reports as a reset
/// after the last octet. The end is all it means here.
struct UntilClosed<'s>(&'s UnixStream);

impl Read for UntilClosed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(0),
            other => other,
        }
    }
}

impl Calling {
    /// The error of an application that ended without an answer, or in the middle of it.
    fn failure(&self) -> io::Error {
        match self.call.outcome.get() {
            Some(Err(error)) => io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()),
            Some(Ok(())) => io::Error::other("the application ended without an answer"),
            None => io::Error::other("the application was ended from outside"),
        }
    }
}

impl Exchange for Calling {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.stream.write(data)
    }

    fn close_write(&mut self) -> io::Result<()> {
        // In this order: who reads the end finds out that it is a true one.
        self.call.input_is_whole.store(true, Ordering::Release);
        match self.stream.shutdown(Shutdown::Write) {
            // The application has ended already, without waiting for the end of its input.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            other => other,
        }
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        match self.output.head(&mut UntilClosed(&self.stream))? {
            Some(Beginning::Head(head)) => Ok(head),
            // A responder always sends a status, which a local redirect does not have.
            Some(Beginning::Local(_)) | None => Err(self.failure()),
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.output.read(&mut UntilClosed(&self.stream), buf)? {
            Reading::Octets(count) => Ok(count),
            Reading::Complete => Ok(0),
            Reading::Ended => match self.call.outcome.get() {
                Some(Ok(())) => Ok(0),
                Some(Err(_)) | None => Err(self.failure()),
            },
        }
    }

    fn ends(&self) -> Ends<'_> {
        Ends::Duplex(self.stream.as_fd())
    }
}

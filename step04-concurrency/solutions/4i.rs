//! 4i Futures: everybody is served by one executor, and each guest is a future.
//!
//! ```text
//!   executor: polls those who were woken ──► Serving ──► leaves a waker, an interest, a time
//!       ▲                                                              │
//!       └── wakes ── reactor: sleeps until something is ready or due ◄─┘
//! ```
//!
//! The executor knows no sessions, the reactor no futures. A registration stays until it changes.

use check::exercise::{self, Given};
use concurrency::sys::{self, Epoll, Events, Interest};
use concurrency::{CLIENT, ENDS, Session, Step, StopSignal, Want};
use socket::{AcceptFate, Stop, accept_fate};
use static_files::{Config, Handler};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, ErrorKind};
use std::mem;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Guests at once; whoever comes then sees the end at once.
const GUESTS: usize = 10_000;

/// Guests who are let in, and events that are heard of, in one turn: as many guests as `std` lets
/// wait in the kernel's queue.
const AT_ONCE: usize = 128;

/// The token of what is no guest. Theirs are their numbers, from 1, times [`ENDS`], plus the end.
const NO_GUEST: u64 = 0;

/// One connection; complete when it is over.
struct Serving<'r, 'h> {
    session: Session<'h>,
    number: u64,
    reactor: &'r Reactor,
    stop: &'r Stop,
}

impl Future for Serving<'_, '_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sleepers = self.reactor.sleepers.borrow();
        if sleepers.get(&self.number).is_some_and(|it| it.has_hung_up) {
            return Poll::Ready(Ok(()));
        }
        drop(sleepers);
        // This is how ten thousand futures are told: all are woken, and each looks.
        if self.stop.is_stopped() {
            self.session.stop();
        }
        match self.session.step(Instant::now())? {
            Step::Closed => return Poll::Ready(Ok(())),
            Step::Again => context.waker().wake_by_ref(),
            Step::Waiting => self.session.release(),
        }
        self.reactor
            .remember(self.number, &self.session, context.waker())?;
        Poll::Pending
    }
}

impl Drop for Serving<'_, '_> {
    fn drop(&mut self) {
        self.reactor.sleepers.borrow_mut().remove(&self.number);
    }
}

/// Who is to be woken, and what the kernel was told for them.
struct Sleeper {
    waker: Waker,
    told: [Option<Interest>; ENDS],
    serial: (u32, u32),
    alarm: Instant,
    has_hung_up: bool,
}

/// Knows what is ready and what time it is, and wakes whom it concerns.
struct Reactor {
    epoll: Epoll,
    sleepers: RefCell<HashMap<u64, Sleeper>>,
    /// For each of them an entry that is not too late; one that is too early does no harm.
    alarms: RefCell<BTreeSet<(Instant, u64)>>,
}

impl Reactor {
    /// Has a guest woken when something that the session wants is there, or its time has come.
    fn remember(&self, number: u64, session: &Session<'_>, waker: &Waker) -> io::Result<()> {
        let (now, deadline) = (Instant::now(), session.deadline());
        let mut sleepers = self.sleepers.borrow_mut();
        let sleeper = sleepers.entry(number).or_insert_with(|| Sleeper {
            waker: waker.clone(),
            told: [None; ENDS],
            serial: session.serial(),
            alarm: now,
            has_hung_up: false,
        });
        // A deadline that has moved to earlier needs an alarm more. One that has moved to later is
        // found out when the old alarm wakes its guest for nothing.
        if deadline < sleeper.alarm || sleeper.alarm <= now {
            sleeper.alarm = deadline;
            self.alarms.borrow_mut().insert((deadline, number));
        }
        if mem::replace(&mut sleeper.serial, session.serial()) != session.serial() {
            // Another program behind the server: what was told of the earlier one closed with it.
            sleeper.told[CLIENT + 1..].fill(None);
        }
        for (end, want) in session.wants().into_iter().enumerate() {
            let new = want.filter(Want::is_watched).map(|want| want.interest);
            let old = mem::replace(&mut sleeper.told[end], new);
            let Some(Want { fd, .. }) = want else {
                continue;
            };
            let token = number * ENDS as u64 + end as u64;
            match (old, new) {
                (None, Some(new)) => self.epoll.add(fd, token, new)?,
                (Some(_), None) => self.epoll.delete(fd)?,
                (Some(old), Some(new)) if old != new => self.epoll.modify(fd, token, new)?,
                (None, None) | (Some(_), Some(_)) => {}
            }
        }
        Ok(())
    }

    /// Sleeps until something is ready or due, or until `until`, and wakes whom it is about.
    fn wait(&self, events: &mut Events, until: Option<Instant>) -> io::Result<()> {
        let alarm = self.alarms.borrow().first().map(|(at, _)| *at);
        self.epoll
            .wait(events, Instant::now(), alarm.into_iter().chain(until).min())?;
        let mut sleepers = self.sleepers.borrow_mut();
        for event in events.iter() {
            // A number is used once, so an event that is out of date finds nobody.
            if let Some(sleeper) = sleepers.get_mut(&(event.token / ENDS as u64)) {
                sleeper.has_hung_up |= event.gone && event.token % ENDS as u64 == CLIENT as u64;
                sleeper.waker.wake_by_ref();
            }
        }
        let (now, mut alarms) = (Instant::now(), self.alarms.borrow_mut());
        while let Some(&(at, number)) = alarms.first()
            && at <= now
        {
            alarms.pop_first();
            if let Some(sleeper) = sleepers.get(&number) {
                sleeper.waker.wake_by_ref();
            }
        }
        Ok(())
    }
}

/// Numbers of those who can go on, each once.
type Woken = Arc<Mutex<BTreeSet<u64>>>;

fn lock(woken: &Woken) -> MutexGuard<'_, BTreeSet<u64>> {
    woken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Knows whom it wakes.
struct Bell {
    number: u64,
    woken: Woken,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        lock(&self.woken).insert(self.number);
    }
}

/// A future, and what wakes it.
type Task<'f> = (Pin<Box<dyn Future<Output = io::Result<()>> + 'f>>, Waker);

/// Polls those who were woken, each once in a turn.
#[derive(Default)]
struct Executor<'f> {
    tasks: HashMap<u64, Task<'f>>,
    /// The number of the guest who came last.
    last: u64,
    woken: Woken,
}

impl<'f> Executor<'f> {
    fn spawn(&mut self, number: u64, future: impl Future<Output = io::Result<()>> + 'f) {
        let woken = Arc::clone(&self.woken);
        let waker = Waker::from(Arc::new(Bell { number, woken }));
        waker.wake_by_ref();
        self.tasks.insert(number, (Box::pin(future), waker));
    }

    /// Who is woken meanwhile is polled in the next turn.
    fn turn(&mut self) {
        let woken = mem::take(&mut *lock(&self.woken));
        for number in woken {
            let Some((future, waker)) = self.tasks.get_mut(&number) else {
                continue;
            };
            let polled = future.as_mut().poll(&mut Context::from_waker(waker));
            // An error ends one connection; its guest knows, and nobody else need.
            if polled.is_ready() {
                self.tasks.remove(&number);
            }
        }
    }

    /// When the next turn has to be: at once, if there is somebody to poll.
    fn next_turn(&self) -> Option<Instant> {
        (!lock(&self.woken).is_empty()).then(Instant::now)
    }
}

/// Lets in those who wait at the door, each as the future that `serving` makes of them.
fn accept<'f>(
    listener: &TcpListener,
    executor: &mut Executor<'f>,
    serving: &impl Fn(u64, TcpStream) -> io::Result<Serving<'f, 'f>>,
) -> io::Result<()> {
    for _ in 0..AT_ONCE {
        match listener.accept() {
            Ok((stream, _)) if executor.tasks.len() < GUESTS => {
                executor.last += 1;
                // The guest may have gone while they waited to be let in.
                if let Ok(future) = serving(executor.last, stream) {
                    executor.spawn(executor.last, future);
                }
            }
            Ok(_too_many) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if accept_fate(&error) == AcceptFate::Retry => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Serves everybody until `stop` is raised, and then those who are being served.
fn everybody(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let signal = StopSignal::new(stop)?;
    let reactor = Reactor {
        epoll: Epoll::new()?,
        sleepers: RefCell::default(),
        alarms: RefCell::default(),
    };
    listener.set_nonblocking(true)?;
    for fd in [listener.as_fd(), signal.fd(), signal.cut_fd()] {
        reactor.epoll.add(fd, NO_GUEST, Interest::READ)?;
    }
    let mut events = Events::with_capacity(AT_ONCE);
    let mut executor = Executor::default();
    let serving = |number, stream| {
        Ok(Serving {
            session: Session::new(stream, handler, config, Instant::now())?,
            number,
            reactor: &reactor,
            stop,
        })
    };
    while !signal.is_raised() {
        reactor.wait(&mut events, executor.next_turn())?;
        accept(listener, &mut executor, &serving)?;
        executor.turn();
    }
    // Those in the queue have been told that they are connected; whoever comes now is refused.
    accept(listener, &mut executor, &serving)?;
    sys::stop_listening(listener)?;
    reactor.epoll.delete(listener.as_fd())?;
    reactor.epoll.delete(signal.fd())?;
    lock(&executor.woken).extend(executor.tasks.keys());
    let latest = Instant::now() + config.timeouts.grace;
    loop {
        executor.turn();
        if executor.tasks.is_empty() || stop.is_cut() || Instant::now() >= latest {
            return Ok(());
        }
        reactor.wait(&mut events, executor.next_turn().or(Some(latest)))?;
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, handler) = (given.listener()?, given.handler()?);
    let mut config = Config::default();
    config.timeouts.head = Duration::from_secs(2);
    everybody(&listener, &*handler, &config, &stop)
}

fn main() -> ExitCode {
    exercise::main("4i", serve)
}

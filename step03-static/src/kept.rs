//! A connection that outlives the exchanges it carries.

use std::cell::RefCell;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, ThreadId};

/// A connection to another server that one [`Exchange`](crate::Exchange) lends after the other.
///
/// A server that has told the kernel to watch it need not take that back between two of them, and
/// knows it again by [`Kept::address`]. What the server keeps is a [`Watch`], which does not
/// hold the connection open: whoever owns it closes it at any time, and no number is left behind
/// that might one day be somebody else's descriptor.
pub struct Kept {
    connection: Arc<dyn AsFd + Send + Sync>,
    watcher: Watcher,
}

/// Whose server it was that began to watch last, and does still.
type Watcher = Arc<Mutex<Option<ThreadId>>>;

thread_local! {
    /// What was stirred in this thread and not heard of, by address.
    static STIRRED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// A server's part of a [`Kept`] that it watches; dropped when it does so no more.
pub struct Watch {
    connection: Weak<dyn AsFd + Send + Sync>,
    watcher: Watcher,
}

/// Whether somebody has been told by [`Kept::stir`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stirred {
    /// This thread's server, which goes on with it before it waits.
    Here,
    /// Nobody.
    Nobody,
}

impl Kept {
    /// The owner's part of a connection.
    pub fn new(connection: Arc<dyn AsFd + Send + Sync>) -> Kept {
        Kept {
            connection,
            watcher: Watcher::default(),
        }
    }

    /// A server begins to watch it.
    pub fn watch(&self) -> Watch {
        let watch = Watch {
            connection: Arc::downgrade(&self.connection),
            watcher: Arc::clone(&self.watcher),
        };
        watch.go_on();
        watch
    }

    /// Whether this thread's server watches it, and ends that at the first that comes while nobody asks:
    /// so nothing had, not even the end, when the server looked last.
    pub fn is_watched_here(&self) -> bool {
        *lock(&self.watcher) == Some(thread::current().id())
    }

    /// Whether any server watches it, in whichever thread.
    pub fn is_watched(&self) -> bool {
        lock(&self.watcher).is_some()
    }

    /// Has whoever waits on it go on, as if something had come, where that is this thread's server: it
    /// needs no kernel to be told. Whoever is waited for elsewhere is not told by this.
    pub fn stir(&self) -> Stirred {
        if !self.is_watched_here() {
            return Stirred::Nobody;
        }
        STIRRED.with_borrow_mut(|stirred| stirred.push(self.address()));
        Stirred::Here
    }

    /// The addresses of what has been stirred in this thread since it was asked last.
    pub fn stirred() -> Vec<usize> {
        STIRRED.take()
    }

    /// Where it is in memory, which is nowhere else while anybody has a [`Watch`] of it.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.connection).cast::<()>().addr()
    }
}

impl Watch {
    /// The connection, for as long as its owner keeps it open.
    pub fn connection(&self) -> Option<Arc<dyn AsFd + Send + Sync>> {
        self.connection.upgrade()
    }

    /// Whether its owner has closed the connection.
    pub fn is_closed(&self) -> bool {
        self.connection.strong_count() == 0
    }

    /// Watches on: the connection carries another exchange of this server.
    pub fn go_on(&self) {
        *lock(&self.watcher) = Some(thread::current().id());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&self.watcher).take_if(|watcher| *watcher == thread::current().id());
    }
}

fn lock(watcher: &Watcher) -> std::sync::MutexGuard<'_, Option<ThreadId>> {
    // Nothing that is done with it can panic.
    watcher.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsFd for Kept {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.as_fd()).finish()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_closed = self.is_closed();
        f.debug_struct("Watch")
            .field("is_closed", &is_closed)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_connection_is_known_again_and_closed_by_its_owner_alone() {
        let (one, mut other) = UnixStream::pair().expect("two descriptors are left");
        let (one, third) = (Arc::new(one), other.try_clone().expect("a third is left"));
        let (again, stranger) = (Kept::new(one.clone()), Kept::new(Arc::new(third)));
        let kept = Kept::new(one);
        assert_eq!(kept.address(), again.address());
        assert_ne!(kept.address(), stranger.address());
        let watch = kept.watch();
        assert!(watch.connection().is_some());
        drop((kept, again));
        assert!(watch.is_closed() && watch.connection().is_none());
        assert_eq!(other.read(&mut [0]).expect("an end"), 0);
    }

    #[test]
    fn it_is_watched_by_who_began_last_and_has_not_ended() {
        let (one, _other) = UnixStream::pair().expect("two descriptors are left");
        let kept = Kept::new(Arc::new(one));
        assert!(!kept.is_watched_here());
        let ours = kept.watch();
        assert!(kept.is_watched_here());
        thread::scope(|scope| {
            let elsewhere = || {
                let theirs = kept.watch();
                (kept.is_watched_here(), theirs)
            };
            let there = thread::Builder::new().spawn_scoped(scope, elsewhere);
            let (is_watched_there, theirs) = there.expect("a thread").join().expect("no panic");
            assert!(is_watched_there && !kept.is_watched_here() && kept.is_watched());
            assert_eq!((kept.stir(), Kept::stirred()), (Stirred::Nobody, vec![]));
            ours.go_on();
            assert_eq!(kept.stir(), Stirred::Here);
            assert_eq!(Kept::stirred(), [kept.address()]);
            assert_eq!(Kept::stirred(), []);
            drop(ours);
            assert!(!kept.is_watched_here());
            drop(theirs);
            assert!(!kept.is_watched());
        });
    }
}

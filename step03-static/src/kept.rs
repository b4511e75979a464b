//! A connection that outlives the exchanges it carries.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Weak};

/// A connection to another server that one [`Exchange`](crate::Exchange) lends after the other.
///
/// A server that has told the kernel to watch it need not take that back between two of them, and
/// knows it again by [`Kept::address`]. What the server keeps is [`Kept::downgrade`], which does not
/// hold the connection open: whoever owns it closes it at any time, and no number is left behind
/// that might one day be somebody else's descriptor.
pub struct Kept(Arc<dyn AsFd + Send + Sync>);

impl Kept {
    /// The owner's part of a connection.
    pub fn new(connection: Arc<dyn AsFd + Send + Sync>) -> Kept {
        Kept(connection)
    }

    /// The connection, for as long as its owner keeps it open.
    pub fn downgrade(&self) -> Weak<dyn AsFd + Send + Sync> {
        Arc::downgrade(&self.0)
    }

    /// Where it is in memory, which is nowhere else while anybody has what
    /// [`Kept::downgrade`] gave.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>().addr()
    }
}

impl AsFd for Kept {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.as_fd()).finish()
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
        let seen = kept.downgrade();
        assert!(seen.upgrade().is_some());
        drop((kept, again));
        assert!(seen.upgrade().is_none());
        assert_eq!(other.read(&mut [0]).expect("an end"), 0);
    }
}

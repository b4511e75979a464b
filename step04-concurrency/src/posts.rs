//! Connections to other servers that the kernel goes on watching between two exchanges.
//!
//! ```text
//!     exchange begins ─► hold ───── events are the session's ─────► let_go ─► at rest
//!                          └─ known: nothing to tell the kernel       │
//!                             new: registered under its own token     └─ an event: nobody asked,
//!                                                                        so it is watched no more
//! ```
//!
//! A connection that is kept is asked on again a moment later, perhaps for another client. Registering
//! it for each request would cost two calls, a third of all; so its registration is its own, and
//! this table says whose its events are. At rest it can have only one: the other server has
//! closed it, or speaks unasked. Then it is watched no more, which tells whoever would ask next that there
//! is something to be found out.
//!
//! The connection belongs to somebody else, who may close it or lend it to another loop at any
//! time; nothing here holds it open, and no number of a descriptor is stored.

use crate::seats::{Seats, Token};
use crate::sys::{Epoll, Interest};
use static_files::{Kept, Watch};
use std::collections::HashMap;
use std::io;
use std::os::fd::AsFd;

/// Registrations up to which nobody looks for those of connections that have been closed.
const FEW: usize = 64;

/// The kept connections that one loop has registered.
pub(crate) struct Posts {
    posts: Seats<Post>,
    /// By the connection's address, which is its own for as long as its post is there.
    known: HashMap<usize, Token>,
    /// How many there may be before closed ones are looked for: twice as many as were open at the
    /// last look, so that looking costs each of them a moment.
    tidy_at: usize,
}

struct Post {
    watch: Watch,
    address: usize,
    interest: Interest,
    /// Whose exchange it carries; `None` at rest.
    holder: Option<Token>,
}

impl Default for Posts {
    fn default() -> Posts {
        Posts {
            posts: Seats::new(usize::MAX),
            known: HashMap::new(),
            tidy_at: FEW,
        }
    }
}

impl Posts {
    /// Has the kernel watch a connection for `holder`, and tells it only what it does not know yet.
    ///
    /// # Errors
    /// What epoll_ctl(2) reports.
    pub(crate) fn hold(
        &mut self,
        kept: &Kept,
        holder: Token,
        interest: Interest,
        epoll: &Epoll,
    ) -> io::Result<Token> {
        let address = kept.address();
        let known = self.known.get(&address).copied();
        if let Some(token) = known
            && let Some(post) = self.posts.get(token)
        {
            if post.interest != interest {
                epoll.modify(kept.as_fd(), token.of_post().into(), interest)?;
                post.interest = interest;
            }
            post.watch.go_on();
            post.holder = Some(holder);
            return Ok(token);
        }
        self.tidy();
        let token = self.posts.insert(Post {
            watch: kept.watch(),
            address,
            interest,
            holder: Some(holder),
        });
        self.known.insert(address, token);
        epoll
            .add(kept.as_fd(), token.of_post().into(), interest)
            .inspect_err(|_| self.remove(token))?;
        Ok(token)
    }

    /// An exchange is over, or wants nothing of its connection now. What rests is watched only if
    /// nothing but its end can come of that.
    pub(crate) fn let_go(&mut self, token: Token, epoll: &Epoll) {
        let Some(post) = self.posts.get(token) else {
            return;
        };
        post.holder = None;
        if post.interest != Interest::READ {
            self.forget(token, epoll);
        }
    }

    /// Whose event that of a connection is. At rest nobody's, and it would come again and again.
    pub(crate) fn holder(&mut self, token: Token, epoll: &Epoll) -> Option<Token> {
        let holder = self.posts.get(token)?.holder;
        if holder.is_none() {
            self.forget(token, epoll);
        }
        holder
    }

    /// Whose what was [stirred](Kept::stir) is.
    pub(crate) fn holder_at(&mut self, address: usize) -> Option<Token> {
        let token = *self.known.get(&address)?;
        self.posts.get(token)?.holder
    }

    fn forget(&mut self, token: Token, epoll: &Epoll) {
        let post = self.posts.get(token);
        if let Some(connection) = post.and_then(|post| post.watch.connection()) {
            // Its registration can have ended only by closing it, which it is not.
            let _ = epoll.delete(connection.as_fd());
        }
        self.remove(token);
    }

    fn remove(&mut self, token: Token) {
        if let Some(post) = self.posts.get(token) {
            self.known.remove(&post.address);
            self.posts.remove(token);
        }
    }

    /// Makes room of those whose connection was closed, and their registration with it.
    fn tidy(&mut self) {
        if self.posts.taken() < self.tidy_at {
            return;
        }
        let closed = self
            .posts
            .tokens_where(|post| post.watch.is_closed(), usize::MAX);
        for token in closed {
            self.remove(token);
        }
        self.tidy_at = FEW.max(2 * self.posts.taken());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Events;
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::time::Instant;

    fn pair() -> (Kept, UnixStream) {
        let (kept, other) = UnixStream::pair().expect("two descriptors are left");
        (Kept::new(Arc::new(kept)), other)
    }

    fn holder(number: u64) -> Token {
        Token::from(number << 2)
    }

    /// What is ready now: whose it is, and how many events there were.
    fn ready(posts: &mut Posts, epoll: &Epoll) -> (Option<Token>, usize) {
        let mut events = Events::with_capacity(8);
        let now = Instant::now();
        epoll.wait(&mut events, now, Some(now)).expect("a look");
        let tokens: Vec<Token> = events.iter().map(|event| event.token.into()).collect();
        assert!(tokens.iter().all(|token| token.is_of_post()));
        let whose = tokens.iter().find_map(|token| posts.holder(*token, epoll));
        (whose, tokens.len())
    }

    #[test]
    fn a_connection_is_registered_once_for_all_who_are_answered_on_it() {
        let (mut posts, epoll) = (Posts::default(), Epoll::new().expect("a descriptor"));
        let (kept, mut other) = pair();
        let mut hold = |number| posts.hold(&kept, holder(number), Interest::READ, &epoll);
        let token = hold(1).expect("it is watched");
        posts.let_go(token, &epoll);
        let again = posts.hold(&kept, holder(2), Interest::READ, &epoll);
        assert_eq!(again.expect("it is watched still"), token);
        other.write_all(b"x").expect("room");
        assert_eq!(ready(&mut posts, &epoll), (Some(holder(2)), 1));
    }

    #[test]
    fn what_comes_at_rest_is_heard_of_once() {
        let (mut posts, epoll) = (Posts::default(), Epoll::new().expect("a descriptor"));
        let (kept, other) = pair();
        let token = posts.hold(&kept, holder(1), Interest::READ, &epoll);
        posts.let_go(token.expect("it is watched"), &epoll);
        drop(other);
        assert_eq!(ready(&mut posts, &epoll), (None, 1));
        assert_eq!(ready(&mut posts, &epoll), (None, 0));
        // Whoever asks next has it watched anew, and finds out.
        let again = posts.hold(&kept, holder(2), Interest::READ, &epoll);
        again.expect("it is watched anew");
        assert_eq!(ready(&mut posts, &epoll), (Some(holder(2)), 1));
    }

    #[test]
    fn two_loops_have_one_connection_in_turns() {
        let mut loops: Vec<(Posts, Epoll)> = (0..2)
            .map(|_| (Posts::default(), Epoll::new().expect("a descriptor")))
            .collect();
        let (kept, mut other) = pair();
        for turn in 0..6 {
            let (posts, epoll) = &mut loops[turn % 2];
            let token = posts.hold(&kept, holder(1), Interest::READ, epoll);
            let token = token.expect("each may register it, again and again");
            assert_eq!(ready(posts, epoll), (None, 0));
            posts.let_go(token, epoll);
        }
        other.write_all(b"x").expect("room");
        for (posts, epoll) in &mut loops {
            assert_eq!(ready(posts, epoll), (None, 1), "nobody asked");
            assert_eq!(ready(posts, epoll), (None, 0), "and it is not heard again");
        }
    }

    #[test]
    fn one_that_waits_for_room_is_not_watched_at_rest() {
        let (mut posts, epoll) = (Posts::default(), Epoll::new().expect("a descriptor"));
        let (kept, _other) = pair();
        let both = Interest {
            read: true,
            write: true,
        };
        let token = posts.hold(&kept, holder(1), both, &epoll);
        posts.let_go(token.expect("it is watched"), &epoll);
        assert_eq!(ready(&mut posts, &epoll), (None, 0));
    }

    #[test]
    fn connections_that_were_closed_leave_no_trace() {
        let (mut posts, epoll) = (Posts::default(), Epoll::new().expect("a descriptor"));
        for number in 0..10 * FEW as u64 {
            let (kept, _other) = pair();
            let token = posts.hold(&kept, holder(number), Interest::READ, &epoll);
            posts.let_go(token.expect("it is watched"), &epoll);
        }
        assert!(posts.posts.taken() <= FEW, "{}", posts.posts.taken());
        assert_eq!(posts.known.len(), posts.posts.taken());
    }
}

//! One request's part of a [`Line`]: to whoever has it, a connection of its own.

use super::bell::Bell;
use super::line::Line;
use super::traffic::{Life, Progress, Whereabouts};
use crate::fastcgi::{abort, renumber};
use static_files::{Ends, Kept, Stirred};
use std::io;
use std::sync::Arc;

/// A place on a connection; given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    line: Arc<Line>,
    number: u16,
    bell: Arc<Bell>,
    role: Role,
}

/// What somebody waits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The connection, for all.
    Reader,
    /// The bell.
    Waiter,
}

impl Share {
    /// Joins those on a connection.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(super) fn new(line: &Arc<Line>) -> io::Result<Share> {
        let bell = line.bells.take()?;
        let mut traffic = line.traffic();
        let number = traffic.enter(Arc::clone(&bell));
        let role = Role::of(number, *traffic.reader.get_or_insert(number));
        Ok(Share {
            line: Arc::clone(line),
            number,
            bell,
            role,
        })
    }

    /// Takes whole records, to be sent with those of others; returns how many octets that were.
    pub(super) fn write(&mut self, records: &[u8]) -> usize {
        let mut traffic = self.line.traffic();
        let start = traffic.unsent.len();
        traffic.unsent.extend_from_slice(records);
        renumber(&mut traffic.unsent[start..], self.number);
        records.len()
    }

    /// Sees to it that what was written leaves: together with whatever else is written in this turn of
    /// the loop, or at once where no loop says when its turn is over.
    pub(super) fn send_soon(&mut self) {
        let mut traffic = self.line.traffic();
        if !traffic.is_due {
            match self.kept().stir() {
                Stirred::Here => traffic.is_due = true,
                Stirred::Nobody => _ = self.line.send(&mut traffic),
            }
        }
    }

    /// What has come of the answer; nothing at the end of input.
    ///
    /// # Errors
    /// `WouldBlock`; `InvalidData`, with a [`BadGateway`](crate::BadGateway) inside, for what is no
    /// FastCGI; what reading reports.
    pub(super) fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut traffic = self.line.traffic();
        // Nobody answers faster than that.
        let is_early = self.line.send(&mut traffic);
        let place = traffic.place(self.number).expect("it leaves when dropped");
        place.still();
        let mut came = std::mem::take(&mut place.came);
        let reader = *traffic.reader.get_or_insert(self.number);
        let is_open = !matches!(traffic.life, Life::Over(_));
        if came.is_empty() && reader == self.number && is_open && !is_early {
            self.line.receive(&mut traffic, self.number);
            traffic.appoint(self.number);
            let place = traffic.place(self.number).expect("it leaves when dropped");
            came = std::mem::take(&mut place.came);
        }
        self.role = Role::of(self.number, traffic.reader.unwrap_or(self.number));
        match &traffic.life {
            _any if !came.is_empty() => Ok(came),
            Life::Over(over) => over.tell().map(|()| came),
            Life::Open | Life::Retired => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// What to wait on.
    pub(super) fn ends(&self) -> Ends<'_> {
        match self.role {
            Role::Reader => Ends::Kept(self.kept()),
            Role::Waiter => Ends::Bell(self.kept()),
        }
    }

    pub(super) fn kept(&self) -> &Kept {
        match self.role {
            Role::Reader => &self.line.kept,
            Role::Waiter => self.bell.kept(),
        }
    }

    /// Whether the connection has to have room before something can leave.
    pub(super) fn is_blocked(&self) -> bool {
        self.role == Role::Reader && self.line.traffic().is_blocked
    }

    /// Goes on in a thread that no loop wakes. Nobody joins any more: whoever goes there may be kept
    /// waiting.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(super) fn move_away(&mut self) -> io::Result<()> {
        let bell = Arc::new(Bell::new()?);
        let mut traffic = self.line.traffic();
        let place = traffic.place(self.number).expect("it leaves when dropped");
        place.still();
        place.whereabouts = Whereabouts::Away;
        place.bell = Arc::clone(&bell);
        let before = std::mem::replace(&mut self.bell, bell);
        self.line.bells.put_back(before);
        traffic.life.retire();
        if traffic.reader == Some(self.number) {
            traffic.appoint(self.number);
        }
        self.role = Role::of(self.number, traffic.reader.unwrap_or(self.number));
        Ok(())
    }

    /// Gives the place back although END_REQUEST has not come: the answer is whole, and nothing else
    /// is missing.
    pub(super) fn let_go(&mut self) {
        let mut traffic = self.line.traffic();
        if let Some(place) = traffic.place(self.number) {
            place.progress = Progress::Ended;
        }
    }
}

impl Role {
    fn of(number: u16, reader: u16) -> Role {
        if number == reader {
            Role::Reader
        } else {
            Role::Waiter
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut traffic = self.line.traffic();
        let Some(mut place) = traffic.leave(self.number) else {
            return;
        };
        place.still();
        if place.progress != Progress::Ended {
            // The application need not begin with it, or may be in the midst of it for long: nobody is
            // to wait behind that.
            abort(self.number, &mut traffic.unsent);
            traffic.life.retire();
        }
        if !traffic.unsent.is_empty() {
            self.line.send(&mut traffic);
        }
        if traffic.reader == Some(self.number) {
            traffic.appoint(self.number);
        }
        self.line.part(&traffic);
        drop(traffic);
        self.line.bells.put_back(Arc::clone(&self.bell));
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::Address;
    use super::super::bell::Bells;
    use super::super::line::Lines;
    use super::super::wire::Age;
    use super::*;
    use crate::testing::TempDir;
    use concurrency::sys::{self, Interest, Pollable};
    use std::io::{ErrorKind, Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::thread;
    use std::time::{Duration, Instant};

    const END: [u8; 16] = [1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// An application that says what a test wants, and those who ask it.
    struct Setting {
        folder: TempDir,
        listener: UnixListener,
        lines: Lines,
        bells: Arc<Bells>,
        /// As a loop has it, so that others join.
        watches: Vec<static_files::Watch>,
        /// Connections that are to stay open.
        applications: Vec<UnixStream>,
    }

    impl Setting {
        fn new() -> Setting {
            let folder = TempDir::new();
            let listener = UnixListener::bind(folder.path().join("socket")).expect("there is room");
            let (lines, bells, watches, applications) = Default::default();
            Setting {
                folder,
                listener,
                lines,
                bells,
                watches,
                applications,
            }
        }

        /// Somebody asks, in a record of one letter, and begins to wait.
        fn ask(&mut self, letter: u8) -> (Share, Age) {
            let address = format!("unix:{}", self.folder.path().join("socket").display());
            let address: Address = address.parse().expect("an address");
            let joined = self.lines.join(&address, &self.bells);
            let (mut share, age) = joined.expect("somebody listens");
            assert_eq!(share.write(&record(1, 5, &[letter])), 9);
            self.watches.push(share.kept().watch());
            share.send_soon();
            (share, age)
        }

        fn accept(&self) -> UnixStream {
            let (application, _) = self.listener.accept().expect("somebody asks");
            let deadline = Some(Duration::from_secs(10));
            application.set_read_timeout(deadline).expect("a deadline");
            application
        }
    }

    fn record(number: u16, kind: u8, content: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(content.len()).expect("short").to_be_bytes();
        let mut octets = vec![1, kind, 0, 0, high, low, 0, 0];
        octets.extend_from_slice(content);
        renumber(&mut octets, number);
        octets
    }

    /// A whole answer of one record.
    fn answer(number: u16, content: &[u8]) -> Vec<u8> {
        let mut octets = [record(1, 6, content), END.to_vec()].concat();
        renumber(&mut octets, number);
        octets
    }

    #[track_caller]
    fn hears(application: &mut UnixStream, expected: &[u8]) {
        let mut heard = vec![0; expected.len()];
        application.read_exact(&mut heard).expect("it is asked");
        assert_eq!(heard, expected);
    }

    /// What receiving comes to, as soon as something has come.
    #[track_caller]
    fn outcome(share: &mut Share) -> io::Result<Vec<u8>> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            match share.receive() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(Instant::now() < until, "nothing has come");
                    thread::yield_now();
                }
                other => return other,
            }
        }
    }

    #[track_caller]
    fn received(share: &mut Share) -> Vec<u8> {
        outcome(share).expect("an answer")
    }

    #[track_caller]
    fn has_nothing(share: &mut Share) {
        assert_eq!(share.receive().unwrap_err().kind(), ErrorKind::WouldBlock);
    }

    fn is_reader(share: &Share) -> bool {
        matches!(share.ends(), Ends::Kept(_))
    }

    #[test]
    fn what_is_asked_together_is_sent_together_and_answered_with_one_read() {
        let mut setting = Setting::new();
        let ((mut one, fresh), (mut two, reused)) = (setting.ask(b'a'), setting.ask(b'b'));
        assert_eq!((fresh, reused), (Age::Fresh, Age::Reused));
        assert!(is_reader(&one) && !is_reader(&two));
        let mut application = setting.accept();
        application.set_nonblocking(true).expect("a look");
        let looked = application.read(&mut [0]).unwrap_err();
        assert_eq!(looked.kind(), ErrorKind::WouldBlock, "the turn is not over");
        assert_eq!(Kept::stirred(), [one.kept().address()]);
        has_nothing(&mut one);
        application.set_nonblocking(false).expect("a wait");
        let both = [record(1, 5, b"a"), record(2, 5, b"b")].concat();
        hears(&mut application, &both);
        let both = [answer(2, b"B"), answer(1, b"A")].concat();
        application.write_all(&both).expect("room");
        assert_eq!(received(&mut one), answer(1, b"A"));
        assert_eq!(Kept::stirred(), [two.kept().address()]);
        assert_eq!(two.receive().expect("it is here"), answer(1, b"B"));
        drop((one, two));
        assert_eq!(setting.ask(b'c').1, Age::Reused);
    }

    /// Does something as another thread would.
    fn elsewhere<T: Send>(act: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let acting = thread::Builder::new().spawn_scoped(scope, act);
            acting.expect("a thread").join().expect("no panic")
        })
    }

    #[test]
    fn a_connection_of_another_loop_is_left_to_it_and_one_of_nobody_taken() {
        for (is_watched, expected) in [(true, Age::Fresh), (false, Age::Reused)] {
            let mut setting = Setting::new();
            elsewhere(|| {
                let (mut share, _) = setting.ask(b'a');
                let mut application = setting.accept();
                application.write_all(&answer(1, b"A")).expect("room");
                assert_eq!(received(&mut share), answer(1, b"A"));
                setting.applications.push(application);
                setting.watches.retain(|_| is_watched);
            });
            assert_eq!(setting.ask(b'b').1, expected);
        }
    }

    #[test]
    fn whoever_reads_no_more_leaves_that_to_another_and_wakes_it() {
        let mut setting = Setting::new();
        let ((mut one, _), (mut two, _)) = (setting.ask(b'a'), setting.ask(b'b'));
        let mut application = setting.accept();
        has_nothing(&mut one);
        has_nothing(&mut two);
        assert!(is_reader(&one) && !is_reader(&two));
        Kept::stirred();
        application.write_all(&answer(1, b"A")).expect("room");
        assert_eq!(received(&mut one), answer(1, b"A"));
        assert_eq!(Kept::stirred(), [two.kept().address()]);
        has_nothing(&mut two);
        assert!(!is_reader(&one) && is_reader(&two));
        let (mut three, _) = setting.ask(b'c');
        has_nothing(&mut three);
        Kept::stirred();
        drop(two);
        assert_eq!(Kept::stirred(), [three.kept().address()]);
        application.write_all(&answer(3, b"C")).expect("room");
        assert_eq!(received(&mut three), answer(1, b"C"));
    }

    #[test]
    fn what_a_client_does_not_take_is_not_read_without_end() {
        let mut setting = Setting::new();
        let ((mut slow, _), (mut other, _)) = (setting.ask(b'a'), setting.ask(b'b'));
        let mut application = setting.accept();
        let say = move || {
            let page = record(1, 6, &[b'x'; 60_000]);
            (0..20).for_each(|_| application.write_all(&page).expect("room, in time"));
            let ends = [answer(1, b""), answer(2, b"B")].concat();
            application.write_all(&ends).expect("room, in time");
            application
        };
        let application = thread::Builder::new().spawn(say).expect("a thread");
        let mut taken = received(&mut slow).len();
        assert!(!is_reader(&slow), "it goes on without it");
        let until = Instant::now() + Duration::from_secs(10);
        has_nothing(&mut other);
        while is_reader(&other) {
            assert!(Instant::now() < until, "it reads for the other without end");
            has_nothing(&mut other);
        }
        let held = slow.receive().expect("it is here").len();
        assert!((64 << 10..97 << 10).contains(&held), "{held}");
        taken += held;
        let mut others = Vec::new();
        while taken < 20 * 60_008 || others.is_empty() {
            assert!(Instant::now() < until, "nothing comes");
            others.extend(other.receive().unwrap_or_default());
            taken += slow.receive().map_or(0, |piece| piece.len());
        }
        assert_eq!(others, answer(1, b"B"));
        drop(application.join().expect("all was taken"));
    }

    #[test]
    fn who_leaves_early_tells_the_application_and_nobody_joins_any_more() {
        let mut setting = Setting::new();
        let ((mut one, _), (mut two, _)) = (setting.ask(b'a'), setting.ask(b'b'));
        let mut application = setting.accept();
        drop(one.receive());
        hears(&mut application, &record(1, 5, b"a"));
        hears(&mut application, &record(2, 5, b"b"));
        drop(one);
        hears(&mut application, &record(1, 2, b""));
        assert_eq!(setting.ask(b'c').1, Age::Fresh);
        let late = [answer(1, b"A"), answer(2, b"B")].concat();
        application.write_all(&late).expect("room");
        assert_eq!(received(&mut two), answer(1, b"B"));
        drop(two);
        let end = application.read(&mut [0]);
        assert_eq!(end.expect("it hears that nobody is left"), 0);
    }

    #[test]
    fn the_end_and_nonsense_are_told_to_everybody() {
        for (said, expected) in [("", None), ("HTTP/1.1 400", Some(ErrorKind::InvalidData))] {
            let mut setting = Setting::new();
            let ((mut one, _), (mut two, _)) = (setting.ask(b'a'), setting.ask(b'b'));
            let mut application = setting.accept();
            has_nothing(&mut one);
            has_nothing(&mut two);
            hears(&mut application, &record(1, 5, b"a"));
            hears(&mut application, &record(2, 5, b"b"));
            application.write_all(said.as_bytes()).expect("room");
            drop(application);
            Kept::stirred();
            let first = outcome(&mut one);
            assert_eq!(first.err().map(|error| error.kind()), expected);
            assert_eq!(Kept::stirred(), [two.kept().address()]);
            let second = two.receive();
            assert_eq!(second.err().map(|error| error.kind()), expected);
            assert_eq!(setting.ask(b'c').1, Age::Fresh);
        }
    }

    #[test]
    fn whoever_goes_away_is_woken_there_and_leaves_the_reading_to_others() {
        let mut setting = Setting::new();
        let ((mut away, _), (mut here, _)) = (setting.ask(b'a'), setting.ask(b'b'));
        let mut application = setting.accept();
        has_nothing(&mut away);
        Kept::stirred();
        away.move_away().expect("two descriptors are left");
        assert!(!is_reader(&away));
        assert_eq!(Kept::stirred(), [here.kept().address()]);
        let both = [answer(1, b"A"), answer(2, b"B")].concat();
        application.write_all(&both).expect("room");
        assert_eq!(received(&mut here), answer(1, b"B"));
        let mut bell = [Pollable::new(away.kept().as_fd(), Interest::READ)];
        let now = Instant::now();
        sys::poll(&mut bell, now, Some(now)).expect("a look");
        assert!(bell[0].is_ready(), "it was rung through the pipe");
        assert_eq!(away.receive().expect("it is here"), answer(1, b"A"));
    }
}

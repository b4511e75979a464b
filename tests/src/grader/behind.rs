//! What stands behind a server: the grader plays it, at addresses that the command line is told.
//!
//! ```text
//! client ──► the server under test ──► Doors: {upstream}, {other}, {fastcgi}, …
//!    └─────────────── both are the grader ─────┘
//! ```
//!
//! A check says something to the server, finds out at its doors what the server has made of it,
//! answers there, and reads what comes back. Everything is done in turn, by one thread.
//!
//! What a server must not do is for the check to say: whatever is heard is only taken apart here.

use crate::cuts::BETWEEN_PIECES;
use crate::port::Port;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// The places in a command line that stand for somebody behind the server, each with a port at which
/// nobody is: what a check does not ask about is not there.
const PLACES: [(&str, u16); 5] = [
    ("{upstream}", 1),
    ("{other}", 2),
    ("{fastcgi}", 3),
    ("{scgi}", 4),
    ("{uwsgi}", 5),
];

/// How long a door and those who speak are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks who has come.
const LOOK: Duration = Duration::from_millis(1);

/// Octets that are heard of one request: more than any check sends.
const HEARD_BYTES: usize = 4 << 20;

/// Who stands where.
#[derive(Debug, Clone, Default)]
pub(super) struct Behind(Vec<(&'static str, SocketAddr)>);

impl Behind {
    /// These addresses for these places.
    pub(super) fn new(at: &[(&'static str, SocketAddr)]) -> Behind {
        Behind(at.to_vec())
    }

    /// The address for a place.
    pub(super) fn at(&self, place: &str) -> SocketAddr {
        let found = self.0.iter().find(|(known, _)| *known == place);
        let nobody = PLACES.iter().find(|(known, _)| *known == place);
        let nobody = nobody.map_or(0, |(_, port)| *port);
        found.map_or((Ipv4Addr::LOCALHOST, nobody).into(), |(_, addr)| *addr)
    }

    /// Whether nobody is anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fills the places in a word.
    pub(super) fn fill(&self, word: &str) -> String {
        let fill = |word: String, (place, _): &(&str, u16)| {
            word.replace(place, &self.at(place).to_string())
        };
        PLACES.iter().fold(word.to_owned(), fill)
    }
}

/// The doors at which the grader waits for what a server hands on.
#[derive(Debug)]
pub(super) struct Doors {
    doors: Vec<(&'static str, TcpListener)>,
    /// Held beyond a door's closing, so that nobody else opens one there.
    _ports: Vec<Port>,
    /// Connections on which nobody is speaking.
    quiet: Vec<Line>,
}

impl Doors {
    /// Opens a door for each of these places.
    ///
    /// # Errors
    /// When there is no port or no descriptor left.
    pub(super) fn open(places: &[&'static str]) -> io::Result<Doors> {
        let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let open = |place: &&'static str| {
            let (port, listener) = Port::with(listen)?;
            listener.set_nonblocking(true)?;
            Ok(((*place, listener), port))
        };
        let opened = places.iter().map(open).collect::<io::Result<Vec<_>>>()?;
        let (doors, ports) = opened.into_iter().unzip();
        Ok(Doors {
            doors,
            _ports: ports,
            quiet: Vec::new(),
        })
    }

    /// Where they are.
    ///
    /// # Errors
    /// What the system reports.
    pub(super) fn behind(&self) -> io::Result<Behind> {
        let at = |(place, door): &(&'static str, TcpListener)| Ok((*place, door.local_addr()?));
        self.doors
            .iter()
            .map(at)
            .collect::<io::Result<_>>()
            .map(Behind)
    }

    /// A connection on which somebody speaks, if there is one.
    pub(super) fn look(&mut self) -> Option<Line> {
        for (_, door) in &self.doors {
            while let Ok((stream, _)) = door.accept() {
                self.quiet.extend(Line::new(stream).ok());
            }
        }
        self.quiet.retain(|line| !line.is_over());
        let speaks = self.quiet.iter().position(Line::speaks)?;
        Some(self.quiet.remove(speaks))
    }

    /// Keeps a connection for what may be asked on it later.
    pub(super) fn keep(&mut self, line: Line) {
        self.quiet.push(Line {
            heard: Vec::new(),
            kept: true,
            ..line
        });
    }

    /// Closes a door, and every connection.
    pub(super) fn close(&mut self, place: &str) {
        self.doors.retain(|(open, _)| *open != place);
        self.quiet.clear();
    }
}

/// A connection from the server under test.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    /// All that was heard of the request.
    pub(super) heard: Vec<u8>,
    /// Whether there was another request before.
    pub(super) kept: bool,
}

/// What was not heard as it should have been, in words that follow "but".
pub(super) type Heard<T> = Result<T, String>;

impl Line {
    /// Speaks over this connection, with patience.
    ///
    /// # Errors
    /// What the system reports.
    pub(super) fn new(stream: TcpStream) -> io::Result<Line> {
        stream.set_nonblocking(false)?;
        // Octets leave when they are said, or a cut would cut nothing.
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Line {
            stream,
            heard: Vec::new(),
            kept: false,
        })
    }

    /// What could be read now: none where nothing has come, 0 at the end.
    fn peek(&self) -> Option<usize> {
        let peek = || {
            self.stream.set_nonblocking(true)?;
            let peeked = self.stream.peek(&mut [0]);
            self.stream.set_nonblocking(false)?;
            peeked
        };
        match peek() {
            Ok(octets) => Some(octets),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            // Whatever else there is to be said about it, it is over.
            Err(_) => Some(0),
        }
    }

    fn speaks(&self) -> bool {
        self.peek() == Some(1)
    }

    /// Whether the server has closed it, or ended its side, and said nothing before.
    pub(super) fn is_over(&self) -> bool {
        self.peek() == Some(0)
    }

    /// Waits until it is over, whatever is said before.
    pub(super) fn ends_within(&mut self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        loop {
            match self.peek() {
                Some(0) => return true,
                // It stays unread only if it cannot be read, and then it is over.
                Some(_) => drop(self.exactly(1)),
                None if Instant::now() > until => return false,
                None => thread::park_timeout(LOOK),
            }
        }
    }

    /// Reads so many octets.
    pub(super) fn exactly(&mut self, count: usize) -> Heard<Vec<u8>> {
        if self.heard.len() + count > HEARD_BYTES {
            return Err(format!("it announces {count} octets"));
        }
        let mut octets = vec![0; count];
        let mut come = 0;
        while come < count {
            match self.stream.read(&mut octets[come..]) {
                Ok(0) => return Err(format!("it ended {} octets too early", count - come)),
                Ok(some) => {
                    self.heard.extend(&octets[come..come + some]);
                    come += some;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(format!("{} octets more never came", count - come)),
            }
        }
        Ok(octets)
    }

    /// Reads up to and with this end.
    pub(super) fn up_to(&mut self, end: &[u8]) -> Heard<Vec<u8>> {
        let mut octets = Vec::new();
        while !octets.ends_with(end) {
            octets.extend(self.exactly(1)?);
        }
        Ok(octets)
    }

    /// Says octets. That nobody hears them is noticed by whoever waits for what comes of it.
    pub(super) fn say(&mut self, octets: impl AsRef<[u8]>) {
        // As above.
        let _ = self.stream.write_all(octets.as_ref());
    }

    /// Says octets that the server is to read by themselves. Where it does not, this was a weaker cut,
    /// never a wrong one.
    pub(super) fn say_apart(&mut self, octets: &[u8]) {
        self.say(octets);
        thread::park_timeout(BETWEEN_PIECES);
    }

    /// Hears so many octets while these are said, so that neither has to wait for the other.
    pub(super) fn while_saying(&mut self, octets: &[u8], count: usize) -> Heard<Vec<u8>> {
        let speaking = self.stream.try_clone();
        let mut speaking = speaking.map_err(|error| error.to_string())?;
        thread::scope(|scope| {
            // As above.
            let say = move || drop(speaking.write_all(octets));
            let said = thread::Builder::new().spawn_scoped(scope, say);
            said.map_err(|error| error.to_string())?;
            self.exactly(count)
        })
    }

    /// Says that nothing more will be said; what is heard is still read.
    pub(super) fn finish(&self) {
        // A connection that is gone has been finished.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_nobody_is_where_nobody_was_put() {
        let doors = Doors::open(&["{other}"]).unwrap();
        let behind = doors.behind().unwrap();
        let other = behind.at("{other}");
        let filled = behind.fill("--to={upstream},{other} {port}");
        assert_eq!(filled, format!("--to=127.0.0.1:1,{other} {{port}}"));
    }

    #[test]
    fn who_speaks_is_told_from_who_is_silent_and_who_has_left() {
        let mut doors = Doors::open(&["{upstream}", "{other}"]).unwrap();
        let behind = doors.behind().unwrap();
        let connect = |place| TcpStream::connect(behind.at(place)).unwrap();
        let (_silent, mut speaking) = (connect("{upstream}"), connect("{other}"));
        drop(connect("{upstream}"));
        assert!(doors.look().is_none());
        speaking.write_all(b"ab").unwrap();
        let mut line = doors.look().unwrap();
        assert_eq!(line.exactly(2), Ok(b"ab".to_vec()));
        assert!(doors.look().is_none());
        drop(speaking);
        assert!(line.ends_within(PATIENCE));
        assert!(line.exactly(1).unwrap_err().contains("1 octets too early"));
    }
}

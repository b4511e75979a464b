//! 1h Chat room: what one guest says all the others hear.
//!
//! Who speaks never waits: a thread for each guest does, with a queue before it, and the queue has a
//! bound.

use check::exercise::{self, Given};
use concurrency::{Entrance, thread_per_connection};
use socket::Stop;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Guests at once; more of them wait at the door.
const GUESTS: usize = 64;

/// Octets of a line, with its end.
const LINE: u64 = 1024;

/// Lines that may wait for a guest; with more of them he is too far behind.
const BEHIND: usize = 128;

/// How the lines of the others come to a guest.
struct Seat {
    lines: SyncSender<Vec<u8>>,
}

impl Seat {
    /// A seat for the guest at the other end.
    fn new(mut stream: TcpStream) -> io::Result<Seat> {
        let (lines, waiting) = mpsc::sync_channel::<Vec<u8>>(BEHIND);
        thread::Builder::new().spawn(move || {
            // It ends with the seat, or with the connection.
            for line in waiting {
                if stream.write_all(&line).is_err() {
                    break;
                }
            }
        })?;
        Ok(Seat { lines })
    }

    /// Hands over a line. All others are waiting meanwhile.
    ///
    /// # Errors
    /// The guest is to be let go.
    fn hand(&mut self, line: &[u8]) -> io::Result<()> {
        let handed = self.lines.try_send(line.to_vec());
        // Half of a conversation is worse than none: whoever is too far behind is let go.
        handed.map_err(|_| ErrorKind::TimedOut.into())
    }
}

/// The guests who are there, by their numbers, each with his connection.
#[derive(Default)]
struct Room {
    guests: Mutex<BTreeMap<u64, (TcpStream, Seat)>>,
}

impl Room {
    /// Serves a guest until he leaves.
    fn welcome(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let number = self.enter(stream)?;
        let said = self.listen(number, BufReader::new(stream));
        self.guests().remove(&number);
        said
    }

    fn enter(&self, stream: &TcpStream) -> io::Result<u64> {
        let mut seat = Seat::new(stream.try_clone()?)?;
        let mut guests = self.guests();
        // Nobody can say a word before this one.
        seat.hand(b"welcome\n")?;
        let number = guests.last_key_value().map_or(0, |(last, _)| last + 1);
        guests.insert(number, (stream.try_clone()?, seat));
        Ok(number)
    }

    /// Passes on what a guest says, line by line. What is cut off is not a line.
    fn listen(&self, number: u64, mut guest: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            guest.by_ref().take(LINE).read_until(b'\n', &mut line)?;
            match line.as_slice() {
                [] => return Ok(()),
                [.., b'\n'] => self.say(number, &line),
                _ => return Err(ErrorKind::InvalidData.into()),
            }
        }
    }

    fn say(&self, speaker: u64, line: &[u8]) {
        let mut guests = self.guests();
        for (_, (stream, seat)) in guests.iter_mut().filter(|(number, _)| **number != speaker) {
            if seat.hand(line).is_err() {
                // Then whoever listens to him finds the end. A connection that is gone has one.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    fn guests(&self) -> MutexGuard<'_, BTreeMap<u64, (TcpStream, Seat)>> {
        // A map of guests is whole at any time.
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let (listener, stop, room) = (given.listener()?, Stop::new(), Room::default());
    thread_per_connection(&Entrance::new(&listener, &stop)?, GUESTS, |stream| {
        if let Err(error) = room.welcome(&stream) {
            eprintln!("a guest was lost: {error}");
        }
    })
}

fn main() -> ExitCode {
    exercise::main("1h", serve)
}

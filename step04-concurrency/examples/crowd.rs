//! Guests of every kind, for the experiments of this step.
//!
//! ```text
//! crowd ADDR ask COUNT TARGET       all ask at once; what they hear, and how long after the first
//! crowd ADDR silent COUNT SECONDS   say nothing
//! crowd ADDR half COUNT SECONDS     send half a head and no more
//! crowd ADDR drip COUNT SECONDS     send a head that never ends, an octet at a time
//! crowd ADDR deaf COUNT SECONDS     ask for /big again and again, and read nothing
//! ```
//!
//! A browser would not do: it keeps answers, shares connections, and asks for the same page once.
//! Meant for servers of your own, on your own machine.

use concurrency::sys::raise_descriptor_limit;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, str};

/// Between two looks at every guest, and between two octets of one who drips.
const TICK: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [addr, manner, count, last] = words.as_slice() else {
        return Err("usage: crowd ADDR ask|silent|half|drip|deaf COUNT TARGET|SECONDS".into());
    };
    let count = count.parse()?;
    if let Err(error) = raise_descriptor_limit() {
        println!("the crowd may be a small one: {error}");
    }
    let manner = match manner.as_str() {
        "ask" => return Ok(ask(addr, count, last)?),
        "silent" => Manner::Silent,
        "half" => Manner::Half,
        "drip" => Manner::Drip,
        "deaf" => Manner::Deaf,
        other => return Err(format!("nobody behaves like {other}").into()),
    };
    stay(addr, manner, count, Duration::from_secs(last.parse()?));
    Ok(())
}

/// Everybody asks at once, each on a connection of their own.
fn ask(addr: &str, count: usize, target: &str) -> io::Result<()> {
    let start = Instant::now();
    let mut heard: Vec<(Duration, String)> = thread::scope(|scope| {
        let ask = || {
            let answer = answer(addr, target).unwrap_or_else(|error| error.to_string());
            (start.elapsed(), answer)
        };
        let asking: Vec<_> = (0..count)
            .map(|_| thread::Builder::new().spawn_scoped(scope, ask))
            .collect::<Result<_, _>>()?;
        let join = |guest: thread::ScopedJoinHandle<'_, _>| guest.join().expect("no guest panics");
        Ok::<_, io::Error>(asking.into_iter().map(join).collect())
    })?;
    heard.sort();
    let Some((first, answer)) = heard.first() else {
        return Ok(());
    };
    println!("{answer} after {:.2} seconds", first.as_secs_f64());
    for (after, answer) in &heard[1..] {
        println!(
            "{answer} {:.2} seconds later",
            (*after - *first).as_secs_f64()
        );
    }
    Ok(())
}

/// The status of one answer, once it has come to its end.
fn answer(addr: &str, target: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let status = answer
        .get(9..12)
        .and_then(|status| str::from_utf8(status).ok());
    Ok(status.unwrap_or("nothing").to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Silent,
    Half,
    Drip,
    Deaf,
}

struct Guest {
    stream: TcpStream,
    sent: usize,
}

fn stay(addr: &str, manner: Manner, count: usize, stay: Duration) {
    let mut guests: Vec<Guest> = (0..count).map_while(|_| Guest::come(addr).ok()).collect();
    let came = guests.len();
    println!("guests there: {came}");
    let end = Instant::now() + stay;
    let mut sent = 0;
    while Instant::now() < end {
        guests.retain_mut(|guest| {
            let before = guest.sent;
            let stays = guest.act(manner).is_ok();
            sent += guest.sent - before;
            stays
        });
        thread::sleep(TICK);
    }
    println!("still there: {} of {came}", guests.len());
    if manner == Manner::Deaf {
        println!("taken from them: {} KiB of questions", sent / 1024);
    }
}

impl Guest {
    fn come(addr: &str) -> io::Result<Guest> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nonblocking(true)?;
        Ok(Guest { stream, sent: 0 })
    }

    /// Does what is its manner; an error says that the server has sent it away.
    fn act(&mut self, manner: Manner) -> io::Result<()> {
        let question = b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n";
        let drip = b"GET / HTTP/1.1\r\nHost: x\r\nX: ";
        match manner {
            Manner::Silent => self.listen(),
            Manner::Half if self.sent == 0 => self.say(&question[..20]).map(drop),
            Manner::Half => self.listen(),
            Manner::Drip => {
                let octet = drip.get(self.sent).copied().unwrap_or(b'x');
                self.say(&[octet])?;
                self.listen()
            }
            Manner::Deaf => {
                // A question of which only a part was taken is gone on with.
                while self.say(&question[self.sent % question.len()..])? > 0 {}
                Ok(())
            }
        }
    }

    fn say(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = match self.stream.write(octets) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            taken => taken?,
        };
        self.sent += taken;
        Ok(taken)
    }

    fn listen(&mut self) -> io::Result<()> {
        let mut answer = [0; 4096];
        loop {
            match self.stream.read(&mut answer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

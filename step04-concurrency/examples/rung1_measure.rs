//! Chapter 4.1, measuring honestly: a server with a weakness, and two ways to look at it.
//!
//! ```text
//! rung1_measure server ADDR         answers at once, and freezes for a quarter of each second
//! rung1_measure closed ADDR         asks, waits for the answer, asks again
//! rung1_measure open ADDR RATE      asks so many times a second, whatever the answers do
//! ```

use concurrency::event_loop;
use socket::Stop;
use static_files::{Config, Request, Response};
use std::env;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How long a client measures.
const MEASURED: Duration = Duration::from_secs(2);

/// How often the server freezes, and for how long.
const PERIOD: Duration = Duration::from_secs(1);
const FREEZE: Duration = Duration::from_millis(250);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["server", addr] => serve(addr)?,
        ["closed", addr] => report(closed(addr)?),
        ["open", addr, rate] => report(open(addr, rate.parse()?)?),
        _ => return Err("usage: rung1_measure server|closed|open ADDR [RATE]".into()),
    }
    Ok(())
}

fn serve(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    let start = Instant::now();
    // ANCHOR: freeze
    let page = |_: &Request| {
        let nanos = start.elapsed().as_nanos() % PERIOD.as_nanos();
        let frozen = FREEZE.as_nanos().saturating_sub(nanos);
        thread::sleep(Duration::from_nanos(u64::try_from(frozen).unwrap_or(0)));
        Response::text("Here you are.\n")
    };
    // ANCHOR_END: freeze
    event_loop(&listener, &page, &Config::default(), &Stop::new())
}

// ANCHOR: closed
fn closed(addr: &str) -> io::Result<Vec<Duration>> {
    let mut client = Client::connect(addr)?;
    let (start, mut took) = (Instant::now(), Vec::new());
    while start.elapsed() < MEASURED {
        let sent = Instant::now();
        client.ask()?;
        took.push(sent.elapsed());
    }
    Ok(took)
}
// ANCHOR_END: closed

// ANCHOR: open
fn open(addr: &str, rate: u32) -> io::Result<Vec<Duration>> {
    let mut client = Client::connect(addr)?;
    let (mut due, mut took) = (Instant::now(), Vec::new());
    let end = due + MEASURED;
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        client.ask()?;
        took.push(due.elapsed());
        due += Duration::from_secs(1) / rate;
    }
    Ok(took)
}
// ANCHOR_END: open

// ANCHOR: report
fn report(mut took: Vec<Duration>) {
    took.sort();
    println!("{:7} answers", took.len());
    for (name, hundredths) in [("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)] {
        let at = (took.len() * hundredths / 100).min(took.len() - 1);
        println!("{:7.1} ms {name}", took[at].as_secs_f64() * 1000.0);
    }
}
// ANCHOR_END: report

struct Client {
    stream: TcpStream,
    /// Octets of an answer, all of which are alike.
    len: usize,
}

impl Client {
    fn connect(addr: &str) -> io::Result<Client> {
        let mut stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.write_all(REQUEST)?;
        let mut answer = [0; 1024];
        let mut len = 0;
        while !answer[..len].ends_with(b"you are.\n") {
            match stream.read(&mut answer[len..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => len += n,
            }
        }
        Ok(Client { stream, len })
    }

    fn ask(&mut self) -> io::Result<()> {
        self.stream.write_all(REQUEST)?;
        let mut answer = [0; 1024];
        self.stream.read_exact(&mut answer[..self.len])
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

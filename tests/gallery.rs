//! Servers made to be caught: a check that lets one of them pass is no check.
//!
//! ```text
//! scenario ◀──▶ wire with one flaw ◀──▶ a server of the ladder
//! ```
//!
//! The server is right; the wire before it drops, edits or cuts what passes. Each flaw is one that
//! servers really have, and names the scenario that must fail because of it. Through a wire without
//! flaw every such scenario passes, so it is the flaw that is caught.

use check::{Cuts, Scenario, Served, Site};
use concurrency::SERVERS;
use concurrency::sys::reset_on_close;
use socket::{Stop, accept_until};
use static_files::Config;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Octets that pass the wire at a time; no answer of these scenarios has more.
const PIECE: usize = 16 * 1024;

/// How long a flawed server is waited for; the right one takes a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the wire does to a connection.
#[derive(Clone, Copy)]
enum Wire {
    /// Nothing.
    Faithful,
    /// Takes what one read brings for everything that will ever come.
    OneRead,
    /// Changes what comes back.
    Edit(fn(&[u8]) -> Vec<u8>),
    /// Ends after what one read brings back.
    OneAnswer,
    /// Leaves with a reset.
    Reset,
}

/// A flaw, and the conversation that has to bring it to light.
struct Flaw {
    name: &'static str,
    wire: Wire,
    scenario: &'static str,
    cuts: Cuts,
}

impl Flaw {
    fn new(name: &'static str, wire: Wire, scenario: &'static str) -> Flaw {
        let cuts = Cuts::Whole;
        Flaw {
            name,
            wire,
            scenario,
            cuts,
        }
    }
}

/// The answer with one thing said in another way.
fn said(octets: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(octets)
        .replace(from, to)
        .into_bytes()
}

/// Flaws of connections.
fn of_connections() -> Vec<Flaw> {
    vec![
        Flaw {
            cuts: Cuts::At(vec![9]),
            ..Flaw::new("takes one read for one request", Wire::OneRead, "one GET")
        },
        Flaw::new("closes what it should keep", Wire::OneAnswer, "one GET"),
        Flaw::new(
            "closes after the first of three",
            Wire::OneAnswer,
            "three pipelined",
        ),
        Flaw::new(
            "resets instead of closing",
            Wire::Reset,
            "HTTP/1.0 without Host",
        ),
    ]
}

/// Flaws of answers: in what, instead of what it should say, each says; and who notices.
fn of_answers() -> Vec<Flaw> {
    type Edit = fn(&[u8]) -> Vec<u8>;
    let edits: [(&str, Edit, &str); 8] = [
        (
            "has no clock",
            |octets| said(octets, "Date: ", "Data: "),
            "one GET",
        ),
        (
            "writes bare line feeds",
            |octets| said(octets, "\r\n", "\n"),
            "one GET",
        ),
        (
            "loses the last octet",
            |octets| octets[..octets.len() - 1].to_vec(),
            "another tag",
        ),
        (
            "sends an octet more",
            |octets| [octets, b"x"].concat(),
            "HEAD",
        ),
        (
            "says no to nothing",
            |octets| said(octets, " 400 ", " 200 "),
            "two Hosts",
        ),
        (
            "forgets Allow",
            |octets| said(octets, "Allow", "Aloof"),
            "DELETE",
        ),
        (
            "miscounts",
            |octets| said(octets, "h: 5", "h: 4"),
            "content in one piece",
        ),
        (
            "sends a part as all",
            |octets| said(octets, " 206 ", " 200 "),
            "the last five",
        ),
    ];
    edits
        .into_iter()
        .map(|(name, edit, scenario)| Flaw::new(name, Wire::Edit(edit), scenario))
        .collect()
}

/// A wire on a port of its own; gone on drop.
struct Stretched {
    addr: SocketAddr,
    stop: Arc<Stop>,
}

impl Stretched {
    fn to(server: SocketAddr, wire: Wire) -> io::Result<Stretched> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (addr, stop) = (listener.local_addr()?, Arc::new(Stop::new()));
        let raised = Arc::clone(&stop);
        let carry = move |client: TcpStream| {
            // A connection that breaks is what some of these wires are for.
            let _ = TcpStream::connect(server).and_then(|server| carry(&client, &server, wire));
        };
        thread::Builder::new().spawn(move || accept_until(&listener, &raised, carry))?;
        Ok(Stretched { addr, stop })
    }
}

impl Drop for Stretched {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// Carries one connection to its end. One at a time is enough for one scenario at a time.
fn carry(client: &TcpStream, server: &TcpStream, wire: Wire) -> io::Result<()> {
    thread::scope(|scope| {
        scope.spawn(|| upward(client, server, wire));
        downward(client, server, wire)
    })
}

fn upward(mut client: &TcpStream, mut server: &TcpStream, wire: Wire) -> io::Result<()> {
    let mut buf = vec![0; PIECE];
    loop {
        let count = client.read(&mut buf)?;
        server.write_all(&buf[..count])?;
        if count == 0 || matches!(wire, Wire::OneRead) {
            return server.shutdown(Shutdown::Write);
        }
    }
}

fn downward(mut client: &TcpStream, mut server: &TcpStream, wire: Wire) -> io::Result<()> {
    let mut buf = vec![0; PIECE];
    loop {
        let count = server.read(&mut buf)?;
        if count == 0 {
            break;
        }
        match wire {
            Wire::Edit(edit) => client.write_all(&edit(&buf[..count]))?,
            Wire::Faithful | Wire::OneRead | Wire::OneAnswer | Wire::Reset => {
                client.write_all(&buf[..count])?;
            }
        }
        if matches!(wire, Wire::OneAnswer) {
            break;
        }
    }
    if matches!(wire, Wire::Reset) {
        reset_on_close(client)?;
        return client.shutdown(Shutdown::Read);
    }
    client.shutdown(Shutdown::Both)?;
    server.shutdown(Shutdown::Both)
}

#[test]
fn every_flaw_is_caught_and_nothing_but_the_flaw() {
    let site = Site::new().unwrap();
    let (_, serve) = SERVERS[0];
    let served = Served::start(serve, site.handler().unwrap(), Config::default()).unwrap();
    let scenarios = check::scenarios();
    for flaw in of_connections().into_iter().chain(of_answers()) {
        let named = |scenario: &&Scenario| scenario.name == flaw.scenario;
        let scenario = scenarios.iter().find(named).expect("the scenario exists");
        let faithful = Stretched::to(served.addr(), Wire::Faithful).unwrap();
        let outcome = scenario.play(faithful.addr, &flaw.cuts);
        assert!(
            outcome.is_ok(),
            "{}: without it: {}",
            flaw.name,
            outcome.unwrap_err()
        );
        let flawed = Stretched::to(served.addr(), flaw.wire).unwrap();
        match scenario.play_within(flawed.addr, &flaw.cuts, PATIENCE) {
            Ok(_) => panic!("a server that {} passes `{}`", flaw.name, flaw.scenario),
            Err(failure) => println!("{}\n  {failure}\n", flaw.name),
        }
    }
}

//! An echo server for one guest at a time: the four files of step 1 in use.
//!
//! `cargo run -p step01-socket [-- ADDR]`; without an address it is 127.0.0.1:7000, or another
//! free port when that one is taken. A broken guest never ends it. Ctrl-C does, as it ends any
//! program: to hear the signal and say good-bye first takes a system call that `std` does not
//! have, and step 4 makes it.
#![forbid(unsafe_code)]

use socket::{Linger, Stop, accept_until, close_politely, echo, reachable};
use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fmt};

/// Where we listen if nobody says otherwise.
const HOME: &str = "127.0.0.1:7000";
/// Where we listen when [`HOME`] is taken: the system chooses a free port.
const AWAY: &str = "127.0.0.1:0";
/// For a guest to say, or to take, the next byte: a person at a keyboard may think a minute.
const PATIENCE: Duration = Duration::from_secs(60);
/// For a guest who is told good-bye and goes on talking.
const LINGER: Linger = Linger {
    bytes: 1024 * 1024,
    time: Duration::from_secs(2),
};

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let (wanted, surplus) = (args.next(), args.next());
    if surplus.is_some() || wanted.as_deref().is_some_and(|arg| arg.starts_with('-')) {
        say_err(format_args!("usage: step01-socket [ADDRESS:PORT]"));
        return ExitCode::from(2);
    }
    match listen(wanted.as_deref()).and_then(|listener| welcome_all(&listener)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_err(format_args!("step01-socket: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn listen(wanted: Option<&str>) -> io::Result<TcpListener> {
    let addr = wanted.unwrap_or(HOME);
    match TcpListener::bind(addr) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && wanted.is_none() => {
            say(format_args!("{HOME} is taken, so another port"));
            TcpListener::bind(AWAY)
        }
        // The system's message does not name the address, and that is what one needs to know.
        Err(error) => Err(io::Error::new(error.kind(), format!("{addr}: {error}"))),
        listener => listener,
    }
}

fn welcome_all(listener: &TcpListener) -> io::Result<()> {
    let addr = listener.local_addr()?;
    say(format_args!("{}", Banner(addr)));
    let mut guests = 0_u64;
    accept_until(listener, &Stop::new(), |stream| {
        guests += 1;
        say(format_args!("guest {guests} came"));
        match welcome(&stream) {
            Ok(bytes) => say(format_args!("guest {guests} left after {bytes} bytes")),
            Err(error) => say(format_args!("guest {guests} lost: {}", Reason(&error))),
        }
    })
}

/// Serves one guest and returns how many bytes were echoed.
// ANCHOR: welcome
fn welcome(stream: &TcpStream) -> io::Result<u64> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let bytes = echo(stream, stream)?;
    close_politely(stream, LINGER)?;
    Ok(bytes)
}
// ANCHOR_END: welcome

/// Prints a line; a terminal that was closed must not end the server.
fn say(line: fmt::Arguments<'_>) {
    // Nobody is left to read it, and the guests do not depend on it.
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line about a failure, with the same indifference.
fn say_err(line: fmt::Arguments<'_>) {
    // As in `say`.
    let _ = writeln!(io::stderr(), "{line}");
}

/// What to type in another terminal.
struct Banner(SocketAddr);

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let door = reachable(self.0);
        let (ip, port) = (door.ip(), door.port());
        writeln!(f, "listening on {}", self.0)?;
        writeln!(
            f,
            "In another terminal, type one of these, then a line and Enter:"
        )?;
        writeln!(f, "  nc {ip} {port}")?;
        writeln!(f, "  telnet {ip} {port}")?;
        writeln!(
            f,
            "  bash -c 'exec 3<>/dev/tcp/{ip}/{port}; cat <&3 & cat >&3'"
        )?;
        write!(f, "Ctrl-C here ends the server.")
    }
}

/// Why a guest was lost, in a person's words where the system's would mislead.
struct Reason<'e>(&'e io::Error);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind() {
            // How a blocking socket reports its timeout; the first name on Linux.
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                write!(f, "silent for {} seconds", PATIENCE.as_secs())
            }
            _ => self.0.fmt(f),
        }
    }
}

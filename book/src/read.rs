//! Building the book, and serving it through the course's own server.
//!
//! The pages go through the same code a reader ends up with: the handler of step 3 on the event
//! loop of step 4. A bug there shows up here first, which is the point.

use crate::Failure;
use concurrency::{event_loop, stop_on_signals};
use socket::Stop;
use static_files::{Config, Files};
use std::fs;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

/// Where the book is served when nobody says otherwise: this machine only.
const HOME: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// A page that every book of ours has, and hardly any other folder.
const MARK: &str = "print.html";

/// Builds the book into `out` and says where it is.
///
/// # Errors
/// As [`pages`].
pub(crate) fn build(out: &Path) -> Result<(), Failure> {
    pages(out)?;
    say(format_args!(
        "The book is in {}",
        out.join("index.html").display()
    ));
    Ok(())
}

/// Builds the book into `out` and serves it until Ctrl-C.
///
/// # Errors
/// The address cannot be had, the book has a mistake, or the server cannot run.
pub(crate) fn read(listen: Option<SocketAddr>, out: &Path) -> Result<(), Failure> {
    let stop = Arc::new(Stop::new());
    stop_on_signals(Arc::clone(&stop)).map_err(|error| {
        Failure::new(
            format!("cannot prepare for Ctrl-C: {error}"),
            "The system may be out of threads; close something and try again.",
        )
    })?;
    say(format_args!(
        "Building the book takes about a second. Then it is served here until you press Ctrl-C."
    ));
    let listener = bind(listen)?;
    pages(out)?;
    let files = Files::new(out).map_err(|error| served(&error))?;
    let addr = listener.local_addr().map_err(|error| served(&error))?;
    let strong = anstyle::Style::new().bold().underline();
    say(format_args!(
        "Open {strong}http://{addr}/{strong:#} in a browser."
    ));
    event_loop(&listener, &files, &Config::default(), &stop).map_err(|error| served(&error))?;
    say(format_args!("Good-bye."));
    Ok(())
}

/// Prints a line; a terminal that was closed must not end the server.
fn say(line: std::fmt::Arguments<'_>) {
    use std::io::Write;
    // Nobody is left to read it, and the pages do not depend on it.
    let _ = writeln!(anstream::stdout(), "{line}");
}

fn served(error: &io::Error) -> Failure {
    Failure::new(
        format!("the book cannot be served: {error}"),
        "`cargo run -- build` makes pages that a browser can open without a server.",
    )
}

/// Builds the book into `out`, which is emptied first, so it must be nobody else's folder.
fn pages(out: &Path) -> Result<(), Failure> {
    let mut entries = fs::read_dir(out).into_iter().flatten();
    if entries.next().is_some() && !out.join(MARK).exists() {
        return Err(Failure::new(
            format!("{} holds something that is not this book", out.display()),
            "Building would delete it. Choose an empty folder, or a name that does not exist yet.",
        ));
    }
    match book::build(out) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(
            format!("the book has a mistake:\n{error}"),
            "Each line names the chapter to mend.",
        )),
    }
}

/// Listens at `wanted`. Without a wish: at [`HOME`], or at a free port when that one is taken.
fn bind(wanted: Option<SocketAddr>) -> Result<TcpListener, Failure> {
    let addr = wanted.unwrap_or(HOME);
    match TcpListener::bind(addr) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse && wanted.is_none() => {
            say(format_args!(
                "Port {} is taken, so the book gets another one.",
                HOME.port()
            ));
            bind(Some(SocketAddr::new(HOME.ip(), 0)))
        }
        Err(error) => Err(Failure::new(
            format!("cannot listen at {addr}: {error}"),
            match error.kind() {
                ErrorKind::AddrInUse => {
                    "Another program listens there. Leave --listen out, and a free port is found."
                }
                ErrorKind::PermissionDenied => {
                    "Ports below 1024 are the system's; choose a higher one, such as 8080."
                }
                ErrorKind::AddrNotAvailable => {
                    "That address is not this machine's; 127.0.0.1 always is."
                }
                _ => "Try --listen 127.0.0.1:8080.",
            },
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_address_that_was_asked_for_is_refused_with_advice() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let failure = bind(taken.local_addr().ok()).unwrap_err();
        assert!(
            failure.to_string().contains("Leave --listen out"),
            "{failure}"
        );
    }

    #[test]
    fn without_a_wish_there_is_always_a_port() {
        let first = bind(None).unwrap();
        let second = bind(None).unwrap();
        assert_ne!(first.local_addr().unwrap(), second.local_addr().unwrap());
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("book-read-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("thesis.txt"), "years of work").unwrap();
        let failure = pages(&folder).unwrap_err();
        assert!(failure.to_string().contains("delete"), "{failure}");
        assert!(folder.join("thesis.txt").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}

//! Building the book, and serving it through the course's own server.
//!
//! The pages go through [`gateway::run_on`], which is all of step 5's program but its command line.
//! A bug there shows up here first, which is the point.

use crate::{Failure, live};
use book::workbook::Workbook;
use concurrency::stop_on_signals;
use gateway::Options;
use socket::{Stop, reachable};
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// Where the book is served when nobody says otherwise: this machine only.
const HOME: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Where it is served when somebody else is at [`HOME`]: the system chooses a free port.
const AWAY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

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
/// As [`pages`]; or the address cannot be had, or the server cannot run.
pub(crate) fn read(
    listen: Option<SocketAddr>,
    out: &Path,
    workbook: Workbook,
) -> Result<(), Failure> {
    let stop = Arc::new(Stop::new());
    // Before any thread is started: each inherits which signals it leaves to the others.
    stop_on_signals(Arc::clone(&stop))
        .map_err(|error| refused(&gateway::Failure::System(error)))?;
    say(format_args!(
        "Building the book takes about a second. Then it is served here until you press Ctrl-C."
    ));
    pages(out)?;
    let mut options = Options::new(out);
    options.listen = listen.unwrap_or(HOME);
    // Readers watch the very server that serves them (chapters 4.4 to 4.6).
    options.xray = true;
    let listeners = match gateway::listeners(&options) {
        Err(gateway::Failure::Address(_, error)) if listen.is_none() && taken(&error) => {
            say(format_args!(
                "Port {} is taken, so the book gets another one.",
                HOME.port()
            ));
            options.listen = AWAY;
            gateway::listeners(&options)
        }
        opened => opened,
    }
    .map_err(|failure| refused(&failure))?;
    let mut site = gateway::routes(&options).map_err(|failure| refused(&failure))?;
    live::mount(&mut site, workbook)?;
    gateway::run_on(&listeners, site, &options, &stop, invite)
        .map_err(|failure| refused(&failure))?;
    say(format_args!("Good-bye."));
    Ok(())
}

fn taken(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrInUse
}

fn invite(addr: SocketAddr) {
    let strong = anstyle::Style::new().bold();
    say(format_args!(
        "Open {strong}http://{}/{strong:#} in a browser.",
        reachable(addr)
    ));
}

fn refused(failure: &gateway::Failure) -> Failure {
    Failure::new(
        failure.to_string(),
        "`cargo run -- build` makes pages that a browser can open without any server.",
    )
}

/// Prints a line; a terminal that was closed must not end the server.
fn say(line: fmt::Arguments<'_>) {
    // Nobody is left to read it, and the pages do not depend on it.
    let _ = writeln!(anstream::stdout(), "{line}");
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_taken_address_that_was_asked_for_is_refused_with_advice() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut options = Options::new(&std::env::temp_dir());
        options.listen = listener.local_addr().unwrap();
        let failure = gateway::run(&options, &Stop::new(), |_| ()).unwrap_err();
        let text = refused(&failure).to_string();
        assert!(text.contains("take any free port"), "{text}");
        assert!(text.contains("cargo run -- build"), "{text}");
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

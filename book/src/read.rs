//! Building the book, and serving it through the course's own server.
//!
//! The pages go through [`gateway::run_on`], which is all of step 5's program but its command line.
//! A bug there shows up here first, which is the point.

use crate::desk::meant;
use crate::terminal::{STRONG, cannot};
use crate::{AWAY, Failure, HOME, live};
use book::exercises::catalogue;
use book::workbook::Workbook;
use check::{Asked, Client};
use concurrency::stop_on_signals;
use gateway::Options;
use socket::{Stop, reachable};
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// For a book that is already served to show itself: it is on the same machine, and idle.
const MOMENT: Duration = Duration::from_millis(500);

/// The end of the title of every page.
const TITLE: &str = "Build your own web server</title>";

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

/// Builds the book into `out` and serves it until Ctrl-C; or tells where the chapter that is asked
/// for is, when the book is served already.
///
/// # Errors
/// As [`pages`]; or there is no such chapter, the address cannot be had, or the server cannot run.
pub(crate) fn read(
    chapter: Option<&str>,
    listen: Option<SocketAddr>,
    out: &Path,
    workbook: Workbook,
) -> Result<(), Failure> {
    let page = chapter.map_or(Ok(String::new()), page)?;
    if chapter.is_some() && is_served(listen.unwrap_or(HOME), &page) {
        invite(listen.unwrap_or(HOME), &page);
        return Ok(());
    }
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
    gateway::run_on(&listeners, site, &options, &stop, |addr| {
        invite(addr, &page)
    })
    .map_err(|failure| refused(&failure))?;
    say(format_args!("Good-bye."));
    Ok(())
}

/// The page of a chapter, by its number, or by an exercise of it.
fn page(chapter: &str) -> Result<String, Failure> {
    let all = book::chapters().map_err(|error| cannot(book::home(), &error))?;
    // Who names an exercise means the chapter that leads to it.
    let exercises = catalogue().unwrap_or_default();
    let exercise = exercises.iter().find(|exercise| exercise.id == chapter);
    let number = exercise.map_or(chapter, |exercise| exercise.chapter.as_str());
    if let Some((_, page)) = all.iter().find(|(other, _)| other == number) {
        return Ok(page.clone());
    }
    let names = all
        .iter()
        .map(|(number, _)| (number.as_str(), number.as_str()));
    let advice = match meant(chapter, names) {
        Some(number) => format!("Did you mean {number}?"),
        None => "They are numbered as in the list of contents, such as 3.4.".into(),
    };
    Err(Failure::new(
        format!("there is no chapter `{chapter}`"),
        advice,
    ))
}

/// Whether this book, and not another program, answers there.
fn is_served(addr: SocketAddr, page: &str) -> bool {
    let asked = || {
        let mut client = Client::connect_with(addr, MOMENT)?;
        client.send(format!("GET /{page} HTTP/1.1\r\nHost: {addr}\r\n\r\n").as_bytes())?;
        client.read_answer(Asked::Other)
    };
    // Whatever goes wrong: there is no book.
    asked().is_ok_and(|answer| {
        let text = String::from_utf8_lossy(&answer.content);
        answer.status == 200 && text.contains(TITLE)
    })
}

fn taken(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrInUse
}

fn invite(addr: SocketAddr, page: &str) {
    say(format_args!(
        "Open {STRONG}http://{}/{page}{STRONG:#} in a browser.",
        reachable(addr)
    ));
}

fn refused(failure: &gateway::Failure) -> Failure {
    Failure::new(
        failure.to_string(),
        "`cargo course build` makes pages that a browser can open without any server.",
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
        assert!(text.contains("cargo course build"), "{text}");
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

//! Servers of Python applications: the course's own, and one in Python with a flaw.

use concurrency::{SERVERS, stop_on_signals};
use gateway::{Application, Complaints, Wsgi};
use socket::Stop;
use static_files::Config;
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Who serves.
pub(crate) enum Server {
    Course,
    /// A script, to which the same words are given.
    Script(&'static str),
}

pub(crate) fn serve(addr: &str, folder: &Path, server: &Server) -> io::Result<()> {
    match server {
        Server::Course => serve_workers(&TcpListener::bind(addr)?, folder),
        // Returns only where there is no Python.
        Server::Script(script) => {
            let words = ["-c", script, addr];
            Err(Command::new("python3").args(words).arg(folder).exec())
        }
    }
}

fn serve_workers(listener: &TcpListener, folder: &Path) -> io::Result<()> {
    let application = Application {
        callable: "app:application".into(),
        folder: folder.to_owned(),
        python: "python3".into(),
        workers: 1,
    };
    let prefix = "/wsgi".parse().map_err(io::Error::other)?;
    let wsgi = Wsgi::start(application, prefix, folder, &Complaints::new()?)?;
    let stop = Arc::new(Stop::new());
    stop_on_signals(Arc::clone(&stop))?;
    (SERVERS[1].1)(listener, &wsgi, &Config::default(), &stop)
}

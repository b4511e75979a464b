//! Who is compared, each with two processes for the application.

use crate::Outcome;
use crate::machine::{self, Cores};
use crate::row::Row;
use check::binary::{Profile, gateway};
use check::load::Reuse;
use check::{Executable, TempFolder, needs, process};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// A server under test.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// What becomes of its clients' connections.
    pub(crate) reuse: Reuse,
    server: Executable,
}

/// The others: a name, what becomes of connections, and the command. `APP` is the application.
const OTHERS: [(&str, Reuse, &str); 3] = [
    (
        "Gunicorn, sync",
        Reuse::Never,
        "gunicorn --workers 2 --worker-class sync --bind {addr} --chdir HERE APP:app",
    ),
    (
        "Gunicorn, gthread",
        Reuse::Kept,
        "gunicorn --workers 2 --worker-class gthread --threads 4 --keep-alive 60 --bind {addr} \
         --chdir HERE APP:app",
    ),
    (
        "uWSGI",
        Reuse::Never,
        "uwsgi --http-socket {addr} --processes 2 --master --listen 100 --disable-logging \
         --chdir HERE --module APP:app",
    ),
];

/// Starts everybody who is installed, ours first.
pub(crate) fn all(row: &Row, folder: &TempFolder) -> Outcome<Vec<Contender>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/wsgi");
    let here = here.to_str().ok_or("a path that is no text")?;
    let program = gateway(Profile::Release)?;
    let program = program.to_str().ok_or("a path that is no text")?;
    let application = format!("/={}:app", row.application);
    let ours = [
        program,
        "{root}",
        "--listen",
        "{addr}",
        "--server",
        "epoll",
        "--wsgi",
        &application,
        "--wsgi-path",
        here,
        "--wsgi-workers",
        "2",
    ];
    let mut all = vec![start("ours", Reuse::Kept, &ours, folder)?];
    for (name, reuse, command) in OTHERS {
        let command = command.replace("APP", row.application);
        let words: Vec<&str> = command
            .split(' ')
            .map(|word| if word == "HERE" { here } else { word })
            .collect();
        if needs::find(words[0]).is_none() {
            needs::is_left_out(name, words[0]);
            continue;
        }
        all.push(start(name, reuse, &words, folder)?);
    }
    Ok(all)
}

fn start(
    name: &'static str,
    reuse: Reuse,
    words: &[&str],
    folder: &TempFolder,
) -> Outcome<Contender> {
    let pinned = machine::pin_server(Cores::OneEach);
    let words: Vec<&str> = pinned.iter().chain(words).copied().collect();
    let server = Executable::start(&words, folder.path(), None)
        .map_err(|error| format!("{name}: {error}"))?;
    Ok(Contender {
        name,
        reuse,
        server,
    })
}

impl Contender {
    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// Processor time of all its processes.
    pub(crate) fn cpu_time(&self) -> Outcome<Duration> {
        let mut sum = process::cpu_time(self.server.pid())?;
        for pid in process::children(self.server.pid())? {
            sum += process::cpu_time(pid)?;
        }
        Ok(sum)
    }
}

//! What the server of an exercise is told, and what it can do with it.

use crate::grader::handler;
use concurrency::event_loop;
use gateway::{Prefix, Routes};
use socket::{Stop, accept_until};
use static_files::{Config, Files, Handler, Listing, Timeouts, serve_connection};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// For whoever stands behind a server to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the server of an exercise is given.
#[derive(Debug)]
pub struct Given {
    addr: SocketAddr,
    places: Vec<(String, String)>,
}

impl Given {
    /// Reads the words after `serve`: an address, and `NAME=VALUE` any number of times.
    pub(super) fn read(mut words: impl Iterator<Item = String>) -> Result<Given, String> {
        let addr = words.next().unwrap_or_default();
        let addr = addr
            .parse()
            .map_err(|_| format!("`{addr}` is no address: write `serve 127.0.0.1:8080`"))?;
        let place = |word: String| match word.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(format!("`{word}` is no place: write `root=FOLDER`")),
        };
        let places = words.map(place).collect::<Result<_, _>>()?;
        Ok(Given { addr, places })
    }

    /// Where to listen.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A listener at that address.
    ///
    /// # Errors
    /// What the system reports.
    pub fn listener(&self) -> io::Result<TcpListener> {
        TcpListener::bind(self.addr)
    }

    /// The folder of the files to be served.
    ///
    /// # Errors
    /// When there is none.
    pub fn root(&self) -> io::Result<PathBuf> {
        self.place("root").map(PathBuf::from)
    }

    /// The folder of the programs to be run for `/cgi/`.
    ///
    /// # Errors
    /// When there is none.
    pub fn programs(&self) -> io::Result<PathBuf> {
        self.place("cgi").map(PathBuf::from)
    }

    /// What was given under that name.
    ///
    /// # Errors
    /// When nothing was.
    pub fn place(&self, name: &str) -> io::Result<&str> {
        let given = self.places.iter().find(|(given, _)| given == name);
        // A place that its check does not fill is left as it was written.
        let filled = given.filter(|(_, value)| !value.starts_with('{'));
        filled.map(|(_, value)| value.as_str()).ok_or_else(|| {
            let why = format!("this server needs {name}=… in its command line");
            io::Error::new(ErrorKind::InvalidInput, why)
        })
    }

    /// Answers every request as `handler` says, one connection after the other, as the server of
    /// step 3 does.
    ///
    /// # Errors
    /// What makes accepting impossible.
    pub fn serve(&self, handler: &dyn Handler) -> io::Result<()> {
        let (listener, config) = (self.listener()?, Config::default());
        accept_until(&listener, &Stop::new(), |stream| {
            // A client who is gone is no loss to the next one.
            let _ = serve_connection(stream, handler, &config);
        })
    }

    /// Serves the files on the event loop, and below `prefix` what `make` makes; whoever stands behind
    /// that has two seconds for an answer.
    ///
    /// # Errors
    /// What `make` reports; when there is no folder, or accepting is impossible.
    pub fn serve_below<H: Handler + Send + 'static>(
        &self,
        prefix: &str,
        make: impl FnOnce() -> io::Result<H>,
    ) -> io::Result<()> {
        // Before `make` starts a thread.
        let stop = self.stop()?;
        let mut site = Routes::new(Files::new(&self.root()?)?.listing(Listing::Shown));
        let below: Prefix = prefix.parse().map_err(io::Error::other)?;
        site.mount(below, make()?);
        let timeouts = Timeouts {
            gateway: PATIENCE,
            ..Timeouts::default()
        };
        let config = Config {
            timeouts,
            ..Config::default()
        };
        event_loop(&self.listener()?, &site, &config, &stop)
    }

    /// What the course's own servers answer with while they are judged: the files, `/cgi/`, and
    /// `/echo`, `/slow` and `/panic`.
    ///
    /// # Errors
    /// When there are no folders, or the system has nothing left.
    pub fn handler(&self) -> io::Result<Arc<dyn Handler + Send + Sync>> {
        handler(&self.root()?, &self.programs()?)
    }

    /// A stop that SIGTERM and Ctrl-C raise. Call it before any thread is started.
    ///
    /// # Errors
    /// What the system reports.
    pub fn stop(&self) -> io::Result<Arc<Stop>> {
        let stop = Arc::new(Stop::new());
        concurrency::stop_on_signals(Arc::clone(&stop))?;
        Ok(stop)
    }
}

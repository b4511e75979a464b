//! A whole server from its options: handlers, listener, the chosen way of serving, until the stop.
//!
//! The command line and the front door of the course both come through here. Whoever calls decides
//! about signals (the [`Stop`]) and about what to do when an address is taken.

use crate::complaints::Complaints;
use crate::kind::{Built, Surroundings};
use crate::options::{Log, Options};
use crate::redirect::Redirects;
use crate::route::Routes;
use crate::rule::{Pattern, Rule};
use crate::trust::Trusting;
use crate::wsgi::Application;
use concurrency::{Beneath, Cache, Health, Listeners, Xray, trace_to};
use socket::Stop;
use static_files::{AccessLog, Files, Handler, LogFormat};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Why a server did not start, or ended by itself. Its text says what to do about it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// A folder cannot be served, or its programs cannot be run.
    Folder(PathBuf, io::Error),
    /// The address cannot be listened on; `AddrInUse` when somebody else does.
    Address(SocketAddr, io::Error),
    /// The trace cannot be written to this file.
    Trace(PathBuf, io::Error),
    /// This Python application cannot be loaded, or not be run.
    Application(String, io::Error),
    /// There is no server of that name in [`concurrency::SERVERS`].
    Server(&'static str),
    /// The system has nothing left: no thread, no descriptor.
    System(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Folder(folder, error) => explain_folder(f, folder, error),
            Failure::Address(addr, error) => explain_address(f, *addr, error),
            Failure::Trace(file, error) => {
                write!(
                    f,
                    "the trace cannot be written to {}: {error}",
                    file.display()
                )
            }
            Failure::Application(callable, error) => explain_application(f, callable, error),
            Failure::Server(name) => write!(f, "there is no server called {name}"),
            Failure::System(error) => write!(
                f,
                "the system refused the server something it needs: {error}"
            ),
        }
    }
}

impl std::error::Error for Failure {}

fn explain_folder(f: &mut fmt::Formatter<'_>, folder: &Path, error: &io::Error) -> fmt::Result {
    let folder = folder.display();
    match error.kind() {
        ErrorKind::NotFound => write!(f, "there is no folder {folder}; make it, or check its name"),
        ErrorKind::NotADirectory => write!(f, "{folder} is not a folder; give the one it is in"),
        ErrorKind::PermissionDenied => {
            write!(
                f,
                "{folder} may not be read; allow it with chmod +rx {folder}"
            )
        }
        _ => write!(f, "{folder} cannot be used: {error}"),
    }
}

fn explain_address(f: &mut fmt::Formatter<'_>, addr: SocketAddr, error: &io::Error) -> fmt::Result {
    let free = SocketAddr::new(addr.ip(), 0);
    match error.kind() {
        ErrorKind::AddrInUse => write!(
            f,
            "another program listens on {addr}; end it, or take any free port with --listen {free}"
        ),
        ErrorKind::PermissionDenied => write!(
            f,
            "port {} needs rights that this user has not; take one above 1023, such as --listen {}:8080",
            addr.port(),
            host(addr)
        ),
        ErrorKind::AddrNotAvailable => write!(
            f,
            "{} is no address of this machine; 0.0.0.0 stands for all it has, 127.0.0.1 for itself",
            addr.ip()
        ),
        _ => write!(f, "cannot listen on {addr}: {error}"),
    }
}

fn explain_application(
    f: &mut fmt::Formatter<'_>,
    callable: &str,
    error: &io::Error,
) -> fmt::Result {
    match error.kind() {
        ErrorKind::InvalidInput => write!(
            f,
            "{callable} does not load; its folder is given with --wsgi-path, a virtual \
             environment's Python with --python. Python says:\n{error}"
        ),
        ErrorKind::NotFound => write!(
            f,
            "{callable} needs a Python, and there is no such program; give one with --python"
        ),
        ErrorKind::TimedOut => write!(f, "{callable} did not load within a minute"),
        _ => write!(f, "{callable} cannot be run: {error}"),
    }
}

fn host(addr: SocketAddr) -> String {
    match addr {
        SocketAddr::V4(addr) => addr.ip().to_string(),
        SocketAddr::V6(addr) => format!("[{}]", addr.ip()),
    }
}

/// Serves until the stop is raised and the answers under way are given, or the grace has passed.
///
/// ```no_run
/// use gateway::{Options, run};
/// use socket::Stop;
/// use std::path::Path;
///
/// # fn main() -> Result<(), gateway::Failure> {
/// let options = Options::new(Path::new("site"));
/// run(&options, &Stop::new(), |addr| println!("http://{addr}/"))
/// # }
/// ```
///
/// `ready` is called with the address once connections are accepted, in the kernel's queue at least.
///
/// # Errors
/// [`Failure`]: all but the last kind come before `ready` is called.
pub fn run(options: &Options, stop: &Stop, ready: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    let site = routes(options)?;
    run_on(&listeners(options)?, site, options, stop, ready)
}

/// Opens the listeners that the options ask for.
///
/// # Errors
/// [`Failure::Address`] and [`Failure::Server`].
pub fn listeners(options: &Options) -> Result<Listeners, Failure> {
    let opened = Listeners::open(options.server, options.listen, &options.config);
    opened.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::Server(options.server),
        _ => Failure::Address(options.listen, error),
    })
}

/// The same as [`run`], for a site and listeners that are there already.
///
/// # Errors
/// As [`run`].
pub fn run_on(
    listeners: &Listeners,
    site: Routes,
    options: &Options,
    stop: &Stop,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), Failure> {
    let site = Redirects::new(site);
    let log = access_log(options.log).map_err(Failure::System)?;
    let logged = log.as_ref().map(|log| log.around(&site));
    let handler = logged
        .as_ref()
        .map_or(&site as &dyn Handler, |logged| logged);
    let trusting = Trusting::new(&options.trust, handler);
    let handler = if options.trust.is_empty() {
        handler
    } else {
        &trusting
    };
    if let Some(file) = &options.trace {
        begin_trace(file).map_err(|error| Failure::Trace(file.clone(), error))?;
    }
    let xray = options.xray.then(|| Xray::new(handler));
    let handler = xray.as_ref().map_or(handler, |xray| xray);
    let health = Health::new(handler, stop);
    let addr = listeners.local_addr();
    ready(addr.map_err(|error| Failure::Address(options.listen, error))?);
    let served = listeners.serve(&health, &options.config, stop);
    served.map_err(Failure::System)
}

fn begin_trace(file: &Path) -> io::Result<()> {
    if file == Path::new("-") {
        trace_to(io::stdout());
    } else {
        trace_to(File::create(file)?);
    }
    Ok(())
}

fn access_log(log: Log) -> io::Result<Option<AccessLog>> {
    let format = match log {
        Log::Off => None,
        Log::OnTerminal => io::stdout().is_terminal().then_some(LogFormat::Combined),
        Log::As(format) => Some(format),
    };
    let start = |format| AccessLog::new(format, io::stdout(), io::stderr());
    format.map(start).transpose()
}

/// The handlers of a site: its programs where they are mounted, its files everywhere else.
///
/// Python applications are started and loaded by this, which may take a while.
///
/// # Errors
/// [`Failure::Folder`], [`Failure::Application`] and [`Failure::System`].
pub fn routes(options: &Options) -> Result<Routes, Failure> {
    let root = checked(&options.folder)?;
    let in_root = |error| Failure::Folder(options.folder.clone(), error);
    let beneath = Beneath::new(&root).map_err(in_root)?;
    let cache = Cache::new(move |path: &_| beneath.find(path));
    let files = Files::new(&root).map_err(in_root)?;
    let files = files
        .looking_up(Box::new(move |path: &_| cache.find(path)))
        .listing(options.listing);
    let mut routes = Routes::new(files);
    if options.rules.is_empty() {
        return Ok(routes);
    }
    let surroundings = Surroundings {
        root,
        authorization: options.authorization,
        complaints: Complaints::new().map_err(Failure::System)?,
        python: Application {
            callable: String::new(),
            folder: options.wsgi_path.clone(),
            python: options.python.clone(),
            workers: options.wsgi_workers,
        },
        programs: OnceLock::new(),
    };
    for rule in &options.rules {
        match ((rule.kind.build)(rule, &surroundings)?, &rule.pattern) {
            (Built::Mounted(handler), Pattern::Prefix(prefix)) => {
                routes.mount_boxed(prefix.clone(), handler);
            }
            (Built::Scripts(scripts), Pattern::Extension(_)) => routes.run_scripts(scripts),
            (Built::Mounted(_), Pattern::Extension(_))
            | (Built::Scripts(_), Pattern::Prefix(_)) => {
                unreachable!("a kind builds what its pattern asks for")
            }
        }
    }
    Ok(routes)
}

/// Says which address leads where, in the order in which they are looked at.
///
/// # Errors
/// As [`routes`]: what could not be served is told instead.
pub fn map(options: &Options) -> Result<String, Failure> {
    routes(options)?;
    let mut rules: Vec<&Rule> = options.rules.iter().collect();
    rules.sort_by_key(|rule| match &rule.pattern {
        Pattern::Extension(_) => usize::MIN,
        Pattern::Prefix(prefix) => usize::MAX - prefix.depth(),
    });
    let lines = rules.iter().map(|rule| format!("{rule}\n"));
    let rest = format!("/ → files {}\n", options.folder.display());
    Ok(lines.chain([rest]).collect())
}

/// The folder without links, if it is one that can be read.
pub(crate) fn checked(folder: &Path) -> Result<PathBuf, Failure> {
    let found = fs::canonicalize(folder).and_then(|path| fs::read_dir(&path).map(|_| path));
    found.map_err(|error| Failure::Folder(folder.to_path_buf(), error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;
    use concurrency::SERVERS;
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;

    #[track_caller]
    fn check(options: &Options, expected: &str) {
        let never = |addr| panic!("ready at {addr}");
        let failure = run(options, &Stop::new(), never).expect_err("it cannot start");
        assert!(failure.to_string().contains(expected), "{failure}");
    }

    #[test]
    fn folders_that_cannot_be_served_are_told_apart() {
        let dir = TempDir::new();
        check(
            &Options::new(&dir.path().join("none")),
            "there is no folder",
        );
        check(&Options::new(&dir.file("file", "")), "is not a folder");
        let mut options = Options::new(dir.path());
        let rule = format!("/cgi={}", dir.path().join("programs").display());
        let rule = Rule::parse(&crate::kind::KINDS[0], rule.as_ref());
        options.rules.push(rule.expect("a rule"));
        check(&options, "programs; make it");
    }

    #[test]
    fn a_folder_without_permission_says_how_to_give_it() {
        let dir = TempDir::new();
        let folder = dir.path().join("closed");
        fs::create_dir(&folder).expect("a folder can be made");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).expect("it is ours");
        if fs::read_dir(&folder).is_ok() {
            println!("skipped: this user may read everything");
            return;
        }
        check(&Options::new(&folder), "chmod +rx");
    }

    #[test]
    fn a_taken_address_is_a_failure_of_its_own() {
        let dir = TempDir::new();
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        for (server, _) in SERVERS {
            let mut options = Options::new(dir.path());
            options.server = server;
            options.listen = taken.local_addr().expect("it is bound");
            check(&options, "--listen 127.0.0.1:0");
        }
    }

    #[test]
    fn addresses_of_others_are_explained() {
        let dir = TempDir::new();
        let mut options = Options::new(dir.path());
        options.listen = "192.0.2.1:8080".parse().expect("an address");
        check(&options, "no address of this machine");
    }
}

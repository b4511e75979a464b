//! Serves a folder with any server of the ladder: `cargo run -p step04-concurrency -- DIR`.
#![forbid(unsafe_code)]

use concurrency::sys;
use concurrency::{Beneath, Cache, Health, SERVERS, Serve, Xray};
use concurrency::{listen_for, stop_on_signals, trace_to};
use socket::Stop;
use static_files::{Config, Files, Listing};
use std::env;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

const USAGE: &str = "\
usage: step04-concurrency [DIR] [--server NAME] [--listen ADDR] [--workers N]
                          [--trace FILE] [--xray]

  DIR            the folder to serve (default: the current one)
  --server NAME  iterative, threads, pool, poll, epoll or cores (default: epoll)
  --listen ADDR  address and port (default: 127.0.0.1:8080)
  --workers N    loops of `cores`, threads of `pool` (default: one loop a core, 64 threads)
  --trace FILE   write down what the event loops do; - is standard output
  --xray         draw it, at /.xray/, for browsers on this machine";

struct Options {
    folder: PathBuf,
    server: (&'static str, Serve),
    listen: SocketAddr,
    config: Config,
    trace: Option<PathBuf>,
    xray: bool,
}

fn main() -> ExitCode {
    let outcome = parse(env::args().skip(1)).and_then(|options| match options {
        Some(options) => run(&options),
        None => {
            println!("{USAGE}");
            Ok(())
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// `None` asks for help.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        folder: PathBuf::from("."),
        server: named("epoll")?,
        listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        config: Config::default(),
        trace: None,
        xray: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or(format!("{argument} needs a value\n\n{USAGE}"))
        };
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--server" => options.server = named(&value()?)?,
            "--listen" => {
                let text = value()?;
                options.listen = text
                    .parse()
                    .map_err(|_| format!("{text} is no address; try --listen 127.0.0.1:8080"))?;
            }
            "--workers" => {
                let text = value()?;
                let workers = text
                    .parse()
                    .ok()
                    .filter(|workers| (1..=1024).contains(workers));
                options.config.workers =
                    workers.ok_or(format!("{text} workers? Try a number from 1 to 1024"))?;
                options.config.pool = options.config.workers;
            }
            "--trace" => options.trace = Some(PathBuf::from(value()?)),
            "--xray" => options.xray = true,
            option if option.starts_with('-') => {
                return Err(format!("there is no option {option}\n\n{USAGE}"));
            }
            folder => options.folder = PathBuf::from(folder),
        }
    }
    Ok(Some(options))
}

fn named(name: &str) -> Result<(&'static str, Serve), String> {
    let names = SERVERS.map(|(name, _)| name).join(", ");
    SERVERS
        .into_iter()
        .find(|(known, _)| *known == name)
        .ok_or(format!("there is no server {name}; there are {names}"))
}

fn run(options: &Options) -> Result<(), String> {
    let stop = Arc::new(Stop::new());
    stop_on_signals(Arc::clone(&stop)).map_err(|error| format!("no signals: {error}"))?;
    // With the usual 1,024 descriptors the server works too, for fewer clients.
    if let Err(error) = sys::raise_descriptor_limit() {
        eprintln!("the limit on open descriptors stays as it is: {error}");
    }
    let files = files(&options.folder).map_err(|error| {
        let folder = options.folder.display();
        format!("cannot serve {folder}: {error}; name a folder that exists and may be read")
    })?;
    let (name, serve) = options.server;
    let listener = listen_for(name, options.listen).map_err(|error| {
        let addr = options.listen;
        format!("cannot listen on {addr}: {error}; try --listen 127.0.0.1:0 for any free port")
    })?;
    let addr = listener.local_addr().map_err(|error| error.to_string())?;
    println!(
        "{} served by `{name}` at http://{addr}/",
        options.folder.display()
    );
    println!("try:   curl -v http://{addr}/");
    println!("end:   Ctrl-C (once: after the answers under way; twice: now)");
    if let Some(file) = &options.trace {
        trace_into(file)?;
    }
    let health = Health::new(&files, &stop);
    let served = if options.xray {
        println!("see:   http://{addr}/.xray/");
        serve(&listener, &Xray::new(&health), &options.config, &stop)
    } else {
        serve(&listener, &health, &options.config, &stop)
    };
    served.map_err(|error| format!("ended: {error}"))
}

fn trace_into(file: &Path) -> Result<(), String> {
    if file == Path::new("-") {
        trace_to(io::stdout());
        return Ok(());
    }
    let created = File::create(file);
    trace_to(created.map_err(|error| format!("cannot write {}: {error}", file.display()))?);
    Ok(())
}

fn files(folder: &Path) -> io::Result<Files> {
    let beneath = Beneath::new(folder)?;
    let cache = Cache::new(move |path: &_| beneath.find(path));
    let lookup = Box::new(move |path: &_| cache.find(path));
    Ok(Files::new(folder)?
        .looking_up(lookup)
        .listing(Listing::Shown))
}

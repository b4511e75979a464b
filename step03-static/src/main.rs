//! Serves a folder: `cargo run -p step03-static -- DIR`.
#![forbid(unsafe_code)]

use socket::{Stop, reachable};
use static_files::{AccessLog, Config, Files, Handler, Listing, LogFormat, serve_connection};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where the server listens when nobody says so. Nobody outside this machine can reach it.
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

const USAGE: &str = "\
Serves the files of a folder, one connection at a time.

usage: cargo run -p step03-static -- [DIR] [--listen ADDRESS:PORT] [--log FORMAT]

  DIR       the folder; without it, the current one
  --listen  where to listen; without it, 127.0.0.1:8080 or, when that is taken, a free port
  --log     a line for each response: off, combined or json; without it, combined on a terminal

examples:
  cargo run -p step03-static -- book
  cargo run -p step03-static -- /tmp --listen 127.0.0.1:9000
";

/// What was asked for on the command line.
struct Options {
    dir: PathBuf,
    listen: Option<SocketAddr>,
    log: Option<LogFormat>,
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        say(USAGE);
        return ExitCode::SUCCESS;
    }
    let outcome = parse(arguments)
        .map_err(|mistake| (2, format!("{mistake}\n\n{USAGE}")))
        .and_then(|options| run(&options).map_err(|failure| (1, failure)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, sentence)) => {
            eprintln!("step03-static: {sentence}");
            ExitCode::from(code)
        }
    }
}

fn parse(arguments: Vec<OsString>) -> Result<Options, String> {
    let mut dir = None;
    let mut listen = None;
    let on_terminal = io::stdout().is_terminal();
    let mut log = on_terminal.then_some(LogFormat::Combined);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--listen" {
            let address = arguments.next().unwrap_or_default();
            let parsed = address.to_str().and_then(|address| address.parse().ok());
            listen = Some(parsed.ok_or_else(|| {
                format!("--listen needs an address and a port, such as {DEFAULT_LISTEN}")
            })?);
        } else if argument == "--log" {
            log = match arguments.next().unwrap_or_default().as_encoded_bytes() {
                b"off" => None,
                b"combined" => Some(LogFormat::Combined),
                b"json" => Some(LogFormat::Json),
                _ => return Err("--log needs off, combined or json".to_owned()),
            };
        } else if argument.as_encoded_bytes().starts_with(b"-") {
            return Err(format!("there is no option {}", argument.display()));
        } else if dir.replace(PathBuf::from(argument)).is_some() {
            return Err("one folder can be served, not several".to_owned());
        }
    }
    Ok(Options {
        dir: dir.unwrap_or_else(|| PathBuf::from(".")),
        listen,
        log,
    })
}

fn run(options: &Options) -> Result<(), String> {
    let files = Files::new(&options.dir)
        .map_err(|error| explain_folder(&options.dir, &error))?
        .listing(Listing::Shown);
    let listener = listen(options.listen)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let address = reachable(address);
    say(&format!(
        "Serving {} at http://{address}/\n\
         Look at it in a browser, or octet by octet: curl -v http://{address}/\n\
         Ctrl-C ends it.",
        options.dir.display()
    ));

    let log = options
        .log
        .map(|format| AccessLog::new(format, io::stdout(), io::stderr()))
        .transpose()
        .map_err(|error| format!("cannot write a log: {error}"))?;
    let logged = log.as_ref().map(|log| log.around(&files));
    let handler: &dyn Handler = match &logged {
        Some(logged) => logged,
        None => &files,
    };
    let config = Config::default();
    socket::accept_until(&listener, &Stop::new(), |stream| {
        serve(stream, handler, &config);
    })
    .map_err(|error| format!("can accept no more connections: {error}"))
}

fn serve(stream: TcpStream, handler: &dyn Handler, config: &Config) {
    let client = stream
        .peer_addr()
        .map_or_else(|_| "a client".to_owned(), |peer| peer.to_string());
    if let Err(error) = serve_connection(stream, handler, config) {
        // A server without anybody to tell serves on.
        let _ = writeln!(io::stderr(), "{client}: {error}");
    }
}

/// Prints a line. Unlike `println!`, it does not panic when the reader of the output has gone.
fn say(text: &str) {
    // Whoever closed our output does not want to read it.
    let _ = writeln!(io::stdout(), "{text}");
}

fn listen(asked: Option<SocketAddr>) -> Result<TcpListener, String> {
    let address = asked.map_or_else(|| DEFAULT_LISTEN.to_owned(), |address| address.to_string());
    let bound = match (TcpListener::bind(&address), asked) {
        (Err(error), None) if error.kind() == io::ErrorKind::AddrInUse => {
            say(&format!(
                "{DEFAULT_LISTEN} is taken by another program, so this is another port."
            ));
            TcpListener::bind("127.0.0.1:0")
        }
        (bound, _) => bound,
    };
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "{address} is taken by another program. \
                 Choose another port, or port 0 for any free one."
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "{address} is not allowed: ports below 1024 belong to the system. \
                 Choose a larger one, such as 8080."
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "{address} is no address of this machine. \
                 127.0.0.1 is for this machine only, 0.0.0.0 for all networks."
            )
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

fn explain_folder(dir: &Path, error: &io::Error) -> String {
    let dir = dir.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no folder {dir}. Check the spelling, or make it: mkdir {dir}")
        }
        io::ErrorKind::NotADirectory => {
            format!("{dir} is no folder. Name the folder that the file is in.")
        }
        io::ErrorKind::PermissionDenied => {
            format!("{dir} may not be read. Ask its owner, or allow it: chmod a+rx {dir}")
        }
        _ => format!("cannot serve {dir}: {error}"),
    }
}

//! The command line: what was asked for, or a sentence about what cannot have been meant.
//!
//! All options stand in one table, from which the parser, the help and the suggestions are made,
//! so none of the three can forget one. Nothing is looked up on the system here.

use crate::environ::Authorization;
use crate::route::Prefix;
use crate::suggest::nearest;
use crate::trust::Network;
use crate::values;
use static_files::{Config, Expected, Listing, LogFormat};
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where the server listens if it is not told: a port that needs no rights, on this machine alone.
pub(crate) const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// What to serve, where, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the site's files.
    pub folder: PathBuf,
    /// Address and port; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Name of a row of [`concurrency::SERVERS`].
    pub server: &'static str,
    /// Limits and waits.
    pub config: Config,
    /// Folders of programs, and the prefixes they are mounted at.
    pub cgi: Vec<(Prefix, PathBuf)>,
    /// Whether those programs see `Authorization`.
    pub authorization: Authorization,
    /// Whether a folder without `index.html` shows what is in it.
    pub listing: Listing,
    /// Who may say for whom it asks; mostly nobody.
    pub trust: Vec<Network>,
    /// Whether and how each response is told on standard output.
    pub log: Log,
}

/// When a line is written for each response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Never.
    Off,
    /// When somebody is there to see it: in the combined format, if standard output is a terminal.
    OnTerminal,
    /// Always.
    As(LogFormat),
}

impl Options {
    /// Serves the files in `folder` at `127.0.0.1:8080`, on every core.
    pub fn new(folder: &Path) -> Options {
        Options {
            folder: folder.to_path_buf(),
            listen: LISTEN,
            server: "cores",
            config: Config::default(),
            cgi: Vec::new(),
            authorization: Authorization::Withheld,
            listing: Listing::Hidden,
            trust: Vec::new(),
            log: Log::Off,
        }
    }
}

/// What a command line asks for.
#[derive(Debug, Clone)]
pub enum Invocation {
    /// To serve.
    Serve(Box<Options>),
    /// To be told how to use the program.
    Help,
    /// To be told which program this is.
    Version,
}

/// A sentence about a command line that makes no sense, with what to type instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake(String);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

struct Flag {
    name: &'static str,
    takes: Takes,
    help: &'static str,
}

enum Takes {
    Nothing(fn(&mut Options)),
    /// What to call the value in the help, and what to do with it.
    Value(&'static str, fn(&mut Options, &OsStr) -> Result<(), String>),
}

const FLAGS: [Flag; 11] = [
    Flag {
        name: "--listen",
        takes: Takes::Value("ADDRESS:PORT", values::listen),
        help: "where to listen; 127.0.0.1:8080 if not given, port 0 is any free one",
    },
    Flag {
        name: "--server",
        takes: Takes::Value("NAME", values::server),
        help: "how to serve many at once: iterative, threads, pool, poll, epoll or cores (the default)",
    },
    Flag {
        name: "--workers",
        takes: Takes::Value("N", values::workers),
        help: "loops of `cores`, threads of `pool`; one for each core, and 64, if not given",
    },
    Flag {
        name: "--cgi",
        takes: Takes::Value("/PREFIX=DIR", values::cgi),
        help: "run the programs in DIR for addresses below /PREFIX; may be given several times",
    },
    Flag {
        name: "--cgi-authorization",
        takes: Takes::Nothing(|options| options.authorization = Authorization::Passed),
        help: "let those programs see passwords (HTTP_AUTHORIZATION)",
    },
    Flag {
        name: "--listing",
        takes: Takes::Nothing(|options| options.listing = Listing::Shown),
        help: "show what is in a folder that has no index.html",
    },
    Flag {
        name: "--trust",
        takes: Takes::Value("NETWORK,…", values::trust),
        help: "believe X-Forwarded-For, -Proto, -Host and Forwarded from these addresses: 10.0.0.0/8,::1",
    },
    Flag {
        name: "--proxy-protocol",
        takes: Takes::Nothing(|options| options.config.expected = Expected::Preface),
        help: "every connection begins with the PROXY protocol, version 1 or 2",
    },
    Flag {
        name: "--log",
        takes: Takes::Value("FORMAT", values::log),
        help: "a line for each response: off, combined or json; if not given, combined on a terminal",
    },
    Flag {
        name: "--timeout",
        takes: Takes::Value("NAME=TIME,…", values::timeouts),
        help: "how long to wait: head=10s,body=10s,send=10s,idle=15s,gateway=30s,tunnel=10m,linger=2s,grace=30s",
    },
    Flag {
        name: "--drain",
        takes: Takes::Value("TIME", values::drain),
        help: "how long newcomers are let in after SIGTERM, while /.health says 503; 0s if not given",
    },
];

/// Understands a command line, without the program's own name.
///
/// # Errors
/// [`Mistake`], a sentence to print.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Mistake> {
    let mut options = Options::new(Path::new(""));
    options.log = Log::OnTerminal;
    let mut folder = None;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if !argument.as_bytes().starts_with(b"-") {
            if let Some(first) = folder.replace(PathBuf::from(&argument)) {
                return Err(Mistake(format!(
                    "one folder can be served, and there are two: {} and {}",
                    first.display(),
                    argument.display()
                )));
            }
            continue;
        }
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(Invocation::Help),
            Some("--version" | "-V") => return Ok(Invocation::Version),
            _ => apply(&mut options, &argument, &mut arguments).map_err(Mistake)?,
        }
    }
    options.folder = folder.ok_or_else(|| {
        Mistake("which folder is to be served? The current one is a dot: gateway .".to_owned())
    })?;
    Ok(Invocation::Serve(Box::new(options)))
}

/// Applies one option, with the value behind its `=` or in the next argument.
fn apply(
    options: &mut Options,
    argument: &OsStr,
    rest: &mut impl Iterator<Item = OsString>,
) -> Result<(), String> {
    let (name, attached) = values::split_at_equals(argument);
    let Some(flag) = FLAGS.iter().find(|flag| name == flag.name) else {
        return Err(unknown(&name.to_string_lossy()));
    };
    match (&flag.takes, attached) {
        (Takes::Nothing(set), None) => {
            set(options);
            Ok(())
        }
        (Takes::Nothing(_), Some(_)) => Err(format!("{} takes no value", flag.name)),
        (Takes::Value(called, set), attached) => {
            let value = attached.map(OsStr::to_owned).or_else(|| rest.next());
            let value = value
                .filter(|value| !value.is_empty())
                .ok_or_else(|| format!("{} needs a value: {0} {called}", flag.name))?;
            set(options, &value).map_err(|mistake| format!("{}: {mistake}", flag.name))
        }
    }
}

fn unknown(name: &str) -> String {
    let names = FLAGS.iter().map(|flag| flag.name);
    match nearest(name, names.chain(["--help", "--version"])) {
        Some(meant) => format!("there is no option {name}; did you mean {meant}?"),
        None => format!("there is no option {name}; gateway --help lists them"),
    }
}

/// How to use the program.
pub fn help() -> String {
    let mut text = "\
Serves a folder over HTTP, and runs programs to answer requests.

usage: gateway DIR [options]

options:
"
    .to_owned();
    for flag in &FLAGS {
        let called = match flag.takes {
            Takes::Nothing(_) => String::new(),
            Takes::Value(called, _) => format!(" {called}"),
        };
        let (name, help) = (flag.name, flag.help);
        writeln!(text, "  {name}{called}\n        {help}").expect("a String takes every text");
    }
    text + "  --help, --version

examples:
  gateway .                                 the current folder at http://127.0.0.1:8080/
  gateway site --listing --listen 0.0.0.0:80
  gateway site --cgi /cgi=programs          /cgi/hello runs programs/hello
  gateway site --cgi /cgi=programs --timeout gateway=2m

SIGTERM or Ctrl-C ends it after the answers under way, a second one at once. SIGHUP starts it
anew with the same options on the same door, and loses nobody. /.health says ok, or 503 at the end.
"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::WORKERS;
    use concurrency::SERVERS;
    use static_files::Timeouts;
    use std::time::Duration;

    fn parsed(line: &str) -> Result<Invocation, Mistake> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[track_caller]
    fn options(line: &str) -> Options {
        match parsed(line) {
            Ok(Invocation::Serve(options)) => *options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[track_caller]
    fn check_mistake(line: &str, expected: &[&str]) {
        let Err(Mistake(sentence)) = parsed(line) else {
            panic!("\"{line}\" is accepted")
        };
        for part in expected {
            assert!(sentence.contains(part), "{line}: {sentence}");
        }
    }

    #[test]
    fn a_folder_is_all_that_is_needed() {
        let options = options("site");
        assert_eq!(options.folder, Path::new("site"));
        assert_eq!(options.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(options.server, "cores");
        assert_eq!(options.listing, Listing::Hidden);
        assert_eq!(options.authorization, Authorization::Withheld);
        check_mistake("", &["which folder", "gateway ."]);
        check_mistake("a b", &["two: a and b"]);
    }

    #[test]
    fn every_server_of_the_ladder_can_be_asked_for() {
        for (name, _) in SERVERS {
            assert_eq!(options(&format!("--server {name} .")).server, name);
        }
        check_mistake(". --server epol", &["did you mean epoll?"]);
        check_mistake(". --server quick", &["there are iterative, "]);
    }

    #[test]
    fn addresses_are_taken_in_their_usual_spellings() {
        for (typed, meant) in [
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:8080", "[::1]:8080"),
            ("localhost:81", "127.0.0.1:81"),
            ("9000", "127.0.0.1:9000"),
        ] {
            assert_eq!(
                options(&format!(". --listen {typed}")).listen.to_string(),
                meant
            );
        }
        for typed in ["example.org:80", "127.0.0.1", "70000", ":80", "::1:80:x"] {
            check_mistake(
                &format!(". --listen {typed}"),
                &["--listen: ", typed, "127.0.0.1:8080"],
            );
        }
        check_mistake(
            ". --listen",
            &["--listen needs a value: --listen ADDRESS:PORT"],
        );
    }

    #[test]
    fn programs_are_mounted() {
        let options = options(". --cgi /cgi=a=b --cgi=/x/y=c --cgi-authorization --listing");
        let mounts: Vec<String> = options
            .cgi
            .iter()
            .map(|(prefix, folder)| format!("{prefix} {}", folder.display()))
            .collect();
        assert_eq!(mounts, ["/cgi a=b", "/x/y c"]);
        assert_eq!(options.authorization, Authorization::Passed);
        assert_eq!(options.listing, Listing::Shown);
        check_mistake(". --cgi /cgi", &["/cgi has no folder", "/cgi=DIR"]);
        check_mistake(". --cgi /cgi=", &["has no folder"]);
        check_mistake(". --cgi cgi=a", &["begins with a slash"]);
        check_mistake(". --cgi /a//b=c", &["single slashes"]);
        check_mistake(". --cgi /a=b --cgi /a/=c", &["/a is mounted twice"]);
    }

    #[test]
    fn times_have_names_and_units() {
        let timeouts = options(". --timeout head=500ms,idle=2m --timeout gateway=3s")
            .config
            .timeouts;
        assert_eq!(timeouts.head, Duration::from_millis(500));
        assert_eq!(timeouts.idle, Duration::from_secs(120));
        assert_eq!(timeouts.gateway, Duration::from_secs(3));
        assert_eq!(timeouts.body, Timeouts::default().body);
        for time in ["10", "0s", "-1s", "s", "1h", "1.5s", "99999999999s", ""] {
            check_mistake(
                &format!(". --timeout head={time}"),
                &["is no time", "500ms"],
            );
        }
        check_mistake(". --timeout haed=1s", &["did you mean head?"]);
        check_mistake(
            ". --timeout lunch=1s",
            &["no wait lunch", "there are head, "],
        );
        check_mistake(". --timeout 1s", &["names no time"]);
    }

    #[test]
    fn the_door_closes_at_once_unless_it_is_told_to_wait() {
        let drain = |line| options(line).config.timeouts.drain;
        assert_eq!(drain("."), Duration::ZERO);
        assert_eq!(drain(". --drain 5s"), Duration::from_secs(5));
        assert_eq!(drain(". --drain 0s"), Duration::ZERO);
        check_mistake(". --drain 5", &["--drain: ", "is no time", "500ms"]);
    }

    #[test]
    fn workers_are_counted_from_one_to_the_limit() {
        assert_eq!(options(". --workers 1").config.workers, 1);
        assert_eq!(options(". --workers 1024").config.pool, WORKERS);
        for number in ["0", "1025", "many", "-1"] {
            check_mistake(
                &format!(". --workers {number}"),
                &[number, "from 1 to 1024"],
            );
        }
    }

    #[test]
    fn what_is_not_an_option_is_named_with_what_was_meant() {
        check_mistake(
            ". --lisen x",
            &["no option --lisen", "did you mean --listen?"],
        );
        check_mistake(". --frobnicate", &["--help lists them"]);
        check_mistake(". -x", &["no option -x"]);
        check_mistake(". --listing=yes", &["takes no value"]);
    }

    #[test]
    fn help_and_version_win_over_what_is_missing() {
        assert!(matches!(parsed("--help"), Ok(Invocation::Help)));
        assert!(matches!(parsed("a --version"), Ok(Invocation::Version)));
        for flag in &FLAGS {
            assert!(help().contains(flag.name), "{}", flag.name);
        }
    }
}

//! The command line: what was asked for, or a sentence about what cannot have been meant.
//!
//! What there is to be said stands in the table of [`flags`](crate::flags). Nothing is looked up on the
//! system here but the options' own file and the names of machines.

use crate::config_file;
use crate::environ::Authorization;
use crate::flags::{Takes, flags};
use crate::rule::Rule;
use crate::suggest::nearest;
use crate::trust::Network;
use crate::values;
use crate::wsgi::Application;
use static_files::{Config, Listing, LogFormat};
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
    /// Which addresses lead to programs.
    pub rules: Vec<Rule>,
    /// Whether programs of CGI see `Authorization`.
    pub authorization: Authorization,
    /// Processes for each Python application.
    pub wsgi_workers: usize,
    /// Where the modules of Python applications are.
    pub wsgi_path: PathBuf,
    /// The Python that runs them.
    pub python: OsString,
    /// Whether a folder without `index.html` shows what is in it.
    pub listing: Listing,
    /// Who may say for whom it asks; mostly nobody.
    pub trust: Vec<Network>,
    /// Whether and how each response is told on standard output.
    pub log: Log,
    /// Where to tell what the event loops do; a dash is standard output.
    pub trace: Option<PathBuf>,
    /// Whether the event loops are drawn at `/.xray/`.
    pub xray: bool,
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
            rules: Vec::new(),
            authorization: Authorization::Withheld,
            wsgi_workers: Application::WORKERS,
            wsgi_path: PathBuf::from("."),
            python: OsString::from("python3"),
            listing: Listing::Hidden,
            trust: Vec::new(),
            log: Log::Off,
            trace: None,
            xray: false,
        }
    }
}

/// What a command line asks for.
#[derive(Debug, Clone)]
pub enum Invocation {
    /// To serve.
    Serve(Box<Options>),
    /// To find out whether it could be served, and say which address leads where.
    Check(Box<Options>),
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

/// Understands a command line, without the program's own name.
///
/// # Errors
/// [`Mistake`], a sentence to print.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Mistake> {
    let mut options = Options::new(Path::new(""));
    options.log = Log::OnTerminal;
    let mut reading = Reading {
        options,
        folder: None,
        task: Task::Serve,
    };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        reading.apply(&argument, &mut arguments).map_err(Mistake)?;
    }
    reading.finish().map_err(Mistake)
}

/// A command line, as far as it has been read.
struct Reading {
    options: Options,
    folder: Option<PathBuf>,
    task: Task,
}

enum Task {
    Serve,
    Check,
    Help,
    Version,
}

impl Reading {
    /// Applies one argument, and perhaps the next as its value.
    fn apply(
        &mut self,
        argument: &OsStr,
        rest: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), String> {
        if !argument.as_bytes().starts_with(b"-") {
            return self.serve(argument);
        }
        match argument.to_str() {
            Some("--help" | "-h") => self.task = Task::Help,
            Some("--version" | "-V") => self.task = Task::Version,
            Some("--check") => self.task = Task::Check,
            _ => {
                let (name, attached) = values::split_at_equals(argument);
                if name == "--config" {
                    let value = attached.map(OsStr::to_owned).or_else(|| rest.next());
                    return self.apply_file(&required(value, "--config", "FILE")?);
                }
                apply(&mut self.options, name, attached, rest)?;
            }
        }
        Ok(())
    }

    fn serve(&mut self, folder: &OsStr) -> Result<(), String> {
        match self.folder.replace(PathBuf::from(folder)) {
            None => Ok(()),
            Some(first) => Err(format!(
                "one folder can be served, and there are two: {} and {}",
                first.display(),
                folder.display()
            )),
        }
    }

    /// Applies every line of a file. A file that names another is refused: the two could go on for
    /// ever.
    fn apply_file(&mut self, file: &OsStr) -> Result<(), String> {
        for (number, argument) in config_file::read(file)? {
            let at = |mistake| format!("{}, line {number}: {mistake}", file.display());
            if argument.as_bytes().starts_with(b"--config") {
                return Err(at("a file of options names no other".to_owned()));
            }
            self.apply(&argument, &mut std::iter::empty()).map_err(at)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Invocation, String> {
        let invocation = match self.task {
            Task::Help => return Ok(Invocation::Help),
            Task::Version => return Ok(Invocation::Version),
            Task::Serve => Invocation::Serve,
            Task::Check => Invocation::Check,
        };
        self.options.folder = self.folder.ok_or_else(|| {
            "which folder is to be served? The current one is a dot: gateway .".to_owned()
        })?;
        Ok(invocation(Box::new(self.options)))
    }
}

/// Applies one option, with the value behind its `=` or in the next argument.
fn apply(
    options: &mut Options,
    name: &OsStr,
    attached: Option<&OsStr>,
    rest: &mut impl Iterator<Item = OsString>,
) -> Result<(), String> {
    let Some(flag) = flags().find(|flag| name == flag.name) else {
        return Err(unknown(&name.to_string_lossy()));
    };
    let (called, set): (_, &dyn Fn(&mut Options, &OsStr) -> _) = match flag.takes {
        Takes::Nothing(set) if attached.is_none() => {
            set(options);
            return Ok(());
        }
        Takes::Nothing(_) => return Err(format!("{} takes no value", flag.name)),
        Takes::Value(called, set) => (called, &move |options, value| set(options, value)),
        Takes::Rule(kind) => (kind.value, &move |options, value| {
            values::rule(options, kind, value)
        }),
    };
    let value = attached.map(OsStr::to_owned).or_else(|| rest.next());
    let value = required(value, flag.name, called)?;
    set(options, &value).map_err(|mistake| format!("{}: {mistake}", flag.name))
}

fn required(value: Option<OsString>, name: &str, called: &str) -> Result<OsString, String> {
    let value = value.filter(|value| !value.is_empty());
    value.ok_or_else(|| format!("{name} needs a value: {name} {called}"))
}

fn unknown(name: &str) -> String {
    let names = flags().map(|flag| flag.name);
    match nearest(
        name,
        names.chain(["--check", "--config", "--help", "--version"]),
    ) {
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
    for flag in flags() {
        let called = match flag.takes {
            Takes::Nothing(_) => String::new(),
            Takes::Value(called, _) => format!(" {called}"),
            Takes::Rule(kind) => format!(" {}", kind.value),
        };
        let (name, help) = (flag.name, flag.help);
        writeln!(text, "  {name}{called}\n        {help}").expect("a String takes every text");
    }
    text + "  --config FILE
        options from a file, one a line
  --check
        say which address leads where, and serve nothing
  --help, --version

The options above that name programs may be given several times. PATTERN is a path, and all below
it, or a kind of file (*.php); a kind of file goes before a path, a longer path before a shorter.

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
    use crate::testing::TempDir;
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
        let options = options(
            ". --cgi /cgi=a=b --cgi=/x/y=c --cgi-authorization --listing \
             --fastcgi *.PHP=unix:/run/a.sock,127.0.0.1:9000 --proxy /api=http://127.0.0.1/",
        );
        let rules: Vec<String> = options.rules.iter().map(Rule::to_string).collect();
        assert_eq!(
            rules,
            [
                "/cgi → cgi a=b",
                "/x/y → cgi c",
                "*.php → fastcgi unix:/run/a.sock, 127.0.0.1:9000",
                "/api → proxy 127.0.0.1:80",
            ]
        );
        assert_eq!(options.authorization, Authorization::Passed);
        assert_eq!(options.listing, Listing::Shown);
    }

    #[test]
    fn rules_that_lead_nowhere_are_told_with_what_to_write() {
        check_mistake(". --cgi /cgi", &["--cgi: /cgi leads nowhere", "/cgi=DIR"]);
        check_mistake(". --cgi /cgi=", &["leads nowhere"]);
        check_mistake(". --cgi cgi=a", &["begins with a slash", "*.php"]);
        check_mistake(". --cgi /a//b=c", &["single slashes"]);
        check_mistake(". --cgi *.pl=a", &["*.pl is a kind of file", "/cgi=DIR"]);
        check_mistake(
            ". --cgi /a=b --fastcgi /a/=127.0.0.1:1",
            &["/a leads to two places"],
        );
        check_mistake(". --fastcgi *.=127.0.0.1:1", &["no kind of file"]);
        check_mistake(". --fastcgi *.a/b=127.0.0.1:1", &["no kind of file"]);
        check_mistake(
            ". --fastcgi /a=/run/php.sock",
            &["no address", "unix:/path"],
        );
        check_mistake(". --fastcgi /a=127.0.0.1:1,", &["no address"]);
        check_mistake(
            ". --proxy /a=https://127.0.0.1",
            &["encryption", "use http://"],
        );
        check_mistake(
            ". --proxy /a=http://127.0.0.1:1/b",
            &["has a path", "write http://127.0.0.1:1"],
        );
        check_mistake(". --fastcig /a=b", &["did you mean --fastcgi?"]);
        let many = vec!["127.0.0.1:1"; 65].join(",");
        check_mistake(&format!(". --proxy /a={many}"), &["more than 64 targets"]);
    }

    #[test]
    fn options_may_stand_in_a_file() {
        let dir = TempDir::new();
        let file = dir.file(
            "options",
            "# ours\nsite\n--listen 127.0.0.1:81\n--listing\n",
        );
        let line = format!("--config {} --listen 127.0.0.1:82", file.display());
        let options = options(&line);
        assert_eq!(options.folder, Path::new("site"));
        assert_eq!(options.listen.port(), 82);
        assert_eq!(options.listing, Listing::Shown);
        for (text, expected) in [
            ("x\n--lisen y", "line 2: there is no option --lisen"),
            ("--listen", "line 1: --listen needs a value"),
            ("\n--config x", "line 2: a file of options names no other"),
        ] {
            let file = dir.file("wrong", text);
            check_mistake(&format!("--config {}", file.display()), &[expected]);
        }
        check_mistake(". --config /nowhere", &["there is no file /nowhere"]);
        check_mistake(". --config", &["--config needs a value: --config FILE"]);
    }

    #[test]
    fn a_check_is_asked_for_like_a_server() {
        assert!(matches!(parsed("site --check"), Ok(Invocation::Check(_))));
        check_mistake("--check", &["which folder"]);
    }

    #[test]
    fn python_applications_are_mounted() {
        let line = ". --wsgi /=shop:app --wsgi /api=api.v1 --wsgi-workers 4 --wsgi-path src";
        let options = options(&format!("{line} --python venv/bin/python"));
        let rules: Vec<String> = options.rules.iter().map(Rule::to_string).collect();
        assert_eq!(rules, ["/ → wsgi shop:app", "/api → wsgi api.v1"]);
        assert_eq!(options.wsgi_workers, 4);
        assert_eq!(options.wsgi_path, Path::new("src"));
        assert_eq!(options.python, "venv/bin/python");
        check_mistake(". --wsgi /", &["/ leads nowhere", "/=shop:app"]);
        check_mistake(". --wsgi /=shop.py", &["shop.py is a file", "shop:app"]);
        check_mistake(". --wsgi /=a/b:app", &["a/b:app", "--wsgi-path"]);
        check_mistake(". --wsgi-workers 0", &["from 1 to 1024"]);
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
        for flag in flags() {
            assert!(help().contains(flag.name), "{}", flag.name);
        }
    }
}

//! The kinds of programs that a site can lead to: a table with a row for each.
//!
//! A row says how its option is written and what handler comes of it. The parser, the help and the
//! site are made from the table, so that a new kind is one row and its handler.

use crate::cgi::Cgi;
use crate::complaints::Complaints;
use crate::environ::Authorization;
use crate::program::Programs;
use crate::proxy::Proxy;
use crate::remote::{Remote, Words};
use crate::rule::{self, Pattern, Rule, Target};
use crate::scripts::Scripts;
use crate::site::{Failure, checked};
use crate::upstream::{Capacity, Keeping, Upstream};
use crate::wsgi::{Application, Wsgi};
use static_files::Handler;
use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// One kind.
pub(crate) struct Kind {
    /// What `--check` calls it.
    pub(crate) name: &'static str,
    /// The option, its value in the help, and what the help says.
    pub(crate) option: &'static str,
    pub(crate) value: &'static str,
    pub(crate) help: &'static str,
    /// A pattern and a target that make sense, for sentences about others.
    pub(crate) example: &'static str,
    pub(crate) takes_extensions: bool,
    /// Reads what stands behind the `=`.
    pub(crate) targets: fn(&OsStr) -> Result<Vec<Target>, String>,
    /// Makes the handler.
    pub(crate) build: fn(&Rule, &Surroundings) -> Result<Built, Failure>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A handler, and what it answers.
pub(crate) enum Built {
    /// Whatever its prefix covers.
    Mounted(Box<dyn Handler + Send>),
    /// The site's files of some extension.
    Scripts(Scripts),
}

/// What a site's programs share.
pub(crate) struct Surroundings {
    /// The folder of the site's files, without links.
    pub(crate) root: PathBuf,
    /// Whether programs of CGI see passwords.
    pub(crate) authorization: Authorization,
    pub(crate) complaints: Arc<Complaints>,
    /// How Python applications are run.
    pub(crate) python: Application,
    /// Ready from the first rule on that needs them.
    pub(crate) programs: OnceLock<Arc<Programs>>,
}

pub(crate) static KINDS: [Kind; 6] = [
    Kind {
        name: "cgi",
        option: "--cgi",
        value: "/PREFIX=DIR",
        help: "run the programs in DIR for addresses below /PREFIX",
        example: "/cgi=DIR",
        takes_extensions: false,
        targets: rule::folder,
        build: cgi,
    },
    Kind {
        name: "fastcgi",
        option: "--fastcgi",
        value: "PATTERN=ADDRESS,…",
        help: "ask an application over FastCGI: '*.php=unix:/run/php.sock' or /app=127.0.0.1:9000",
        example: "'*.php=unix:/run/php.sock' or /app=127.0.0.1:9000",
        takes_extensions: true,
        targets: rule::servers,
        build: |rule, surroundings| Ok(remote(Words::FastCgi, rule, surroundings)),
    },
    Kind {
        name: "scgi",
        option: "--scgi",
        value: "PATTERN=ADDRESS,…",
        help: "ask an application over SCGI",
        example: "/app=127.0.0.1:4000",
        takes_extensions: true,
        targets: rule::servers,
        build: |rule, surroundings| Ok(remote(Words::Scgi, rule, surroundings)),
    },
    Kind {
        name: "uwsgi",
        option: "--uwsgi",
        value: "PATTERN=ADDRESS,…",
        help: "ask an application over the protocol of uWSGI",
        example: "/app=unix:/run/uwsgi.sock",
        takes_extensions: true,
        targets: rule::servers,
        build: |rule, surroundings| Ok(remote(Words::Uwsgi, rule, surroundings)),
    },
    Kind {
        name: "wsgi",
        option: "--wsgi",
        value: "/PREFIX=MODULE:CALLABLE",
        help: "ask a Python application, such as one of Flask or Django, in workers of its own",
        example: "/=shop:app",
        takes_extensions: false,
        targets: rule::callable,
        build: wsgi,
    },
    Kind {
        name: "proxy",
        option: "--proxy",
        value: "/PREFIX=http://HOST:PORT,…",
        help: "hand requests on to other HTTP servers, the least busy first",
        example: "/api=http://127.0.0.1:3000",
        takes_extensions: false,
        targets: rule::http_servers,
        build: |rule, surroundings| Ok(Built::Mounted(proxy(rule, surroundings))),
    },
];

fn cgi(rule: &Rule, surroundings: &Surroundings) -> Result<Built, Failure> {
    let (Pattern::Prefix(prefix), Some(Target::Folder(folder))) =
        (&rule.pattern, rule.targets.first())
    else {
        unreachable!("its row reads a prefix and a folder");
    };
    let programs = match surroundings.programs.get() {
        Some(programs) => Arc::clone(programs),
        None => Programs::complaining(Programs::LIMIT, &surroundings.complaints)
            .map_err(Failure::System)?,
    };
    let programs = surroundings.programs.get_or_init(|| programs);
    let in_folder = |error| Failure::Folder(folder.clone(), error);
    let cgi = Cgi::new(prefix.clone(), &checked(folder)?, programs).map_err(in_folder)?;
    Ok(Built::Mounted(Box::new(
        cgi.document_root(&surroundings.root)
            .authorization(surroundings.authorization),
    )))
}

fn wsgi(rule: &Rule, surroundings: &Surroundings) -> Result<Built, Failure> {
    let (Pattern::Prefix(prefix), Some(Target::Callable(callable))) =
        (&rule.pattern, rule.targets.first())
    else {
        unreachable!("its row reads a prefix and a callable");
    };
    let Surroundings {
        root,
        complaints,
        python,
        ..
    } = surroundings;
    let application = Application {
        callable: callable.clone(),
        folder: checked(&python.folder)?,
        ..python.clone()
    };
    let wsgi = Wsgi::start(application, prefix.clone(), root, complaints);
    let wsgi = wsgi.map_err(|error| Failure::Application(callable.clone(), error))?;
    Ok(Built::Mounted(Box::new(wsgi)))
}

fn remote(words: Words, rule: &Rule, surroundings: &Surroundings) -> Built {
    let upstream = upstream(rule, surroundings, Keeping::UnlessAwaited);
    let root = &surroundings.root;
    match &rule.pattern {
        Pattern::Prefix(prefix) => {
            let remote = Remote::new(prefix.clone(), root, words, &upstream);
            Built::Mounted(Box::new(remote))
        }
        Pattern::Extension(extension) => {
            Built::Scripts(Scripts::new(extension, root, words, &upstream))
        }
    }
}

fn proxy(rule: &Rule, surroundings: &Surroundings) -> Box<dyn Handler + Send> {
    Box::new(Proxy::new(&upstream(rule, surroundings, Keeping::Always)))
}

fn upstream(rule: &Rule, surroundings: &Surroundings, keeping: Keeping) -> Arc<Upstream> {
    let capacity = Capacity {
        keeping,
        ..Capacity::default()
    };
    Upstream::new(rule.addresses(), capacity, &surroundings.complaints)
}

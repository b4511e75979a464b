//! One line of the site's map: which addresses lead where.
//!
//! ```text
//!     --fastcgi  *.php=unix:/run/php.sock        --proxy  /api=http://a:1,http://b:2
//!     kind       pattern=target                  kind     pattern=target,target
//! ```
//!
//! All kinds are written alike. What a target may be, and what is made of it, is the kind's to say
//! ([`Kind`]).

use crate::kind::Kind;
use crate::route::Prefix;
use crate::upstream::Address;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Targets of one rule: more is a list that belongs into a name service.
const TARGETS: usize = 64;

/// Which addresses lead to which program.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(crate) kind: &'static Kind,
    pub(crate) pattern: Pattern,
    /// At least one; as many as the kind takes.
    pub(crate) targets: Vec<Target>,
}

/// Which addresses a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// A path, and everything below it.
    Prefix(Prefix),
    /// Every file of the site whose name ends so, in lower case and without the dot.
    Extension(Box<str>),
}

/// Where a rule leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Folder(PathBuf),
    Server(Address),
    /// What is called of which module: `shop:app`.
    Callable(String),
}

impl Rule {
    /// Reads `PATTERN=TARGET,…`.
    ///
    /// # Errors
    /// A sentence that says what to write instead.
    pub(crate) fn parse(kind: &'static Kind, text: &OsStr) -> Result<Rule, String> {
        let octets = text.as_bytes();
        let equals = octets.iter().position(|octet| *octet == b'=');
        let (pattern, targets) = octets.split_at(equals.unwrap_or(octets.len()));
        let shown = String::from_utf8_lossy(pattern);
        let pattern = Pattern::parse(&shown)?;
        if matches!(pattern, Pattern::Extension(_)) && !kind.takes_extensions {
            return Err(format!(
                "{shown} is a kind of file, and here only a path can be given: {}",
                kind.example
            ));
        }
        let targets = targets.strip_prefix(b"=").unwrap_or_default();
        if targets.is_empty() {
            return Err(format!("{shown} leads nowhere; write {}", kind.example));
        }
        let targets = (kind.targets)(OsStr::from_bytes(targets))?;
        if targets.len() > TARGETS {
            return Err(format!("{shown} has more than {TARGETS} targets"));
        }
        Ok(Rule {
            kind,
            pattern,
            targets,
        })
    }

    /// The addresses of its servers.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        let addresses = self.targets.iter().filter_map(|target| match target {
            Target::Server(address) => Some(address.clone()),
            Target::Folder(_) | Target::Callable(_) => None,
        });
        addresses.collect()
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, String> {
        let Some(extension) = text.strip_prefix("*.") else {
            let prefix = text.parse().map_err(|bad| {
                format!("\"{text}\" is no pattern: {bad}, and a kind of file is written *.php")
            })?;
            return Ok(Pattern::Prefix(prefix));
        };
        if extension.is_empty() || extension.contains(['/', '*', '.']) {
            return Err(format!(
                "\"{text}\" is no kind of file; write one ending without a further dot, as in *.php"
            ));
        }
        Ok(Pattern::Extension(extension.to_ascii_lowercase().into()))
    }
}

/// `/api → proxy 127.0.0.1:3000, 127.0.0.1:3001`
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.pattern, self.kind.name)?;
        for (at, target) in self.targets.iter().enumerate() {
            let comma = if at == 0 { " " } else { ", " };
            write!(f, "{comma}{target}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Prefix(prefix) => prefix.fmt(f),
            Pattern::Extension(extension) => write!(f, "*.{extension}"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Folder(folder) => folder.display().fmt(f),
            Target::Server(address) => address.fmt(f),
            Target::Callable(callable) => callable.fmt(f),
        }
    }
}

/// A folder, whose name may hold anything.
pub(crate) fn folder(text: &OsStr) -> Result<Vec<Target>, String> {
    Ok(vec![Target::Folder(PathBuf::from(text))])
}

/// `module:callable`, or a module alone for its `application`.
pub(crate) fn callable(text: &OsStr) -> Result<Vec<Target>, String> {
    let text = text.to_string_lossy();
    if let Some(module) = text.strip_suffix(".py") {
        return Err(format!(
            "{text} is a file; write its module and what is called in it, as in {module}:app"
        ));
    }
    if text.contains('/') {
        return Err(format!(
            "{text} is no module; write MODULE:CALLABLE, and its folder behind --wsgi-path"
        ));
    }
    Ok(vec![Target::Callable(text.into_owned())])
}

/// `host:port` or `unix:/path`, several of them with commas between.
pub(crate) fn servers(text: &OsStr) -> Result<Vec<Target>, String> {
    let text = text.to_string_lossy();
    let server = |text: &str| text.parse().map(Target::Server);
    let servers: Result<_, _> = text.split(',').map(server).collect();
    servers.map_err(|bad: crate::BadAddress| bad.to_string())
}

/// `http://host:port`, or any address as in [`servers`].
pub(crate) fn http_servers(text: &OsStr) -> Result<Vec<Target>, String> {
    let text = text.to_string_lossy();
    text.split(',').map(http_server).collect()
}

fn http_server(text: &str) -> Result<Target, String> {
    if text.starts_with("https://") {
        return Err(format!(
            "{text} asks for encryption, which this server does not speak to others; \
             use http:// within a network that you trust"
        ));
    }
    let Some(authority) = text.strip_prefix("http://") else {
        return server_or_sentence(text);
    };
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    if let Some((host, _)) = authority.split_once('/') {
        return Err(format!(
            "{text} has a path, and paths are handed on as they come; write http://{host}"
        ));
    }
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port {
        server_or_sentence(authority)
    } else {
        server_or_sentence(&format!("{authority}:80"))
    }
}

fn server_or_sentence(text: &str) -> Result<Target, String> {
    let address = text.parse().map(Target::Server);
    address.map_err(|bad: crate::BadAddress| bad.to_string())
}

//! What stands behind an option: addresses, names of servers, prefixes, times.
//!
//! Each function reads one value and puts it where it belongs, or says what is wrong with it and
//! what to write instead.

use crate::kind::Kind;
use crate::options::{LISTEN, Log, Options};
use crate::rule::Rule;
use crate::suggest::nearest;
use crate::trust::Network;
use concurrency::SERVERS;
use static_files::{LogFormat, Timeouts};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

/// Workers beyond this are a slip of the fingers.
pub(crate) const WORKERS: usize = 1024;

/// Which field of the timeouts a wait's name stands for.
type Wait = fn(&mut Timeouts) -> &mut Duration;

const WAITS: [(&str, Wait); 8] = [
    ("head", |timeouts| &mut timeouts.head),
    ("body", |timeouts| &mut timeouts.body),
    ("send", |timeouts| &mut timeouts.send),
    ("idle", |timeouts| &mut timeouts.idle),
    ("gateway", |timeouts| &mut timeouts.gateway),
    ("tunnel", |timeouts| &mut timeouts.tunnel),
    ("linger", |timeouts| &mut timeouts.linger),
    ("grace", |timeouts| &mut timeouts.grace),
];

pub(crate) fn listen(options: &mut Options, value: &OsStr) -> Result<(), String> {
    let text = value.to_string_lossy();
    let on_this_machine = |port| SocketAddr::new(LISTEN.ip(), port);
    let port = text.strip_prefix("localhost:").unwrap_or(&text);
    let addr = text.parse().or_else(|_| port.parse().map(on_this_machine));
    options.listen = addr.map_err(|_| {
        format!(
            "{text} is no address with a port; write 127.0.0.1:8080 for this machine alone, \
             0.0.0.0:8080 for everybody who can reach it, [::1]:8080 for IPv6"
        )
    })?;
    Ok(())
}

/// `--trace`: a file that can be made when the server starts, or a dash.
pub(crate) fn trace(options: &mut Options, value: &OsStr) -> Result<(), String> {
    options.trace = Some(PathBuf::from(value));
    Ok(())
}

pub(crate) fn log(options: &mut Options, value: &OsStr) -> Result<(), String> {
    options.log = match value.as_bytes() {
        b"off" => Log::Off,
        b"combined" => Log::As(LogFormat::Combined),
        b"json" => Log::As(LogFormat::Json),
        _ => {
            let typed = value.to_string_lossy();
            return Err(format!(
                "{typed} is no kind of log; there are off, combined and json"
            ));
        }
    };
    Ok(())
}

pub(crate) fn server(options: &mut Options, value: &OsStr) -> Result<(), String> {
    let names = SERVERS.map(|(name, _)| name);
    let known = names.into_iter().find(|name| value == *name);
    options.server = known.ok_or_else(|| {
        let typed = value.to_string_lossy();
        let all = names.join(", ");
        match nearest(&typed, names) {
            Some(meant) => format!("there is no server {typed}; did you mean {meant}?"),
            None => format!("there is no server {typed}; there are {all}"),
        }
    })?;
    Ok(())
}

pub(crate) fn workers(options: &mut Options, value: &OsStr) -> Result<(), String> {
    let number = count(value)?;
    options.config.workers = number;
    options.config.pool = number;
    Ok(())
}

pub(crate) fn wsgi_workers(options: &mut Options, value: &OsStr) -> Result<(), String> {
    options.wsgi_workers = count(value)?;
    Ok(())
}

fn count(value: &OsStr) -> Result<usize, String> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    let number = number.filter(|number| (1..=WORKERS).contains(number));
    number.ok_or_else(|| {
        let typed = value.display();
        format!("{typed} is no number of workers; write one from 1 to {WORKERS}")
    })
}

pub(crate) fn wsgi_path(options: &mut Options, value: &OsStr) -> Result<(), String> {
    options.wsgi_path = PathBuf::from(value);
    Ok(())
}

pub(crate) fn python(options: &mut Options, value: &OsStr) -> Result<(), String> {
    options.python = value.to_owned();
    Ok(())
}

pub(crate) fn rule(
    options: &mut Options,
    kind: &'static Kind,
    value: &OsStr,
) -> Result<(), String> {
    let rule = Rule::parse(kind, value)?;
    if options
        .rules
        .iter()
        .any(|other| other.pattern == rule.pattern)
    {
        return Err(format!("{} leads to two places", rule.pattern));
    }
    options.rules.push(rule);
    Ok(())
}

pub(crate) fn trust(options: &mut Options, value: &OsStr) -> Result<(), String> {
    let text = value.to_string_lossy();
    for part in text.split(',') {
        let network: Result<Network, _> = part.parse();
        let network = network.map_err(|bad| format!("\"{part}\" is no network: {bad}"))?;
        options.trust.push(network);
    }
    Ok(())
}

pub(crate) fn timeouts(options: &mut Options, value: &OsStr) -> Result<(), String> {
    let text = value.to_string_lossy();
    for part in text.split(',') {
        let Some((name, time)) = part.split_once('=') else {
            return Err(format!("\"{part}\" names no time; write head=10s"));
        };
        let wait = WAITS.iter().find(|(each, _)| *each == name);
        let (_, wait) = wait.ok_or_else(|| no_wait(name))?;
        let parsed = duration(time).ok_or_else(|| {
            format!("\"{time}\" is no time; write a number above 0 and its unit: 500ms, 10s, 2m")
        })?;
        *wait(&mut options.config.timeouts) = parsed;
    }
    Ok(())
}

pub(crate) fn drain(options: &mut Options, value: &OsStr) -> Result<(), String> {
    let text = value.to_string_lossy();
    // The one wait that may be none at all.
    let parsed = if text == "0s" {
        Some(Duration::ZERO)
    } else {
        duration(&text)
    };
    options.config.timeouts.drain = parsed.ok_or_else(|| {
        format!("\"{text}\" is no time; write a number and its unit: 0s, 500ms, 10s")
    })?;
    Ok(())
}

fn no_wait(name: &str) -> String {
    let names = WAITS.map(|(name, _)| name);
    match nearest(name, names) {
        Some(meant) => format!("there is no wait {name}; did you mean {meant}?"),
        None => format!("there is no wait {name}; there are {}", names.join(", ")),
    }
}

fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    let one = match unit {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        _ => return None,
    };
    Some(one * number)
}

/// `name=value` in two; `None` where there is no `=`.
pub(crate) fn split_at_equals(text: &OsStr) -> (&OsStr, Option<&OsStr>) {
    let mut parts = text.as_bytes().splitn(2, |octet| *octet == b'=');
    let first = parts.next().unwrap_or_default();
    (
        OsStr::from_bytes(first),
        parts.next().map(OsStr::from_bytes),
    )
}

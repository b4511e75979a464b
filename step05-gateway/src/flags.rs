//! The options of the command line: one table, from which the parser, the help and the suggestions are
//! made, so none of the three can forget one.

use crate::environ::Authorization;
use crate::kind::{KINDS, Kind};
use crate::options::Options;
use crate::values;
use static_files::{Expected, Listing};
use std::ffi::OsStr;

/// One option.
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    pub(crate) help: &'static str,
}

/// What stands behind an option.
pub(crate) enum Takes {
    Nothing(fn(&mut Options)),
    /// What to call the value in the help, and what to do with it.
    Value(&'static str, fn(&mut Options, &OsStr) -> Result<(), String>),
    /// A line of the site's map.
    Rule(&'static Kind),
}

/// All options: those of the kinds of programs, and the rest.
pub(crate) fn flags() -> impl Iterator<Item = Flag> {
    let rules = KINDS.iter().map(|kind| Flag {
        name: kind.option,
        takes: Takes::Rule(kind),
        help: kind.help,
    });
    rules.chain(FLAGS)
}

const FLAGS: [Flag; 15] = [
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
        name: "--cgi-authorization",
        takes: Takes::Nothing(|options| options.authorization = Authorization::Passed),
        help: "let programs of --cgi see passwords (HTTP_AUTHORIZATION)",
    },
    Flag {
        name: "--wsgi-path",
        takes: Takes::Value("DIR", values::wsgi_path),
        help: "where the modules of --wsgi are; the current folder if not given",
    },
    Flag {
        name: "--wsgi-workers",
        takes: Takes::Value("N", values::wsgi_workers),
        help: "processes for each application of --wsgi, 2 if not given",
    },
    Flag {
        name: "--python",
        takes: Takes::Value("PROGRAM", values::python),
        help: "the Python of --wsgi, such as venv/bin/python; python3 if not given",
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
        name: "--trace",
        takes: Takes::Value("FILE", values::trace),
        help: "write down what the event loops do, a line for each thing; - is standard output",
    },
    Flag {
        name: "--xray",
        takes: Takes::Nothing(|options| options.xray = true),
        help: "draw what the event loops do, at /.xray/, for browsers on this machine",
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

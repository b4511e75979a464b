//! What is measured: the wires, and how much faster than others each has to be.

use crate::Outcome;
use crate::contender::Contender;
use check::load::{Idle, Load, Order, Pace, Reuse};
use std::time::Duration;

/// One wire.
pub(crate) struct Scenario {
    /// For `--only`.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) title: &'static str,
    pub(crate) wire: Wire,
    /// Programs it cannot be measured without.
    pub(crate) needs: &'static [&'static str],
    pub(crate) connections: usize,
    /// Least ratio of answers per second to those of each other server.
    pub(crate) wanted: &'static [(&'static str, f64)],
}

/// How the application is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Http,
    FastCgi,
    Cgi,
}

/// How long one contender is measured in a round, and before that only warmed up.
pub(crate) const MEASURED: Duration = Duration::from_millis(600);
pub(crate) const WARMED: Duration = Duration::from_millis(150);

/// All of them.
pub(crate) const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "http",
        title: "an HTTP server, connections kept",
        wire: Wire::Http,
        needs: &["nginx"],
        connections: 64,
        wanted: &[("nginx", 1.2)],
    },
    Scenario {
        name: "fastcgi",
        title: "a FastCGI application, connections kept",
        wire: Wire::FastCgi,
        needs: &["nginx"],
        connections: 64,
        wanted: &[("nginx", 1.2)],
    },
    Scenario {
        name: "cgi",
        title: "a CGI program in C",
        wire: Wire::Cgi,
        needs: &["cc", "lighttpd", "apache2"],
        connections: 8,
        wanted: &[("lighttpd", 1.15), ("apache", 1.4)],
    },
];

impl Scenario {
    pub(crate) fn load(&self, contender: &Contender) -> Outcome<Load> {
        Ok(Load {
            requests: vec![b"GET /cgi/hello HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()],
            order: Order::Turns,
            status: 200,
            connections: self.held_by(contender),
            threads: 1,
            depth: 1,
            reuse: Reuse::Kept,
            pace: Pace::Closed,
            idle: Idle::Sleeps,
        })
    }

    pub(crate) fn held_by(&self, contender: &Contender) -> usize {
        self.connections.min(contender.most)
    }
}

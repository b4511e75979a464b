//! What is measured.

use crate::Outcome;
use check::load::{Idle, Load, Order, Pace, Reuse, Until};
use check::{Asked, Client};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

/// One application, and how many ask it.
pub(crate) struct Row {
    /// For `--only`.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) title: &'static str,
    /// The application's module; the callable is `app`.
    pub(crate) application: &'static str,
    /// What it needs.
    pub(crate) module: &'static str,
    connections: usize,
    pub(crate) shown: Shown,
    slow: Slow,
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Speed,
    Waiting,
}

/// Whether some answers take their time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slow {
    None,
    /// One in [`OFTEN`] takes 20 ms.
    Some,
}

/// Of so many requests one is slow.
const OFTEN: usize = 50;

/// How long one contender is measured in a round, and before that only warmed up. The system counts
/// processor time in hundredths of a second.
pub(crate) const MEASURED: Until = Until::Elapsed(Duration::from_secs(1));
pub(crate) const WARMED: Until = Until::Elapsed(Duration::from_millis(200));

const HELLO: Row = Row {
    name: "hello",
    title: "a function that says hello",
    application: "hello",
    module: "wsgiref",
    connections: 64,
    shown: Shown::Speed,
    slow: Slow::None,
};

pub(crate) const ROWS: [Row; 5] = [
    HELLO,
    Row {
        name: "flask",
        title: "Flask says hello",
        application: "hello_flask",
        module: "flask",
        ..HELLO
    },
    Row {
        name: "django",
        title: "Django says hello",
        application: "hello_django",
        module: "django",
        ..HELLO
    },
    Row {
        name: "sixteen",
        title: "hello, 16 clients",
        connections: 16,
        shown: Shown::Waiting,
        ..HELLO
    },
    Row {
        name: "slow",
        title: "hello, 16 clients, and one request in fifty takes 20 ms",
        connections: 16,
        shown: Shown::Waiting,
        slow: Slow::Some,
        ..HELLO
    },
];

/// The page of every application.
const PAGE: &[u8] = b"Hello from Python\n";

/// Whether Python has a module.
pub(crate) fn can_import(module: &str) -> bool {
    let import = format!("import {module}");
    let output = Command::new("python3").args(["-c", &import]).output();
    output.is_ok_and(|output| output.status.success())
}

impl Row {
    /// Whether the answer is the application's.
    pub(crate) fn check(&self, addr: SocketAddr) -> Outcome<()> {
        let mut client = Client::connect(addr)?;
        client.send(request("/", Reuse::Never).as_slice())?;
        let answer = client.read_answer(Asked::Other)?;
        if answer.status != 200 || answer.content != PAGE {
            return Err(format!("a wrong answer: {}", answer.status).into());
        }
        Ok(())
    }

    pub(crate) fn load(&self, reuse: Reuse) -> Load {
        let mut requests = vec![request("/", reuse)];
        if self.slow == Slow::Some {
            requests.resize(OFTEN - 1, request("/", reuse));
            requests.push(request("/?slow", reuse));
        }
        Load {
            requests,
            order: Order::Random(42),
            status: 200,
            connections: self.connections,
            threads: 1,
            depth: 1,
            reuse,
            pace: Pace::Closed,
            idle: Idle::Looks,
        }
    }

    /// Which of the delays, in order, is the slowest of a hundred. Where some requests are slow
    /// themselves they are the last in that order, and it is the others that are looked at.
    pub(crate) fn share_of_slowest(&self) -> f64 {
        match self.slow {
            Slow::None => 0.99,
            Slow::Some => 0.99 * 0.98,
        }
    }
}

fn request(target: &str, reuse: Reuse) -> Vec<u8> {
    let connection = match reuse {
        Reuse::Kept => "",
        Reuse::Never => "Connection: close\r\n",
    };
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{connection}\r\n").into_bytes()
}

//! What is measured: the rows of the table, and what each has to reach.

use crate::Outcome;
use crate::contender::Contender;
pub(crate) use crate::machine::Cores;
use check::load::{Idle, Load, Order, Pace, Reuse};
use check::{Asked, Client, TempFolder};
use std::net::SocketAddr;
use std::time::Duration;

/// One row.
pub(crate) struct Scenario {
    /// For `--only`, and for files.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) title: &'static str,
    pub(crate) asks: Asks,
    pub(crate) connections: usize,
    /// Requests in one write.
    pub(crate) depth: usize,
    pub(crate) pace: Pace,
    pub(crate) cores: Cores,
    pub(crate) field: Field,
    /// Least ratio of answers per second to those of the best other server, where there is one.
    pub(crate) rate: Option<f64>,
    /// Least ratio of its processor time for an answer to ours.
    pub(crate) cpu: Option<f64>,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// The file of that many octets.
    File(usize),
    /// The same with `Connection: close`, each time on a new connection.
    Once(usize),
    /// Any of [`MANY`] files.
    Many,
    /// A file that the client has: 304.
    Known,
}

/// Who takes part beside our event loop and nginx.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Nginx,
    /// lighttpd too, where it is installed.
    Others,
    /// All rungs, and a loop that does nothing but receive and send.
    Ladder,
}

/// Files of the row that asks for many, and octets of each.
pub(crate) const MANY: usize = 1000;
const MANY_OCTETS: usize = 4096;

/// How long one contender is measured in a round, and before that only warmed up.
pub(crate) const MEASURED: Duration = Duration::from_millis(400);
pub(crate) const WARMED: Duration = Duration::from_millis(100);

const PLAIN: Scenario = Scenario {
    name: "1k",
    title: "1 KiB, 64 kept connections",
    asks: Asks::File(1024),
    connections: 64,
    depth: 1,
    pace: Pace::Closed,
    cores: Cores::OneEach,
    field: Field::Nginx,
    rate: None,
    cpu: None,
};

/// Every row that is about speed.
pub(crate) const SCENARIOS: [Scenario; 14] = [
    Scenario {
        field: Field::Ladder,
        rate: Some(1.5),
        cpu: Some(1.7),
        ..PLAIN
    },
    Scenario {
        name: "pipelined",
        title: "the same, 16 requests in one write",
        depth: 16,
        field: Field::Others,
        rate: Some(8.0),
        cpu: Some(5.0),
        ..PLAIN
    },
    Scenario {
        name: "16k",
        title: "16 KiB",
        asks: Asks::File(16 << 10),
        rate: Some(1.2),
        cpu: Some(1.2),
        ..PLAIN
    },
    Scenario {
        name: "128k",
        title: "128 KiB",
        asks: Asks::File(128 << 10),
        rate: Some(1.15),
        cpu: Some(1.15),
        ..PLAIN
    },
    Scenario {
        name: "64m",
        title: "64 MiB, 4 connections",
        asks: Asks::File(64 << 20),
        connections: 4,
        rate: Some(1.0),
        ..PLAIN
    },
    Scenario {
        name: "once",
        title: "one connection per request",
        asks: Asks::Once(1024),
        field: Field::Ladder,
        rate: Some(1.0),
        cpu: Some(1.1),
        ..PLAIN
    },
    Scenario {
        name: "many",
        title: "1,000 files of 4 KiB at random",
        asks: Asks::Many,
        rate: Some(1.3),
        cpu: Some(1.3),
        ..PLAIN
    },
    Scenario {
        name: "304",
        title: "304 on a validator",
        asks: Asks::Known,
        rate: Some(1.3),
        cpu: Some(1.25),
        ..PLAIN
    },
    Scenario {
        name: "c8",
        title: "1 KiB, 8 connections",
        connections: 8,
        rate: Some(1.5),
        cpu: Some(1.6),
        ..PLAIN
    },
    Scenario {
        name: "c512",
        title: "1 KiB, 512 connections",
        connections: 512,
        rate: Some(1.5),
        cpu: Some(1.6),
        ..PLAIN
    },
    Scenario {
        name: "c4096",
        title: "1 KiB, 4,096 connections",
        connections: 4096,
        rate: Some(1.5),
        cpu: Some(1.6),
        ..PLAIN
    },
    Scenario {
        name: "two",
        title: "two loops, nothing pinned",
        cores: Cores::Two,
        rate: Some(1.5),
        cpu: Some(1.6),
        ..PLAIN
    },
    Scenario {
        name: "clock",
        title: "1 KiB, 20,000 requests a second by the clock",
        pace: Pace::Open(20_000),
        field: Field::Ladder,
        ..PLAIN
    },
    Scenario {
        name: "one",
        title: "1 KiB, one connection",
        connections: 1,
        field: Field::Ladder,
        ..PLAIN
    },
];

/// Writes the files that are asked for below `root` of the folder.
pub(crate) fn write_files(folder: &TempFolder) -> Outcome<()> {
    for scenario in &SCENARIOS {
        if let Asks::File(octets) | Asks::Once(octets) = scenario.asks {
            folder.write(&format!("root/{octets}.bin"), content(octets))?;
        }
    }
    for number in 0..MANY {
        folder.write(&format!("root/many/{number}.bin"), content(MANY_OCTETS))?;
    }
    Ok(())
}

/// Octets with a prime period, so that a piece lost or doubled by any buffer shows.
fn content(octets: usize) -> Vec<u8> {
    (0..=250).cycle().take(octets).collect()
}

impl Scenario {
    fn targets(&self) -> Vec<String> {
        match self.asks {
            Asks::File(octets) | Asks::Once(octets) => vec![format!("/{octets}.bin")],
            Asks::Many => (0..MANY)
                .map(|number| format!("/many/{number}.bin"))
                .collect(),
            Asks::Known => vec!["/1024.bin".to_owned()],
        }
    }

    fn octets(&self) -> usize {
        match self.asks {
            Asks::File(octets) | Asks::Once(octets) => octets,
            Asks::Many => MANY_OCTETS,
            Asks::Known => 1024,
        }
    }

    /// Whether every file comes as it is on the disk.
    pub(crate) fn check(&self, addr: SocketAddr) -> Outcome<()> {
        let expected = content(self.octets());
        for target in self.targets() {
            let mut client = Client::connect(addr)?;
            client.send(request(&target, "Connection: close\r\n").as_slice())?;
            let answer = client.read_answer(Asked::Other)?;
            if answer.status != 200 || answer.content != expected {
                return Err(format!("a wrong answer to {target}: {}", answer.status).into());
            }
        }
        Ok(())
    }

    /// What becomes of its connections.
    pub(crate) fn reuse(&self) -> Reuse {
        match self.asks {
            Asks::Once(_) => Reuse::Never,
            Asks::File(_) | Asks::Many | Asks::Known => Reuse::Kept,
        }
    }

    /// How many connections a server has at once: as many as it can, where they are kept.
    pub(crate) fn held_by(&self, contender: &Contender) -> usize {
        match self.reuse() {
            Reuse::Kept => self.connections.min(contender.most),
            Reuse::Never => self.connections,
        }
    }

    /// The load on a server.
    pub(crate) fn load(&self, contender: &Contender) -> Outcome<Load> {
        let addr = contender.addr();
        let lines = match self.asks {
            Asks::File(_) | Asks::Many => String::new(),
            Asks::Once(_) => "Connection: close\r\n".to_owned(),
            Asks::Known => format!("If-None-Match: {}\r\n", etag(addr, &self.targets()[0])?),
        };
        let targets = self.targets();
        let requests = targets.iter().map(|target| request(target, &lines));
        Ok(Load {
            requests: requests.collect(),
            order: Order::Random(42),
            status: if self.asks == Asks::Known { 304 } else { 200 },
            connections: self.held_by(contender),
            threads: match self.cores {
                Cores::OneEach | Cores::Shared => 1,
                Cores::Two => 2,
            },
            depth: self.depth,
            reuse: self.reuse(),
            pace: self.pace,
            idle: match self.cores {
                Cores::OneEach => Idle::Looks,
                Cores::Shared | Cores::Two => Idle::Sleeps,
            },
        })
    }
}

fn request(target: &str, lines: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n").into_bytes()
}

/// The server's own validator.
fn etag(addr: SocketAddr, target: &str) -> Outcome<String> {
    let mut client = Client::connect(addr)?;
    client.send(request(target, "").as_slice())?;
    let answer = client.read_answer(Asked::Other)?;
    let etag = answer
        .field("ETag")
        .ok_or("an answer without a validator")?;
    Ok(String::from_utf8(etag.to_vec())?)
}

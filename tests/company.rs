//! Honest clients in rude company, and servers that are asked to stop.
//!
//! A rude client holds its place without using it, leaves without a word, or sends what nobody asked for. It
//! may be cut off; it may not cost anybody else more than a moment. All waits here are
//! short forms of the real ones, so that their ends can be waited for.

use check::{Asked, Client, Gate, Heard, START_AND_STOP, Serve, Served, Site, for_every_server};
use static_files::{Config, Handler, Reply, Request, Timeouts, gateway_failure};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, LazyLock};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// What a request may take beside rude company; far below what a server waits for a rude client.
const PROMPT: Duration = Duration::from_millis(1200);

/// How long these servers wait for a rude client.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a server of these tests waits where the end of the wait is what is tested.
const SHORT: Duration = Duration::from_millis(400);

/// What a busy machine may add to a wait.
const SLACK: Duration = Duration::from_secs(2);

/// Rude clients of each kind.
const COMPANY: usize = 4;

const HELLO: &[u8] = b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n";
const BIG: &[u8] = b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n";

static SITE: LazyLock<Site> = LazyLock::new(|| Site::new().expect("the site can be written"));

fn waiting(time: Duration) -> Config {
    Config {
        timeouts: Timeouts {
            head: time,
            body: time,
            send: time,
            idle: time,
            gateway: time,
            linger: time,
            grace: time,
            ..Timeouts::default()
        },
        ..Config::default()
    }
}

fn serving(serve: Serve, config: Config) -> Served {
    let handler = SITE.handler().expect("the site is there");
    Served::start(serve, handler, config).expect("loopback has a free port")
}

/// What a request may take on that server: one guest at a time means waiting until the rude one
/// is answered, and then until it has left.
fn prompt(server: &str) -> Duration {
    match server {
        "iterative" => 2 * PATIENCE + SLACK,
        _ => PROMPT,
    }
}

fn honest(addr: SocketAddr, patience: Duration) -> Result<(), String> {
    let asked = Instant::now();
    let mut client = Client::connect_with(addr, patience).map_err(|trouble| trouble.to_string())?;
    let answer = client
        .send(HELLO)
        .and_then(|()| client.read_answer(Asked::Other))
        .map_err(|trouble| format!("an honest request: {trouble}"))?;
    match answer.status {
        200 if asked.elapsed() <= patience => Ok(()),
        200 => Err(format!("an honest request took {:?}", asked.elapsed())),
        status => Err(format!("an honest request was answered {status}")),
    }
}

/// A client that has been rude, and may still be connected.
type Rude = fn(SocketAddr) -> Result<Option<Client>, check::Trouble>;

const RUDE: [(&str, Rude); 9] = [
    ("says nothing", |addr| Client::connect(addr).map(Some)),
    ("leaves without a word", |addr| {
        Client::connect(addr).map(|_| None)
    }),
    ("sends half a head and waits", |addr| {
        sent(addr, b"GET /hello.txt HTTP/1.1\r\nHo").map(Some)
    }),
    ("sends half a head and leaves", |addr| {
        sent(addr, b"GET /hello.txt HTTP/1.1\r\nHo").map(|_| None)
    }),
    ("half-closes after half a head", |addr| {
        let mut client = sent(addr, b"GET /hello.txt HTTP/1.1\r\nHo")?;
        client.close_write()?;
        Ok(Some(client))
    }),
    ("sends a head without end", |addr| {
        let mut client = sent(addr, b"GET / HTTP/1.1\r\n")?;
        // Refused in the middle, so the rest may find a closed door.
        let _ = client.send(&b"A: b\r\n".repeat(20_000));
        Ok(Some(client))
    }),
    ("stops in the middle of its content", |addr| {
        let request = b"POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello";
        sent(addr, request).map(Some)
    }),
    ("does not read its answer", |addr| sent(addr, BIG).map(Some)),
    ("leaves with its answer unread", |addr| {
        sent(addr, BIG)?.abort().map(|()| None)
    }),
];

fn sent(addr: SocketAddr, octets: &[u8]) -> Result<Client, check::Trouble> {
    let mut client = Client::connect(addr)?;
    client.send(octets)?;
    Ok(client)
}

#[test]
fn a_rude_client_costs_the_next_one_no_more_than_a_moment() {
    for_every_server(|server, serve| {
        let beside = |what, rude: Rude| {
            let served = serving(serve, waiting(PATIENCE));
            let company = rude(served.addr()).map_err(|trouble| trouble.to_string());
            company
                .and_then(|_company| honest(served.addr(), prompt(server)))
                .map_err(|error| format!("beside one that {what}: {error}"))
        };
        thread::scope(|scope| {
            let each = RUDE.map(|(what, rude)| scope.spawn(move || beside(what, rude).err()));
            let join = |asked: ScopedJoinHandle<'_, _>| asked.join().expect("no panic");
            each.into_iter().filter_map(join).collect()
        })
    });
}

#[test]
fn honest_clients_are_not_delayed_by_all_rude_clients_together() {
    for_every_server(|server, serve| {
        if server == "iterative" {
            println!("skipped: one guest at a time has no company");
            return Vec::new();
        }
        let served = serving(serve, waiting(PATIENCE));
        let company: Vec<_> = (0..COMPANY)
            .flat_map(|_| RUDE)
            .map(|(_, rude)| rude(served.addr()))
            .collect();
        let troubled = company.iter().filter_map(|rude| rude.as_ref().err());
        let mut wrong: Vec<String> = troubled.map(ToString::to_string).collect();
        for _ in 0..20 {
            wrong.extend(honest(served.addr(), PROMPT).err());
        }
        wrong
    });
}

/// Sends one octet now and then until the server answers, and returns how long that took.
fn drip(addr: SocketAddr, first: &[u8], octet: &[u8]) -> Result<(u16, Duration), check::Trouble> {
    let mut client = sent(addr, first)?;
    let started = Instant::now();
    while client.listen(SHORT / 10)? == Heard::Silence && started.elapsed() < SHORT + SLACK {
        client.send(octet)?;
    }
    let answer = client.read_answer(Asked::Other)?;
    client.expect_end()?;
    Ok((answer.status, started.elapsed()))
}

#[test]
fn a_request_that_drips_is_answered_408_at_its_deadline() {
    let head: &[u8] = b"GET /hello.txt HTTP/1.1\r\nHost: ";
    let content: &[u8] = b"POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n";
    for_every_server(|_, serve| {
        let mut wrong = Vec::new();
        for (what, first) in [("head", head), ("content", content)] {
            let served = serving(serve, waiting(SHORT));
            match drip(served.addr(), first, b"a") {
                Ok((408, took)) if took >= SHORT && took < SHORT + SLACK => {}
                Ok((status, took)) => wrong.push(format!("{what}: {status} after {took:?}")),
                Err(trouble) => wrong.push(format!("{what}: {trouble}")),
            }
        }
        wrong
    });
}

#[test]
fn an_idle_connection_ends_in_silence() {
    for_every_server(|_, serve| {
        let served = serving(serve, waiting(SHORT));
        let outcome = sent(served.addr(), HELLO).and_then(|mut client| {
            client.read_answer(Asked::Other)?;
            client.expect_end()
        });
        let unused = Client::connect(served.addr()).and_then(|mut client| client.expect_end());
        let wrong = [outcome, unused].into_iter().filter_map(Result::err);
        wrong.map(|trouble| trouble.to_string()).collect()
    });
}

/// A handler whose answers the test gives itself: each request sends the end that opens its gate.
fn gated() -> (Arc<dyn Handler + Send + Sync>, Receiver<UnixStream>) {
    let (tell, openers) = mpsc::channel();
    let handler = move |_: &Request| match Gate::new() {
        Ok((gate, opener)) => {
            // A test that no longer waits for the request lets its answer be cut.
            let _ = tell.send(opener);
            Reply::Exchange(Box::new(gate))
        }
        Err(error) => Reply::Ready(gateway_failure(&error)),
    };
    (Arc::new(handler), openers)
}

#[test]
fn a_stop_ends_idle_connections_at_once() {
    for_every_server(|server, serve| {
        let mut served = serving(serve, Config::default());
        let count = if server == "iterative" { 1 } else { 8 };
        let idle = (0..count).map(|_| {
            let mut client = sent(served.addr(), HELLO)?;
            client.read_answer(Asked::Other)?;
            Ok(client)
        });
        let idle: Result<Vec<Client>, check::Trouble> = idle.collect();
        served.ask_to_stop();
        let ended = idle.and_then(|clients| {
            clients
                .into_iter()
                .try_for_each(|mut client| client.expect_end())
        });
        let wrong = ended.map_err(|trouble| format!("an idle client: {trouble}"));
        let stopped = served.wait(START_AND_STOP);
        let refused = match Client::connect(served.addr()) {
            Ok(_) => Err("it still accepts".to_owned()),
            Err(_) => Ok(()),
        };
        let wrong = [wrong, stopped, refused]
            .into_iter()
            .filter_map(Result::err);
        wrong.collect()
    });
}

#[test]
fn a_stop_lets_an_answer_under_way_be_completed() {
    for_every_server(|_, serve| {
        let (handler, openers) = gated();
        let mut served = Served::start(serve, handler, Config::default()).expect("a free port");
        let outcome = complete_after_stop(&served, &openers);
        let stopped = served.wait(START_AND_STOP);
        [outcome, stopped]
            .into_iter()
            .filter_map(Result::err)
            .collect()
    });
}

fn complete_after_stop(served: &Served, openers: &Receiver<UnixStream>) -> Result<(), String> {
    use std::io::Write;
    let told = |trouble: check::Trouble| trouble.to_string();
    let mut client = sent(served.addr(), HELLO).map_err(told)?;
    let opener = openers.recv_timeout(PATIENCE);
    let mut opener = opener.map_err(|_| "the request has not begun".to_owned())?;
    served.ask_to_stop();
    let content = b"written after the stop";
    opener
        .write_all(content)
        .map_err(|error| error.to_string())?;
    drop(opener);
    let answer = client.read_answer(Asked::Other).map_err(told)?;
    client.expect_end().map_err(told)?;
    match answer.content == content {
        true => Ok(()),
        false => Err(format!("the answer was {}", answer.content.escape_ascii())),
    }
}

#[test]
fn an_answer_that_does_not_end_is_cut_at_the_grace_limit() {
    let mut config = Config::default();
    config.timeouts.grace = SHORT;
    for_every_server(|_, serve| {
        let (handler, openers) = gated();
        let mut served = Served::start(serve, handler, config).expect("a free port");
        let client = sent(served.addr(), HELLO);
        let opener = openers.recv_timeout(PATIENCE);
        let started = Instant::now();
        served.ask_to_stop();
        let stopped = served.wait(SHORT + SLACK);
        let noticed = match client.map(|mut client| client.read_answer(Asked::Other)) {
            Ok(Ok(answer)) => Err(format!("a complete answer: {}", answer.head.escape_ascii())),
            Ok(Err(_)) => Ok(()),
            Err(trouble) => Err(trouble.to_string()),
        };
        let begun = opener
            .map(drop)
            .map_err(|_| "the request has not begun".to_owned());
        let early = match started.elapsed() < SHORT {
            true => Err(format!("it was cut after {:?}", started.elapsed())),
            false => Ok(()),
        };
        let wrong = [stopped, noticed, begun, early].into_iter();
        wrong.filter_map(Result::err).collect()
    });
}

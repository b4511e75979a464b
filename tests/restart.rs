//! A restart that loses nobody: SIGHUP, twice in a row, while clients ask without a pause.
//!
//! Not one request may fail: neither on a new connection, of which there are hundreds every moment, nor on
//! a kept one, nor a download that is under way. What is counted is exact, what is timed is not.

use check::binary::{Profile, gateway};
use check::process::{group, is_alive, signal};
use check::site::big;
use check::{Asked, Client, Executable, Place, START_AND_STOP, Trouble, for_every_server};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// Clients that connect anew for every request, and clients that keep their connection.
const HASTY: usize = 4;
const FAITHFUL: usize = 3;

/// Answers before, between and after the restarts.
const ANSWERS: usize = 500;

const RESTARTS: usize = 2;

/// How long the whole of it may take.
const DEADLINE: Duration = Duration::from_secs(60);

const LAST: &[u8] = b"GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const NEXT: &[u8] = b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n";

/// Whether a kept connection may be used again.
fn ask(client: &mut Client, request: &[u8]) -> Result<bool, String> {
    let told = |trouble: Trouble| trouble.to_string();
    client.send(request).map_err(told)?;
    let answer = client.read_answer(Asked::Other).map_err(told)?;
    match (answer.status, answer.content.as_slice()) {
        (200, b"Hello, reader.\n") => Ok(!answer.says_close()),
        (status, content) => Err(format!("{status}: {}", content.escape_ascii())),
    }
}

/// Asks until it is told to stop or something fails; tells of each answer.
fn ask_on(
    addr: SocketAddr,
    request: &[u8],
    done: &AtomicBool,
    answered: &SyncSender<()>,
) -> Result<(), String> {
    while !done.load(Ordering::Relaxed) {
        let mut client = Client::connect(addr).map_err(|trouble| trouble.to_string())?;
        let mut again = true;
        while again && !done.load(Ordering::Relaxed) {
            again = ask(&mut client, request)?;
            // Nobody counts any more once the test has failed.
            let _ = answered.send(());
        }
    }
    Ok(())
}

/// Lets the clients go on until so many answers more have come.
fn await_answers(answered: &Receiver<()>, count: usize) -> Result<(), String> {
    for number in 0..count {
        let answer = answered.recv_timeout(START_AND_STOP);
        answer.map_err(|_| format!("no more answers after {number} of {count}"))?;
    }
    Ok(())
}

/// Lets the clients go on until something is so.
fn await_that(
    what: &str,
    answered: &Receiver<()>,
    mut is_so: impl FnMut() -> bool,
) -> Result<(), String> {
    let until = Instant::now() + DEADLINE;
    while Instant::now() < until {
        if is_so() {
            return Ok(());
        }
        await_answers(answered, 1)?;
    }
    Err(format!("{what} has not come after {DEADLINE:?}"))
}

/// Has the server replaced, and returns who has replaced it, once the old one has gone.
fn restart(leader: u32, old: u32, answered: &Receiver<()>) -> Result<u32, String> {
    let told = |error: io::Error| error.to_string();
    signal("HUP", old).map_err(told)?;
    await_that("the end of the old server", answered, || !is_alive(old))?;
    match group(leader).map_err(told)?.as_slice() {
        [new] => Ok(*new),
        others => Err(format!("{others:?} have replaced {old}")),
    }
}

fn under_load(server: &Executable, faithful: usize, content: &[u8]) -> Result<usize, String> {
    let addr = server.addr();
    let (done, (tell, answered)) = (AtomicBool::new(false), mpsc::sync_channel(0));
    thread::scope(|scope| {
        let ask_with = |request| {
            let (done, tell) = (&done, tell.clone());
            move || ask_on(addr, request, done, &tell)
        };
        let hasty = (0..HASTY).map(|_| scope.spawn(ask_with(LAST)));
        let faithful_ones = (0..faithful).map(|_| scope.spawn(ask_with(NEXT)));
        let clients: Vec<ScopedJoinHandle<'_, _>> = hasty.chain(faithful_ones).collect();
        let mut asked = 0;
        let mut restarts = || {
            let mut serving = server.pid();
            await_answers(&answered, ANSWERS)?;
            for _ in 0..RESTARTS {
                let download = (faithful > 0).then(|| begin(addr)).transpose()?;
                // It holds the old server until it is read, so it is read beside the restart.
                let reader = download.map(|client| scope.spawn(move || complete(client, content)));
                serving = restart(server.pid(), serving, &answered)?;
                await_answers(&answered, ANSWERS)?;
                if let Some(reader) = reader {
                    reader.join().map_err(|_| "the download panicked")??;
                }
                asked += ANSWERS;
            }
            Ok(asked + ANSWERS)
        };
        let outcome = restarts();
        done.store(true, Ordering::Relaxed);
        // Whoever waits to tell of an answer is heard, and finds that it is over.
        drop(answered);
        let outcomes = clients.into_iter().map(|client| match client.join() {
            Ok(outcome) => outcome,
            Err(_) => Err("a client panicked".to_owned()),
        });
        let failed: Vec<String> = outcomes.filter_map(Result::err).collect();
        match failed.as_slice() {
            [] => outcome,
            failed => Err(format!("failed: {failed:?}; {outcome:?}")),
        }
    })
}

fn begin(addr: SocketAddr) -> Result<Client, String> {
    let begun = Client::connect(addr).and_then(|mut client| {
        client.send(b"GET /big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
        client.read_head()?;
        Ok(client)
    });
    begun.map_err(|trouble| format!("a download: {trouble}"))
}

fn complete(mut client: Client, content: &[u8]) -> Result<(), String> {
    match client.read_to_end() {
        Ok(rest) if rest == content => Ok(()),
        Ok(rest) => Err(format!("{} octets of a download came", rest.len())),
        Err(trouble) => Err(format!("a download: {trouble}")),
    }
}

#[test]
fn no_request_fails_while_a_server_is_replaced_twice_under_load() {
    let (place, content) = (Place::new().unwrap(), big());
    for_every_server(|name, _| {
        let server = place.serve(name).expect("the server starts");
        // One guest at a time cannot have guests that stay.
        let faithful = if name == "iterative" { 0 } else { FAITHFUL };
        match under_load(&server, faithful, &content) {
            Ok(answers) => {
                println!("{name}: {answers} answers and more, none failed");
                Vec::new()
            }
            Err(what) => vec![what],
        }
    });
}

#[test]
fn a_successor_that_cannot_start_leaves_the_server_as_it_was() {
    let place = Place::new().unwrap();
    let program = gateway(Profile::Dev).unwrap();
    let (root, away) = (place.site.root(), place.site.root().with_extension("away"));
    let log = away.with_extension("log");
    let words = [program.to_str().unwrap(), "{root}", "--listen", "{addr}"];
    let server = Executable::start(&words, &root, Some(&log)).unwrap();
    fs::rename(&root, &away).unwrap();
    for time in 1..=2 {
        signal("HUP", server.pid()).unwrap();
        let until = Instant::now() + START_AND_STOP;
        let complaints = || {
            let said = fs::read_to_string(&log).unwrap();
            said.matches("this server goes on").count()
        };
        while complaints() < time {
            assert!(Instant::now() < until, "nothing was said about it");
            thread::yield_now();
        }
    }
    assert_eq!(group(server.pid()).unwrap(), [server.pid()]);
    fs::rename(&away, &root).unwrap();
    let mut client = Client::connect(server.addr()).unwrap();
    assert_eq!(ask(&mut client, NEXT), Ok(true));
}

//! What the finished server costs when it is used hard: memory, processor time, other people's patience.
//!
//! The server is a process of its own, so that the kernel's books are about nobody else. Where the
//! design promises a bound, the bound is asserted here and the measured figure printed.

use check::process::{cpu_ticks, descriptors, memory, threads};
use check::{Asked, Client, Executable, Heard, Place, Trouble, for_every_server, needs};
use std::fs::File;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Kept connections that have nothing to say.
const IDLE: usize = 10_000;

/// User memory that one of them may cost; nginx takes 527.
const IDLE_BYTES: u64 = 200;

/// Descriptors that the test needs beside its connections.
const SPARE_DESCRIPTORS: u64 = 200;

/// Threads of the whole server: its loop, and those that wait for signals and programs.
const THREADS: usize = 8;

/// Octets that go into a program, and come back.
const THROUGH: u64 = 200 << 20;

/// Resident memory that this may take, whatever serves.
const PEAK_BYTES: u64 = 16 << 20;

/// How long a stalled server is watched, and how many ticks of processor time it may use meanwhile.
const WATCHED: Duration = Duration::from_millis(700);
const WATCHED_TICKS: u64 = 1;

/// What a small request may take beside an endless one.
const PROMPT: Duration = Duration::from_millis(500);

/// One test at a time: they measure what the machine does for one server.
static ALONE: Mutex<()> = Mutex::new(());

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}

#[test]
fn ten_thousand_idle_connections_cost_less_than_two_hundred_octets_each() {
    let _alone = ALONE.lock();
    let needed = IDLE as u64 + SPARE_DESCRIPTORS;
    if needs::lacks_descriptors("the ten thousand", needed) {
        return;
    }
    let place = Place::new().expect("the site can be written");
    let server = place.serve("epoll").unwrap();
    let open = || {
        let mut client = Client::connect(server.addr()).unwrap();
        client.send(&get("/hello.txt")).unwrap();
        assert_eq!(client.read_answer(Asked::Other).unwrap().status, 200);
        client
    };
    // What a first connection brings into memory is not the price of the others.
    let mut clients = vec![open()];
    let before = memory(server.pid()).unwrap().anonymous;
    clients.resize_with(IDLE, open);
    let after = memory(server.pid()).unwrap().anonymous;
    let each = after.saturating_sub(before) / (IDLE as u64 - 1);
    println!(
        "{IDLE} idle connections: {each} octets each, {} KiB in all",
        after / 1024
    );
    assert!(descriptors(server.pid()).unwrap() >= IDLE);
    assert!(threads(server.pid()).unwrap() <= THREADS);
    assert!(each < IDLE_BYTES, "{each} octets for each idle connection");
    let asked = Instant::now();
    drop(open());
    assert!(
        asked.elapsed() < PROMPT,
        "a new request took {:?}",
        asked.elapsed()
    );
}

/// Period of the stream that is sent: prime, so that a piece lost or doubled by any buffer shows.
const PERIOD: usize = 251;

/// Some periods of the stream, from its beginning.
fn pattern() -> Vec<u8> {
    (0..=250).cycle().take(PERIOD * 1024).collect()
}

/// Whether `octets` are what stands at `offset` of the stream.
fn is_pattern(pattern: &[u8], offset: u64, octets: &[u8]) -> bool {
    let from = usize::try_from(offset % PERIOD as u64).expect("below the period");
    let len = pattern.len() - from;
    let (front, rest) = octets.split_at(octets.len().min(len));
    let next = offset + front.len() as u64;
    pattern[from..].starts_with(front) && (rest.is_empty() || is_pattern(pattern, next, rest))
}

/// Sends [`THROUGH`] octets of the stream.
fn pour(mut sender: TcpStream) -> io::Result<()> {
    let pattern = pattern();
    let mut left = THROUGH;
    while left > 0 {
        let len = usize::try_from(left).map_or(pattern.len(), |left| left.min(pattern.len()));
        sender.write_all(&pattern[..len])?;
        left -= len as u64;
    }
    sender.shutdown(Shutdown::Write)
}

fn through_a_program(server: &Executable) -> Result<u64, String> {
    let told = |trouble: check::Trouble| trouble.to_string();
    let mut client = Client::connect(server.addr()).map_err(told)?;
    let head = format!("POST /cgi/cat HTTP/1.1\r\nHost: a\r\nContent-Length: {THROUGH}\r\n\r\n");
    client.send(head.as_bytes()).map_err(told)?;
    let sender = client.sender().map_err(told)?;
    let pattern = pattern();
    let (mut came, mut wrong) = (0, None);
    thread::scope(|scope| {
        let pouring = scope.spawn(|| pour(sender));
        let answer = client.read_answer_into(Asked::Other, &mut |octets| {
            if wrong.is_none() && !is_pattern(&pattern, came, octets) {
                wrong = Some(came);
            }
            came += octets.len() as u64;
        });
        let poured = pouring
            .join()
            .map_err(|_| "the sender panicked".to_owned())?;
        poured.map_err(|error| format!("sending: {error}"))?;
        answer.map_err(told)
    })?;
    match wrong {
        Some(at) => Err(format!("another octet came back near {at}")),
        None => Ok(came),
    }
}

#[test]
fn two_hundred_megabytes_both_ways_through_a_program_stay_out_of_memory() {
    let _alone = ALONE.lock();
    let place = Place::new().expect("the site can be written");
    for_every_server(|name, _| {
        let server = place.serve(name).expect("the server starts");
        let started = Instant::now();
        let came = through_a_program(&server);
        let peak = memory(server.pid()).expect("it still runs").peak;
        println!(
            "{name}: {} KiB at most, {:.1?}",
            peak / 1024,
            started.elapsed()
        );
        let mut wrong = Vec::new();
        match came {
            Ok(THROUGH) => {}
            Ok(came) => wrong.push(format!("{came} of {THROUGH} octets came back")),
            Err(error) => wrong.push(error),
        }
        if peak >= PEAK_BYTES {
            wrong.push(format!("{} KiB were resident", peak / 1024));
        }
        wrong
    });
}

/// Conversations in which nothing more can happen: each waits for somebody who does nothing.
fn stall(server: &Executable) -> Result<Vec<Client>, check::Trouble> {
    let begin = |octets: &[u8]| {
        let mut client = Client::connect(server.addr())?;
        client.send(octets).map(|()| client)
    };
    let idle = {
        let mut client = begin(&get("/hello.txt"))?;
        client.read_answer(Asked::Other)?;
        client
    };
    let half_closed = {
        let mut client = begin(&get("/cgi/silent"))?;
        client.close_write()?;
        client
    };
    Ok(vec![
        idle,
        half_closed,
        begin(b"GET /hel")?,
        begin(&get("/big.bin"))?,
        begin(&get("/cgi/silent"))?,
        begin(b"POST /cgi/cat HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")?,
        begin(b"POST /cgi/silent HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")?,
    ])
}

#[test]
fn a_stalled_server_does_not_spin() {
    let _alone = ALONE.lock();
    let place = Place::new().expect("the site can be written");
    for_every_server(|name, _| {
        let server = place.serve(name).expect("the server starts");
        let mut clients = stall(&server).expect("the server takes requests");
        let idle = &mut clients[0];
        // Processes start and buffers fill in the first of these windows; a loop that spins does so in all.
        let mut used = Vec::new();
        for _ in 0..4 {
            let before = cpu_ticks(server.pid()).expect("it runs");
            match idle.listen(WATCHED) {
                Ok(Heard::Silence) => {}
                other => return vec![format!("the idle connection: {other:?}")],
            }
            used.push(cpu_ticks(server.pid()).expect("it runs") - before);
            if used.last() <= Some(&WATCHED_TICKS) {
                println!("{name}: {used:?} ticks");
                return Vec::new();
            }
        }
        vec![format!(
            "{used:?} ticks of 10 ms in {WATCHED:?} each, with nothing to do"
        )]
    });
}

#[test]
fn an_answer_whose_program_was_killed_never_looks_whole() {
    let place = Place::new().expect("the site can be written");
    for_every_server(|name, _| {
        let server = place.serve(name).expect("the server starts");
        let answer = Client::connect(server.addr()).and_then(|mut client| {
            client.send(&get("/cgi/dies"))?;
            client.read_answer(Asked::Other)
        });
        match answer {
            Err(trouble @ (Trouble::Ended | Trouble::Reset)) => {
                println!("{name}: {trouble}");
                Vec::new()
            }
            // Killed before its first octet was passed on, so the server could still say so.
            Ok(answer) if answer.status == 502 => Vec::new(),
            other => vec![format!("{other:?}")],
        }
    });
}

#[test]
fn a_small_request_is_served_beside_an_endless_one() {
    let _alone = ALONE.lock();
    let place = Place::new().expect("the site can be written");
    // Longer than the test takes to read.
    let endless = File::create(place.site.root().join("endless")).unwrap();
    endless.set_len(1 << 40).unwrap();
    for_every_server(|name, _| {
        if name == "iterative" {
            println!("skipped: one guest at a time has to wait");
            return Vec::new();
        }
        let server = place.serve(name).expect("the server starts");
        beside_an_endless_one(name, server.addr())
    });
}

fn beside_an_endless_one(name: &str, addr: SocketAddr) -> Vec<String> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let download = scope.spawn(|| {
            let mut client = Client::connect(addr)?;
            client.send(&get("/endless"))?;
            client.read_head()?;
            let mut came = 0;
            while !done.load(Ordering::Relaxed) {
                came += client.read_piece()?.len() as u64;
            }
            Ok::<u64, check::Trouble>(came)
        });
        let mut worst = Duration::ZERO;
        let mut wrong = Vec::new();
        for _ in 0..30 {
            let asked = Instant::now();
            let answer = Client::connect(addr).and_then(|mut client| {
                client.send(&get("/hello.txt"))?;
                client.read_answer(Asked::Other)
            });
            wrong.extend(answer.err().map(|trouble| trouble.to_string()));
            worst = worst.max(asked.elapsed());
        }
        done.store(true, Ordering::Relaxed);
        match download.join() {
            Ok(Ok(came)) => println!("{name}: at most {worst:.1?} beside {} MiB", came >> 20),
            Ok(Err(trouble)) => wrong.push(format!("the endless one: {trouble}")),
            Err(_) => wrong.push("the endless one panicked".into()),
        }
        if worst >= PROMPT {
            wrong.push(format!("a small request took {worst:?}"));
        }
        wrong
    })
}

//! A server with few descriptors and many guests: alive, at rest while nobody can be let in, and there
//! again as soon as somebody can.

use check::binary::{Profile, gateway};
use check::process::{cpu_time, is_alive};
use check::{
    Asked, Client, Executable, PATIENCE, Site, TempFolder, Trouble, for_every_server, needs,
};
use concurrency::SERVERS;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Descriptors of the server: `ulimit -n`.
const DESCRIPTORS: &str = "64";

/// Guests of each server. Each says half a word and waits, so none of them is idle.
const GUESTS: usize = 500;

/// Descriptors that the test itself needs beside them.
const SPARE: u64 = 200;

/// How long a full server is watched, and how much of that it may work: a tenth.
const WATCHED: Duration = Duration::from_secs(1);
const WORK: Duration = Duration::from_millis(100);

/// How long the first guest after the crowd may wait. A busy machine gets a few tries.
const RECOVERY: Duration = Duration::from_secs(1);
const TRIES: usize = 5;

fn few_descriptors(server: &str, site: &Site, log: &Path) -> Executable {
    let program = gateway(Profile::Dev).expect("it can be built");
    let limited = "ulimit -n \"$0\" && exec \"$@\"";
    let words = [
        "sh",
        "-c",
        limited,
        DESCRIPTORS,
        program.to_str().expect("its path is text"),
    ];
    // Nobody is to be cut off while the test looks on.
    let further = ["{root}", "--listen", "{addr}", "--timeout", "head=100s"];
    let words = [&words[..], &further, &["--server", server]].concat();
    Executable::start(&words, &site.root(), Some(log)).expect("the server starts")
}

fn crowd(server: &Executable) -> Vec<Client> {
    let guest = |_| {
        let mut client = Client::connect(server.addr()).expect("the kernel's queue has room");
        // Whoever is late with it is idle, and may have been closed to make room.
        let _ = client.send(b"GET /hel");
        client
    };
    (0..GUESTS).map(guest).collect()
}

/// What the server works while nobody can be let in: the least of several looks, since letting in
/// those who can be takes time as well.
fn work_while_full(server: &Executable) -> Duration {
    let (_tell, nothing) = mpsc::channel::<()>();
    let look = |()| {
        let before = cpu_time(server.pid()).expect("it is alive");
        nothing
            .recv_timeout(WATCHED)
            .expect_err("nobody tells anything");
        cpu_time(server.pid()).expect("it is alive") - before
    };
    [(); 3]
        .map(look)
        .into_iter()
        .min()
        .expect("there are three")
}

/// How long it takes until somebody who comes now has what was asked for. One who was let in with the
/// last descriptor hears 503, since none is left for the file, and asks again.
fn time_to_be_served(server: &Executable) -> Result<Duration, Trouble> {
    let asked = Instant::now();
    loop {
        let mut client = Client::connect(server.addr())?;
        client.send(b"GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
        let answer = client.read_answer(Asked::Other)?;
        match answer.status {
            503 if asked.elapsed() < PATIENCE => {}
            status => {
                assert_eq!(status, 200, "{}", answer.head.escape_ascii());
                return Ok(asked.elapsed());
            }
        }
    }
}

fn judge(name: &str, site: &Site, log: &Path) -> Vec<String> {
    let server = few_descriptors(name, site, log);
    let mut wrong = Vec::new();
    let mut guests = crowd(&server);
    let work = work_while_full(&server);
    if work > WORK {
        wrong.push(format!(
            "{work:?} of work in {WATCHED:?}, while nobody can be let in"
        ));
    }
    let mut took = Vec::new();
    for _ in 0..TRIES {
        drop(std::mem::take(&mut guests));
        took.push(time_to_be_served(&server));
        if matches!(took.last(), Some(Ok(took)) if *took <= RECOVERY) {
            break;
        }
        guests = crowd(&server);
    }
    println!("{name}: {work:?} of work while full, served after {took:?}");
    if !took.iter().flatten().any(|took| *took <= RECOVERY) {
        wrong.push("not served within a second after the crowd had left".into());
    }
    if !is_alive(server.pid()) {
        wrong.push("it has ended".into());
    }
    let said = fs::read_to_string(log).unwrap_or_default();
    let lines = said
        .lines()
        .filter(|line| line.contains("accepting pauses"));
    let loops = std::thread::available_parallelism().map_or(1, usize::from);
    match (name, lines.count()) {
        // It lets in one guest, and has descriptors for that.
        ("iterative", 0) => {}
        // Each loop has a queue of its own, and says so for itself.
        ("cores", lines) if (1..=loops).contains(&lines) => {}
        (_, 1) => {}
        (_, lines) => wrong.push(format!("{lines} lines about it:\n{said}")),
    }
    wrong
}

#[test]
fn sixty_four_descriptors_and_five_hundred_guests_are_survived_at_rest() {
    let needed = (GUESTS * SERVERS.len()) as u64 + SPARE;
    if needs::lacks_descriptors("the five hundred guests", needed) {
        return;
    }
    let (site, logs) = (Site::new().unwrap(), TempFolder::new().unwrap());
    for_every_server(|name, _| judge(name, &site, &logs.path().join(name)));
}

#[test]
fn a_guest_who_is_idle_makes_room_for_one_who_is_not() {
    let (site, logs) = (Site::new().unwrap(), TempFolder::new().unwrap());
    for name in ["poll", "epoll", "cores"] {
        let server = few_descriptors(name, &site, &logs.path().join(name));
        let idle: Vec<TcpStream> = (0..100)
            .map(|_| TcpStream::connect(server.addr()).expect("the queue has room"))
            .collect();
        let took = time_to_be_served(&server).expect("it is served though nobody has left");
        println!(
            "{name}: served after {took:?} beside {} who are idle",
            idle.len()
        );
    }
}

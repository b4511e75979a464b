//! How the finished server ends: by signals, as a process.
//!
//! SIGTERM is a request: what is under way is completed, then the process ends with exit code 0. A
//! second one is a demand.

use check::process::{children, is_alive};
use check::site::big;
use check::{Answer, Asked, Client, Executable, Place, START_AND_STOP, Trouble, for_every_server};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Downloads under way when the signal comes.
const DOWNLOADS: usize = 10;

/// How long newcomers are served after that.
const DRAIN: Duration = Duration::from_secs(3);

const BIG: &[u8] = b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n";

/// A client that has seen the head of a large answer and nothing else of it.
fn begin(server: &Executable) -> Result<Client, Trouble> {
    let mut client = Client::connect(server.addr())?;
    client.send(BIG)?;
    client.read_head()?;
    Ok(client)
}

/// Reads what is left of an answer after which the server ends the connection.
fn complete(mut client: Client, content: &[u8]) -> Result<(), String> {
    let rest = client
        .read_to_end()
        .map_err(|trouble| trouble.to_string())?;
    match rest == content {
        true => Ok(()),
        false => Err(format!("{} of {} octets came", rest.len(), content.len())),
    }
}

#[test]
fn sigterm_lets_downloads_be_completed_and_then_ends_with_0() {
    let (place, content) = (Place::new().unwrap(), big());
    for_every_server(|name, _| {
        let mut server = place.serve(name).expect("the server starts");
        let count = if name == "iterative" { 1 } else { DOWNLOADS };
        let clients: Vec<_> = (0..count).map(|_| begin(&server)).collect();
        server.terminate().expect("a signal can be sent");
        let outcomes = clients.into_iter().map(|client| {
            let client = client.map_err(|trouble| trouble.to_string())?;
            complete(client, &content)
        });
        let mut wrong: Vec<String> = outcomes.filter_map(Result::err).collect();
        match server.wait(START_AND_STOP) {
            Some(status) if status.success() => {}
            status => wrong.push(format!("it ended with {status:?}")),
        }
        if Client::connect(server.addr()).is_ok() {
            wrong.push("somebody still accepts".into());
        }
        wrong
    });
}

/// A client whose answer comes from a program that goes on and on.
fn begin_silence(server: &Executable) -> Result<Client, Trouble> {
    let mut client = Client::connect(server.addr())?;
    client.send(b"GET /cgi/silent HTTP/1.1\r\nHost: a\r\n\r\n")?;
    client.read_head()?;
    Ok(client)
}

#[test]
fn a_second_sigterm_waits_for_nobody_and_leaves_no_program_behind() {
    let place = Place::new().unwrap();
    for_every_server(|name, _| {
        let mut server = place.serve(name).expect("the server starts");
        let _silent = begin_silence(&server).expect("a program begins");
        let _stuck = (name != "iterative").then(|| begin(&server).expect("a download begins"));
        let programs = children(server.pid()).expect("it runs");
        assert_eq!(programs.len(), 1, "one program runs");
        server.terminate().expect("a signal can be sent");
        // The first signal has been understood when nobody is let in any more.
        let mut tries = 0..10_000;
        while tries.next().is_some() && Client::connect(server.addr()).is_ok() {}
        if server.wait(Duration::ZERO).is_some() {
            return vec!["the first signal has cut what was under way".into()];
        }
        server.terminate().expect("a signal can be sent");
        let mut wrong = match server.wait(START_AND_STOP) {
            Some(status) if status.success() => Vec::new(),
            Some(status) => vec![format!("it ended with {status}")],
            None => vec!["it waits for a client that does not read".into()],
        };
        if is_alive(programs[0]) {
            wrong.push("its program lives on".into());
        }
        wrong
    });
}

/// What `/.health` says, on a connection of its own.
fn health(addr: SocketAddr) -> Result<Answer, Trouble> {
    let mut client = Client::connect(addr)?;
    client.send(b"GET /.health HTTP/1.1\r\nHost: a\r\n\r\n")?;
    client.read_answer(Asked::Other)
}

/// Asked to stop, a server says so where it is asked about its health, serves newcomers as long
/// as it was told to, and only then closes the door.
fn drains(server: &mut Executable) -> Result<(), String> {
    let (addr, told) = (server.addr(), |trouble: Trouble| trouble.to_string());
    let well = health(addr).map_err(told)?;
    if (well.status, well.says_close()) != (200, false) {
        return Err(format!("its health was {}", well.head.escape_ascii()));
    }
    let asked = Instant::now();
    server.terminate().map_err(|error| error.to_string())?;
    let mut answer = health(addr).map_err(told)?;
    // For a moment each loop of it may not have heard.
    while (answer.status, answer.says_close()) != (503, true) && asked.elapsed() < DRAIN {
        answer = health(addr).map_err(told)?;
    }
    if (answer.status, answer.says_close()) != (503, true) {
        return Err(format!("its health is {}", answer.head.escape_ascii()));
    }
    let mut newcomer = Client::connect(addr).map_err(told)?;
    newcomer
        .send(b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        .map_err(told)?;
    let answer = newcomer.read_answer(Asked::Other).map_err(told)?;
    if (answer.status, answer.says_close()) != (200, true) {
        return Err(format!("a newcomer got {}", answer.head.escape_ascii()));
    }
    newcomer.expect_end().map_err(told)?;
    // One that says nothing is let in, and waited for as long as the door is open.
    Client::connect(addr)
        .and_then(|mut silent| silent.expect_end())
        .map_err(|trouble| format!("one that says nothing: {trouble}"))?;
    let took = asked.elapsed();
    match (took >= DRAIN, server.wait(START_AND_STOP)) {
        (true, Some(status)) if status.success() => {}
        (false, _) => return Err(format!("its door closed after {took:?}")),
        (true, status) => return Err(format!("it ended with {status:?}")),
    }
    match Client::connect(addr) {
        Ok(_) => Err("somebody still accepts".into()),
        Err(_) => Ok(()),
    }
}

#[test]
fn health_says_503_first_and_the_door_closes_after_the_drain() {
    let mut place = Place::new().unwrap();
    place.options = vec!["--drain".into(), format!("{}ms", DRAIN.as_millis())];
    for_every_server(|name, _| {
        let mut server = place.serve(name).expect("the server starts");
        drains(&mut server).err().into_iter().collect()
    });
}

#[test]
fn a_program_that_goes_on_is_ended_with_its_server() {
    let mut place = Place::new().unwrap();
    place.timeouts = "grace=300ms".into();
    let mut server = place.serve("epoll").unwrap();
    let mut client = begin_silence(&server).unwrap();
    let programs = children(server.pid()).unwrap();
    assert_eq!(programs.len(), 1, "one program runs");
    server.terminate().unwrap();
    let status = server.wait(START_AND_STOP).expect("it ends");
    assert!(status.success(), "{status}");
    assert!(!is_alive(programs[0]), "the program outlives its server");
    let rest = client.read_to_end();
    assert!(
        !matches!(&rest, Ok(rest) if rest.ends_with(b"0\r\n\r\n")),
        "the answer looks whole"
    );
}

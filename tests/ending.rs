//! How the finished server ends: by signals, as a process.
//!
//! SIGTERM is a request: what is under way is completed, then the process ends with exit code 0. A
//! second one is a demand.

use check::process::{children, cpu_ticks};
use check::site::big;
use check::{Client, Executable, Place, START_AND_STOP, Trouble, for_every_server};

/// Downloads under way when the signal comes.
const DOWNLOADS: usize = 10;

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

#[test]
fn a_second_sigterm_does_not_wait() {
    let place = Place::new().unwrap();
    for_every_server(|name, _| {
        let mut server = place.serve(name).expect("the server starts");
        let _stuck = begin(&server).expect("a download begins");
        server.terminate().expect("a signal can be sent");
        // The first signal has been understood when nobody is let in any more.
        let mut tries = 0..1_000;
        while tries.next().is_some() && Client::connect(server.addr()).is_ok() {}
        server.terminate().expect("a signal can be sent");
        match server.wait(START_AND_STOP) {
            Some(_) => Vec::new(),
            None => vec!["it waits for a client that does not read".into()],
        }
    });
}

#[test]
fn a_program_that_goes_on_is_ended_with_its_server() {
    let mut place = Place::new().unwrap();
    place.timeouts = "grace=300ms".into();
    let mut server = place.serve("epoll").unwrap();
    let mut client = Client::connect(server.addr()).unwrap();
    let request = b"GET /cgi/silent HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(request).unwrap();
    client.read_head().unwrap();
    let programs = children(server.pid()).unwrap();
    assert_eq!(programs.len(), 1, "one program runs");
    server.terminate().unwrap();
    let status = server.wait(START_AND_STOP).expect("it ends");
    assert!(status.success(), "{status}");
    assert!(
        cpu_ticks(programs[0]).is_err(),
        "the program outlives its server"
    );
    let rest = client.read_to_end();
    assert!(
        !matches!(&rest, Ok(rest) if rest.ends_with(b"0\r\n\r\n")),
        "the answer looks whole"
    );
}

//! Two hundred megabytes there and back through each wire: nothing may be lost, and nothing kept.

use check::process::memory;
use check::{Asked, Client, Executable, Place, TempFolder};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;

/// Octets that go into an application, and come back.
const THROUGH: u64 = 200 << 20;

/// Resident memory that this may take.
const PEAK_BYTES: u64 = 16 << 20;

/// Period of the stream that is sent: prime, so that a piece lost or doubled by any buffer shows.
const PERIOD: usize = 251;

/// An application at a port of this process that sends back what it is sent.
fn echo(play: fn(TcpStream) -> io::Result<()>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let serve = move || {
        for stream in listener.incoming().flatten() {
            // One that fails is seen by the client, whose answer is broken.
            let one = thread::Builder::new().spawn(move || play(stream));
            drop(one);
        }
    };
    thread::Builder::new().spawn(serve)?;
    Ok(addr)
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).expect("a record is short");
    let [high, low] = len.to_be_bytes();
    let mut octets = vec![1, kind, 0, 1, high, low, 0, 0];
    octets.extend_from_slice(content);
    octets
}

fn fastcgi(mut stream: TcpStream) -> io::Result<()> {
    const STDIN: u8 = 5;
    const STDOUT: u8 = 6;
    stream.write_all(&record(STDOUT, b"Content-Type: a/b\n\n"))?;
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header)?;
        let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
        let mut content = vec![0; len + usize::from(header[6])];
        stream.read_exact(&mut content)?;
        if header[1] == STDIN && len == 0 {
            return stream.write_all(&record(3, &[0; 8]));
        }
        if header[1] == STDIN {
            stream.write_all(&record(STDOUT, &content[..len]))?;
        }
    }
}

/// Reads up to the comma of the netstring.
fn scgi(mut stream: TcpStream) -> io::Result<()> {
    let mut len = 0;
    let mut octet = [0];
    loop {
        stream.read_exact(&mut octet)?;
        match octet[0] {
            b':' => break,
            digit => len = len * 10 + u64::from(digit - b'0'),
        }
    }
    io::copy(&mut (&stream).take(len + 1), &mut io::sink())?;
    stream.write_all(b"Content-Type: a/b\n\n")?;
    io::copy(&mut (&stream).take(THROUGH), &mut &stream).map(drop)
}

fn uwsgi(mut stream: TcpStream) -> io::Result<()> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let size = u64::from(u16::from_le_bytes([header[1], header[2]]));
    io::copy(&mut (&stream).take(size), &mut io::sink())?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n")?;
    io::copy(&mut (&stream).take(THROUGH), &mut &stream).map(drop)
}

/// The stream, twice as long as any piece of it that is looked at.
fn stream() -> Vec<u8> {
    (0..=250_u8).cycle().take(PERIOD * 512).collect()
}

/// Whether `octets` stand in the stream from `offset` on. Whole slices are compared: octet by octet
/// a test without optimizations would take longer over this than the server over its work.
fn is_part(stream: &[u8], offset: u64, octets: &[u8]) -> bool {
    let start = usize::try_from(offset % PERIOD as u64).expect("below the period");
    let mut pieces = octets.chunks(PERIOD * 256);
    pieces.all(|piece| stream[start..][..piece.len()] == *piece)
}

/// Sends [`THROUGH`] octets to `path` and compares what comes back.
fn there_and_back(server: &Executable, path: &str) -> Result<(), String> {
    let told = |trouble: check::Trouble| trouble.to_string();
    let mut client = Client::connect(server.addr()).map_err(told)?;
    let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {THROUGH}\r\n\r\n");
    client.send(head.as_bytes()).map_err(told)?;
    let mut sender = client.sender().map_err(told)?;
    let stream = &stream();
    let (mut came, mut wrong) = (0, None);
    thread::scope(|scope| {
        let pour = scope.spawn(move || {
            let mut left = THROUGH;
            while left > 0 {
                let len = usize::try_from(left).map_or(stream.len(), |left| left.min(stream.len()));
                sender.write_all(&stream[..len])?;
                left -= len as u64;
            }
            Ok::<_, io::Error>(())
        });
        let answer = client.read_answer_into(Asked::Other, &mut |octets| {
            if !is_part(stream, came, octets) {
                wrong = wrong.or(Some(came));
            }
            came += octets.len() as u64;
        });
        let poured = pour.join().map_err(|_| "the sender panicked".to_owned())?;
        poured.map_err(|error| format!("sending: {error}"))?;
        answer.map(drop).map_err(told)
    })?;
    match wrong {
        Some(at) => Err(format!("another octet came back near {at}")),
        None if came == THROUGH => Ok(()),
        None => Err(format!("{came} of {THROUGH} octets came back")),
    }
}

/// Sends the stream through a server of its own, and tells the memory that it took.
fn cross(program: &Path, [option, path, address, server]: [&str; 4]) -> Result<u64, String> {
    let folder = TempFolder::new().map_err(|error| error.to_string())?;
    let rule = format!("{path}={address}");
    let mut words = vec![program.to_str().expect("a plain path"), "{root}"];
    words.extend(["--listen", "{addr}", "--server", server, option, &rule]);
    let gateway = Executable::start(&words, folder.path(), None);
    let gateway = gateway.map_err(|error| error.to_string())?;
    there_and_back(&gateway, path)?;
    let memory = memory(gateway.pid()).map_err(|error| error.to_string())?;
    Ok(memory.peak)
}

#[test]
fn two_hundred_megabytes_there_and_back_stay_out_of_memory() {
    let program = check::binary::gateway(check::binary::Profile::Dev).expect("it is built");
    let program = program.as_path();
    let place = Place::new().expect("the site can be written");
    let http = place.serve("epoll").expect("the server starts");
    let at = |play| echo(play).expect("a port is free").to_string();
    let wires = [
        ["--fastcgi", "/app", &at(fastcgi)],
        ["--scgi", "/app", &at(scgi)],
        ["--uwsgi", "/app", &at(uwsgi)],
        ["--proxy", "/cgi/cat", &http.addr().to_string()],
    ];
    thread::scope(|scope| {
        let mut crossing = Vec::new();
        for [option, path, address] in wires {
            for server in ["threads", "epoll"] {
                let way = [option, path, address, server];
                crossing.push((way, scope.spawn(move || cross(program, way))));
            }
        }
        for ([option, _, _, server], crossed) in crossing {
            let crossed = crossed.join().expect("it is told as an error");
            let peak = crossed.unwrap_or_else(|wrong| panic!("{option}, {server}: {wrong}"));
            println!("{option}, {server}: {} KiB at most", peak / 1024);
            assert!(peak < PEAK_BYTES, "{option}, {server}: {peak} octets");
        }
    });
}

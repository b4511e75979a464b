//! Many clients whose requests share connections to the workers: each gets its own answer, whatever
//! the others ask for, and whenever they leave.

mod common;

use common::{DEADLINE, Server, is_python_missing};
use gateway::{Application, Complaints, Wsgi};
use static_files::Config;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::Instant;

/// Clients at once; more than two workers take together.
const CLIENTS: u64 = 80;

/// Requests of each.
const REQUESTS: u64 = 60;

/// Octets of a page. The last two are more than is read at a time, and more than may be held.
const LENGTHS: [usize; 8] = [0, 1, 20, 20, 300, 5_000, 40_000, 200_000];

/// A number that looks random, for each pair of numbers another.
fn random(seed: u64, number: u64) -> usize {
    let mut mixed = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let [high, low, ..] = (mixed ^ mixed >> 27).to_le_bytes();
    usize::from(u16::from_le_bytes([high, low]))
}

/// Asks, and sees to it that the answer is to this request; or leaves while it is under way.
fn ask(server: &Server, seed: u64, number: u64) {
    let chosen = random(seed, number);
    let length = LENGTHS[chosen % LENGTHS.len()];
    let path = format!("/?{length}&<{number}>");
    match chosen / LENGTHS.len() % 50 {
        leaving @ (0 | 1) => {
            let mut client = server.connect();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            client.write_all(request.as_bytes()).expect("it is read");
            if leaving == 1 {
                client.read_exact(&mut [0; 50]).expect("a beginning");
            }
        }
        _ => {
            let answer = server.get(&path);
            assert_eq!((answer.status, answer.is_whole), (200, true), "{path}");
            let own = format!("<{number}>").repeat(length);
            assert!(answer.body == own.as_bytes()[..length], "{path}");
        }
    }
}

#[test]
fn each_gets_its_own_answer() {
    if is_python_missing("sharing") {
        return;
    }
    let seed = RandomState::new().build_hasher().finish();
    println!("seed: {seed:#x}");
    for name in ["epoll", "cores", "threads"] {
        let complaints = Complaints::new().expect("threads start");
        let application = Application {
            callable: "page".to_owned(),
            folder: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wsgi"),
            python: "python3".into(),
            workers: 2,
        };
        let root = "/".parse().expect("a prefix");
        let wsgi = Wsgi::start(application, root, Path::new("/"), &complaints);
        let server = &Server::start(name, Config::default(), wsgi.expect("the workers start"));
        let start = Instant::now();
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                scope.spawn(move || {
                    for number in 0..REQUESTS {
                        if start.elapsed() < DEADLINE {
                            ask(server, seed, client * REQUESTS + number);
                        }
                    }
                });
            }
        });
    }
}

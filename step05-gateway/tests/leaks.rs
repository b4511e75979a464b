//! What ten thousand requests leave behind: nothing. Alone in its program, because it counts the
//! descriptors and children of the whole process.

mod common;

use common::{BOTH, Server, TempDir, eventually};
use static_files::Config;
use std::fs;
use std::thread;

/// Requests to each of the two servers.
const REQUESTS: usize = 5_000;

/// Clients at once.
const CLIENTS: usize = 8;

#[test]
fn ten_thousand_requests_leave_no_descriptor_and_no_process() {
    let folder = TempDir::new();
    folder.program("x", "printf 'Status: 200\\n\\n'; read -r _");
    folder.program("fails", "kill -9 $$");
    for name in BOTH {
        let server = Server::cgi(name, Config::default(), folder.path());
        assert_eq!(server.get("/cgi/x").status, 200);
        eventually("the first program goes", || children().is_empty());
        let before = descriptors();
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (server, numbers) = (&server, (client..REQUESTS).step_by(CLIENTS));
                scope.spawn(|| numbers.for_each(|number| ask(server, number)));
            }
        });
        eventually("every program goes", || children().is_empty());
        eventually("every descriptor is closed", || descriptors() <= before);
    }
}

/// Asks for a program that answers, dies, or is not there.
fn ask(server: &Server, number: usize) {
    let (path, status) = match number % 8 {
        0 | 5 => ("fails", 502),
        1 => ("none", 404),
        _ => ("x", 200),
    };
    let head = format!("POST /cgi/{path} HTTP/1.1\r\nContent-Length: 6");
    assert_eq!(server.ask(&head, b"hello\n").status, status, "{number}");
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux has it").count()
}

/// Numbers of the processes that this one has started and not waited for, zombies included.
fn children() -> Vec<String> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").expect("Linux has it");
    let stats =
        processes.filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("stat")).ok());
    let is_ours =
        |stat: &String| common::state_and_parent(stat).is_some_and(|(_, parent)| parent == own);
    stats.filter(is_ours).collect()
}

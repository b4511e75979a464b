//! How often the event loop asks the kernel: the figure behind its speed, and one that does not
//! depend on the machine.

use check::load::{Load, Until};
use check::{Place, TempFolder, needs, trace};
use std::fs;
use std::time::Duration;

/// Answers on each connection: enough that starting and connecting no longer show.
const ROUNDS: u64 = 300;

/// System calls for one answer: it is received and sent, and a share of the wait comes on top.
const CALLS: f64 = 3.0;

/// Changes of interest that a connection may cost in its whole life, and what the loop itself needs.
const CHANGES_EACH: u64 = 2;
const CHANGES_OF_THE_LOOP: u64 = 16;

/// How long the server may take to end, with everything it does being recorded.
const ENDING: Duration = Duration::from_secs(10);

#[test]
fn an_answer_takes_at_most_three_calls_and_no_change_of_interest() {
    if needs::is_missing("syscalls", &["strace"]) {
        return;
    }
    let (place, folder) = (Place::new().unwrap(), TempFolder::new().unwrap());
    fs::write(place.site.root().join("kibibyte"), "x".repeat(1024)).unwrap();
    let table = folder.path().join("table");
    let strace = ["strace", "-f", "-c", "-o", table.to_str().unwrap()];
    let mut server = place.serve_under(&strace, "epoll").unwrap();
    let load = Load::get("/kibibyte");
    let outcome = load.run(server.addr(), Until::Answers(ROUNDS)).unwrap();
    server.terminate_group().unwrap();
    server.wait(ENDING).expect("the server ends");

    let calls = trace::calls(&fs::read_to_string(table).unwrap());
    let total: u64 = calls.values().sum();
    let each = per_answer(total, outcome.answers);
    let mut often: Vec<_> = calls.iter().collect();
    often.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    println!(
        "{} answers, {each:.2} calls each: {often:?}",
        outcome.answers
    );
    assert!(each <= CALLS, "{each:.2} calls for each answer");
    let changes = calls.get("epoll_ctl").copied().unwrap_or(0);
    let allowed = CHANGES_EACH * load.connections as u64 + CHANGES_OF_THE_LOOP;
    assert!(changes <= allowed, "epoll_ctl was called {changes} times");
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a ratio is shown with three digits"
)]
fn per_answer(calls: u64, answers: u64) -> f64 {
    calls as f64 / answers as f64
}

//! Every server of the ladder, held to the same conversations.
//!
//! The table of scenarios says what must come back; the servers must moreover agree with each other,
//! octet by octet, and no cut of what a client sends may change an answer.

use check::grader::{CHECKS, Check, Cutting, Problem, Subject, Tree};
use check::static_files::big_file;
use check::{Cuts, Rng, Scenario, Serve, Served, Site, Transcript, for_every_server};
use concurrency::{SERVERS, event_loop};
use static_files::Config;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;

/// Requests up to this length are cut after every octet.
const CUT_EVERYWHERE: usize = 400;

/// Random cuts of a longer request, and random sets of cuts of every request.
const RANDOM_CUTS: usize = 8;

/// Clients that talk to one server at once while requests are cut.
const CLIENTS: usize = 16;

/// Copies of each server that share the work: one of them serves one guest at a time.
const COPIES: usize = 4;

/// Failures that are shown; where one cut is wrong, hundreds are.
const SHOWN: usize = 5;

static SITE: LazyLock<Site> = LazyLock::new(|| Site::new().expect("the site can be written"));

fn serving(serve: Serve) -> Served {
    let handler = SITE.handler().expect("the site is there");
    Served::start(serve, handler, Config::default()).expect("loopback has a free port")
}

/// What the first server of the ladder says to each scenario.
fn transcripts(scenarios: &[Scenario]) -> Vec<Transcript> {
    let served = serving(SERVERS[0].1);
    let play = |scenario: &Scenario| match scenario.play(served.addr(), &Cuts::Whole) {
        Ok(transcript) => transcript,
        Err(failure) => panic!("{}: {failure}", SERVERS[0].0),
    };
    scenarios.iter().map(play).collect()
}

/// Plays every job with its scenario, many at once, and compares with what came when it was not cut.
fn play_all(
    serve: Serve,
    scenarios: &[Scenario],
    expected: &[Transcript],
    jobs: &[(usize, Cuts)],
) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let play = |addr: SocketAddr| {
        while let Some((number, cuts)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let scenario = &scenarios[*number];
            let whole = ("in one piece", &expected[*number]);
            let compared = scenario
                .play(addr, cuts)
                .and_then(|transcript| scenario.compare(addr, whole, &transcript));
            let Err(failure) = compared else {
                continue;
            };
            let mut wrong = wrong.lock().expect("no client panics while it reports");
            if wrong.len() < SHOWN {
                wrong.push(format!("{failure}\n  cut       {cuts:?}"));
            }
        }
    };
    let copies: Vec<Served> = (0..COPIES).map(|_| serving(serve)).collect();
    thread::scope(|scope| {
        for served in copies.iter().cycle().take(CLIENTS) {
            let (play, addr) = (&play, served.addr());
            scope.spawn(move || play(addr));
        }
    });
    wrong
        .into_inner()
        .expect("no client panics while it reports")
}

#[test]
fn every_server_says_what_the_table_says_and_what_the_others_say() {
    let mut scenarios = check::scenarios();
    scenarios.push(big_file());
    let expected = transcripts(&scenarios);
    println!("{} scenarios, {} servers", scenarios.len(), SERVERS.len());
    for_every_server(|_, serve| {
        let whole: Vec<_> = (0..scenarios.len()).map(|at| (at, Cuts::Whole)).collect();
        play_all(serve, &scenarios, &expected, &whole)
    });
}

#[test]
fn no_cut_of_a_request_changes_its_answer() {
    let scenarios = check::scenarios();
    let expected = transcripts(&scenarios);
    let mut rng = Rng::announced("no_cut_of_a_request_changes_its_answer");
    let mut jobs = Vec::new();
    for (number, scenario) in scenarios.iter().enumerate() {
        let len = scenario.sent().len();
        if len <= CUT_EVERYWHERE {
            jobs.push((number, Cuts::EveryOctet));
            jobs.extend((1..len).map(|at| (number, Cuts::At(vec![at]))));
        } else {
            let cut = |_| (number, Cuts::At(vec![rng.below(len)]));
            jobs.extend((0..RANDOM_CUTS).map(cut));
        }
    }
    println!("{} cut requests for each server", jobs.len());
    for_every_server(|_, serve| play_all(serve, &scenarios, &expected, &jobs));
}

#[test]
fn no_random_cuts_of_a_request_change_its_answer() {
    let scenarios = check::scenarios();
    let expected = transcripts(&scenarios);
    let mut rng = Rng::announced("no_random_cuts_of_a_request_change_its_answer");
    let mut jobs = Vec::new();
    for _ in 0..RANDOM_CUTS {
        for (number, scenario) in scenarios.iter().enumerate() {
            let len = scenario.sent().len();
            let mut cuts: Vec<usize> = (0..1 + rng.below(5)).map(|_| rng.below(len)).collect();
            cuts.sort_unstable();
            jobs.push((number, Cuts::At(cuts)));
        }
    }
    for_every_server(|_, serve| play_all(serve, &scenarios, &expected, &jobs));
}

/// Every check of steps 2 and 3, with all that it sends in pieces, of one server: what the others do with
/// pieces is asked above.
#[test]
fn no_check_changes_its_verdict_when_everything_is_cut() {
    let seed = Rng::announced("no_check_changes_its_verdict_when_everything_is_cut").next_u64();
    let tree = Tree::new().expect("the files can be written");
    let checks = CHECKS.iter().filter(|check| [2, 3].contains(&check.step()));
    let jobs: Vec<(&Check, Cutting)> = checks
        .flat_map(|check| [(check, Cutting::All), (check, Cutting::Random(seed))])
        .collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((check, cutting)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let subject = Subject::function(event_loop);
            let what = match check.run_cut(&subject, &tree, *cutting) {
                Ok(()) => continue,
                Err(Problem::Wrong(finding)) => finding.to_string(),
                Err(problem) => format!("{problem:?}"),
            };
            let mut wrong = wrong.lock().expect("no client panics while it reports");
            wrong.push(format!("{} {cutting:?}: {what}", check.id));
        }
    };
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(work);
        }
    });
    let wrong = wrong
        .into_inner()
        .expect("no client panics while it reports");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

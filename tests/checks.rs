//! The grader's checks, held against the course's own servers and against broken ones.
//!
//! The table that `broken` prints says which checks each broken server fails; here it is held to
//! that, and the checks to noticing.

use check::for_every_server;
use check::grader::{CHECKS, Check, Problem, Subject, Tree};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{sync::Mutex, thread};

const BROKEN: &str = env!("CARGO_BIN_EXE_broken");

/// Broken servers that are judged at once: most of the time is spent waiting.
const AT_ONCE: usize = 8;

static TREE: LazyLock<Tree> = LazyLock::new(|| Tree::new().expect("the files can be written"));

#[test]
fn every_server_of_the_ladder_passes_the_checks_of_steps_two_and_three() {
    for_every_server(|_, serve| {
        let subject = Subject::Function(serve);
        let mut wrong = Vec::new();
        for check in CHECKS.iter().filter(|check| [2, 3].contains(&check.step())) {
            match (check.run)(&subject, &TREE) {
                Ok(()) => {}
                Err(Problem::Wrong(finding)) => wrong.push(format!("{}: {finding}", check.id)),
                Err(problem) => wrong.push(format!("{}: {problem:?}", check.id)),
            }
        }
        wrong
    });
}

/// A broken server, and the checks that have to notice.
#[derive(Debug, Clone)]
struct Flaw {
    name: String,
    fails: Vec<String>,
}

fn flaws() -> Vec<Flaw> {
    let output = Command::new(BROKEN).output().expect("it was built");
    let table = String::from_utf8(output.stdout).expect("names are text");
    let row = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let name = words.next().expect("a row begins with a name");
        let fails = words.collect();
        Flaw { name, fails }
    };
    table.lines().map(row).collect()
}

impl Flaw {
    /// The checks of the step it belongs to: it is right in all others, or has no part in them.
    fn checks(&self) -> Vec<Check> {
        let step = match (self.name.as_str(), self.fails.first()) {
            ("files", None) => b'3',
            (_, None) => b'2',
            (_, Some(first)) => first.as_bytes()[0],
        };
        let belongs = |check: &Check| check.id.as_bytes()[0] == step;
        CHECKS.into_iter().filter(belongs).collect()
    }

    /// Judges it; what is wrong is a verdict that was not to be expected.
    fn judge(&self) -> (String, Vec<String>) {
        let words = [BROKEN, &self.name, "{addr}", "{root}"].map(str::to_owned);
        let subject = Subject::Command(words.to_vec());
        let (mut row, mut wrong) = (String::new(), Vec::new());
        for check in self.checks() {
            let claims = self.fails.iter().any(|id| id == check.id);
            let verdict = (check.run)(&subject, &TREE);
            let mark = if verdict.is_ok() { "." } else { "x" };
            row.push_str(&format!(" {}{mark}", check.id));
            match verdict {
                Ok(()) if claims => wrong.push(format!("{} lets it pass", check.id)),
                Err(Problem::Wrong(finding)) if !claims => {
                    wrong.push(format!("{} fails it: {finding}", check.id));
                }
                Ok(()) | Err(Problem::Wrong(_)) => {}
                Err(problem) => wrong.push(format!("{}: {problem:?}", check.id)),
            }
        }
        (row, wrong)
    }
}

#[test]
fn a_broken_server_fails_its_checks_and_no_others() {
    let (flaws, next) = (flaws(), AtomicUsize::new(0));
    let (rows, wrong) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let work = || {
        while let Some(flaw) = flaws.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (row, found) = flaw.judge();
            let name = &flaw.name;
            rows.lock().unwrap().push(format!("{name:28}{row}"));
            let found = found.iter().map(|what| format!("{name}: {what}"));
            wrong.lock().unwrap().extend(found);
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    println!("x: failed, as it has to be\n{}", rows.join("\n"));
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_check_has_a_server_that_fails_it() {
    let claimed: Vec<String> = flaws().into_iter().flat_map(|flaw| flaw.fails).collect();
    let idle: Vec<&str> = CHECKS
        .iter()
        .map(|check| check.id)
        .filter(|id| !claimed.iter().any(|claim| claim == id))
        .collect();
    assert!(idle.is_empty(), "no broken server fails {idle:?}");
}

//! The grader's checks, held against the course's own servers.

use check::for_every_server;
use check::grader::{CHECKS, Problem, Subject, Tree};

#[test]
fn every_server_of_the_ladder_passes_the_checks_of_steps_two_and_three() {
    let tree = Tree::new().unwrap();
    for_every_server(|_, serve| {
        let subject = Subject::Function(serve);
        let mut wrong = Vec::new();
        for check in CHECKS.iter().filter(|check| check.step() <= 3) {
            match (check.run)(&subject, &tree) {
                Ok(()) => {}
                Err(Problem::Wrong(finding)) => wrong.push(format!("{}: {finding}", check.id)),
                Err(problem) => wrong.push(format!("{}: {problem:?}", check.id)),
            }
        }
        wrong
    });
}

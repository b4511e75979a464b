//! The table of checks: what each is called, which chapter it belongs to, what it needs.

use crate::grader::subject::{Subject, Verdict};
use crate::grader::tree::Tree;
use crate::grader::{step02_answers, step02_requests, step03_again, step03_files, step03_jail};
use std::fmt;

/// Whose rule a check holds a server to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// nginx and Apache agree: every server does it so.
    Agreed,
    /// Servers differ; the course has decided, by the RFC.
    Course,
}

/// What a subject has to do so that a check has something to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// `GET /` is answered 200, and what is not there 404.
    Pages,
    /// Moreover, `POST /echo` is answered with the content that was sent, when all of it has come.
    Echo,
    /// The files of `{root}` are served.
    Files,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Needs::Pages => "GET / is 200, anything unknown 404",
            Needs::Echo => "the same, and POST /echo sends back its content once it has all of it",
            Needs::Files => "the files of {root}",
        })
    }
}

/// One acceptance check.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The step's number and a letter.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// The chapter that it belongs to.
    pub chapter: &'static str,
    /// Whose rule it is.
    pub label: Label,
    /// What it asks for.
    pub needs: Needs,
    /// Judges a subject.
    pub run: fn(&Subject, &Tree) -> Verdict,
}

impl Check {
    /// The step it belongs to.
    pub fn step(&self) -> u8 {
        self.id.as_bytes()[0] - b'0'
    }
}

/// A row of the table.
const fn row(
    (id, chapter): (&'static str, &'static str),
    title: &'static str,
    label: Label,
    needs: Needs,
    run: fn(&Subject, &Tree) -> Verdict,
) -> Check {
    Check {
        id,
        title,
        chapter,
        label,
        needs,
        run,
    }
}

use Label::{Agreed, Course};
use Needs::{Echo, Files, Pages};

/// Every check, in the order of the book.
pub const CHECKS: [Check; 16] = [
    row(
        ("2a", "2.1"),
        "Cut anywhere",
        Agreed,
        Pages,
        step02_requests::cut_anywhere,
    ),
    row(
        ("2b", "2.4"),
        "Well-formed answer",
        Agreed,
        Pages,
        step02_answers::well_formed,
    ),
    row(
        ("2c", "2.3"),
        "Say 400",
        Agreed,
        Pages,
        step02_requests::say_400,
    ),
    row(
        ("2d", "2.3"),
        "Limits",
        Agreed,
        Pages,
        step02_requests::limits,
    ),
    row(
        ("2e", "2.4"),
        "Read a body",
        Agreed,
        Echo,
        step02_answers::read_a_body,
    ),
    row(
        ("2f", "2.4"),
        "Chunked",
        Course,
        Echo,
        step02_answers::chunked,
    ),
    row(
        ("2g", "2.5"),
        "Pipeline",
        Agreed,
        Pages,
        step02_answers::pipeline,
    ),
    row(
        ("2h", "2.5"),
        "Continue",
        Agreed,
        Echo,
        step02_answers::continues,
    ),
    row(
        ("3a", "3.1"),
        "Serve the tree",
        Agreed,
        Files,
        step03_files::serve_the_tree,
    ),
    row(("3b", "3.1"), "Jail", Course, Files, step03_jail::jail),
    row(("3c", "3.2"), "Slash", Agreed, Files, step03_files::slash),
    row(
        ("3d", "3.2"),
        "Listing",
        Course,
        Files,
        step03_files::listing,
    ),
    row(
        ("3e", "3.3"),
        "Not modified",
        Agreed,
        Files,
        step03_again::not_modified,
    ),
    row(("3f", "3.4"), "Ranges", Course, Files, step03_again::ranges),
    row(
        ("3g", "3.5"),
        "Two gigabytes",
        Course,
        Files,
        step03_files::two_gigabytes,
    ),
    row(
        ("3h", "3.2"),
        "Methods",
        Course,
        Files,
        step03_files::methods,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_in_order_and_belong_to_their_step() {
        let ids: Vec<&str> = CHECKS.iter().map(|check| check.id).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        for check in CHECKS {
            assert_eq!(check.chapter.as_bytes()[0], check.id.as_bytes()[0]);
        }
    }
}

//! The table of checks: what each is called, which chapter it belongs to, what it needs.

use crate::grader::subject::{Problem, Subject, Verdict};
use crate::grader::tree::Tree;
use crate::grader::{
    course, step01, step01_port, step02_answers, step02_requests, step03_again, step03_files,
    step03_jail, step04, step04_crowd, step05_rude, step05_told,
};
use std::fmt;

/// Whose rule a check holds a server to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// nginx and Apache agree: every server does it so.
    Agreed,
    /// One of them does otherwise, or both do, or cannot be asked; an RFC decides.
    Rfc,
    /// The same, and no RFC decides: a rule of the course.
    Course,
}

/// What a subject has to do so that a check has something to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// It prints the address on which it listens.
    Address,
    /// What is sent comes back.
    Echoes,
    /// Each line is answered with a line, and `bye` with a long good-bye and the end.
    Lines,
    /// What is sent comes back, unless nothing is sent for a second: then it is over.
    Patience,
    /// `GET /` is answered 200, and what is not there 404.
    Pages,
    /// Moreover, `POST /echo` is answered with the content that was sent, when all of it has come.
    PagesAndEcho,
    /// The files of `{root}` are served.
    Files,
    /// The same, to many clients at once.
    Company,
    /// Moreover, `GET /slow` is answered after 200 ms in which somebody works on it.
    Slow,
    /// Moreover, whoever handles `GET /panic` crashes.
    Panics,
    /// The programs in `{cgi}` are run for `/cgi/` and their name.
    Programs,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Needs::Address => "the address it listens on is printed, for any free port (0) too",
            Needs::Echoes => "what is sent comes back",
            Needs::Lines => "a line for each line; after `bye`, many octets and the end",
            Needs::Patience => "what is sent comes back; after a second without a word, the end",
            Needs::Pages => "GET / is 200, anything unknown 404",
            Needs::PagesAndEcho => "the same, and POST /echo sends back its content, once complete",
            Needs::Files => "the files of {root}",
            Needs::Company => "the files of {root}, to many clients at once",
            Needs::Slow => "the same, and GET /slow is answered after 200 ms of work",
            Needs::Panics => "the same, and GET /panic crashes its handler",
            Needs::Programs => "the programs in {cgi}, run for /cgi/NAME",
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
    /// The course's own server that it can be held against.
    ///
    /// # Errors
    /// [`Problem::NotJudged`] where that is a program, and it cannot be built.
    pub fn reference(&self) -> Result<Subject, Problem> {
        course::subject(self.needs)
    }

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

use Label::{Agreed, Course, Rfc};
use Needs::{
    Address, Company, Echoes, Files, Lines, Pages, PagesAndEcho, Panics, Patience, Programs, Slow,
};

/// Every check, in the order of the book.
pub const CHECKS: [Check; 33] = [
    row(
        ("1a", "1.1"),
        "Report your port",
        Course,
        Address,
        step01_port::report_your_port,
    ),
    row(
        ("1b", "1.2"),
        "Echo to the end",
        Course,
        Echoes,
        step01::echo_to_the_end,
    ),
    row(
        ("1c", "1.3"),
        "Lines, not packets",
        Course,
        Lines,
        step01::lines_not_packets,
    ),
    row(
        ("1d", "1.3"),
        "Slow reader",
        Course,
        Echoes,
        step01::slow_reader,
    ),
    row(("1e", "1.4"), "No reset", Course, Lines, step01::no_reset),
    row(
        ("1f", "1.4"),
        "Unkillable",
        Course,
        Echoes,
        step01::unkillable,
    ),
    row(
        ("1g", "1.5"),
        "Idle limit",
        Course,
        Patience,
        step01::idle_limit,
    ),
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
        PagesAndEcho,
        step02_answers::read_a_body,
    ),
    row(
        ("2f", "2.4"),
        "Chunked",
        Agreed,
        PagesAndEcho,
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
        PagesAndEcho,
        step02_answers::continues,
    ),
    row(
        ("3a", "3.1"),
        "Serve the tree",
        Agreed,
        Files,
        step03_files::serve_the_tree,
    ),
    row(("3b", "3.1"), "Jail", Agreed, Files, step03_jail::jail),
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
        Rfc,
        Files,
        step03_again::not_modified,
    ),
    row(("3f", "3.4"), "Ranges", Rfc, Files, step03_again::ranges),
    row(
        ("3g", "3.5"),
        "Two gigabytes",
        Agreed,
        Files,
        step03_files::two_gigabytes,
    ),
    row(("3h", "3.2"), "Methods", Rfc, Files, step03_files::methods),
    row(
        ("4a", "4.2"),
        "One slow guest",
        Agreed,
        Company,
        step04::one_slow_guest,
    ),
    row(
        ("4b", "4.3"),
        "Really parallel",
        Agreed,
        Slow,
        step04_crowd::really_parallel,
    ),
    row(
        ("4c", "4.3"),
        "Full house",
        Agreed,
        Slow,
        step04_crowd::full_house,
    ),
    row(
        ("4d", "4.3"),
        "Contained panic",
        Agreed,
        Panics,
        step04::contained_panic,
    ),
    row(
        ("4e", "4.5"),
        "Five thousand idle",
        Course,
        Company,
        step04::five_thousand_idle,
    ),
    row(
        ("4f", "4.5"),
        "Slow drains",
        Course,
        Company,
        step04_crowd::slow_drains,
    ),
    row(
        ("4g", "4.6"),
        "Drip feed",
        Agreed,
        Company,
        step04::drip_feed,
    ),
    row(("4h", "4.6"), "Good bye", Course, Company, step04::good_bye),
    row(
        ("5a", "5.1"),
        "CGI variables",
        Rfc,
        Programs,
        step05_told::cgi_variables,
    ),
    row(
        ("5b", "5.1"),
        "CGI misbehaves",
        Course,
        Programs,
        step05_rude::cgi_misbehaves,
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

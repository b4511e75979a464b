//! The table of checks.

use crate::grader::extensions::EXTENSIONS;
use crate::grader::subject::{Subject, Verdict};
use crate::grader::table::{Check, Label, Needs};
use crate::grader::tree::Tree;
use crate::grader::{
    step01, step01_idle, step01_port, step02_answers, step02_requests, step03_again, step03_files,
    step03_jail, step03_listing, step04, step04_crowd, step05_desync, step05_failing,
    step05_handed, step05_rude, step05_told,
};

/// A row of the table.
pub(super) const fn row(
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
    Address, Company, Echoes, Files, Lines, Pages, PagesAndEcho, Panics, Patience, Programs, Proxy,
    Slow,
};

/// Every check of the course, in the order of the book.
pub const CHECKS: [Check; 36] = [
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
        step01_idle::idle_limit,
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
        step03_listing::listing,
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
    row(
        ("5f", "5.6"),
        "Proxy fields",
        Rfc,
        Proxy,
        step05_handed::proxy_fields,
    ),
    row(
        ("5g", "5.6"),
        "Proxy failures",
        Rfc,
        Proxy,
        step05_failing::proxy_failures,
    ),
    row(
        ("5h", "5.7"),
        "No desync",
        Agreed,
        Proxy,
        step05_desync::no_desync,
    ),
];

/// The check that is called so, be it of the course or beyond.
pub fn find(id: &str) -> Option<Check> {
    CHECKS
        .into_iter()
        .chain(EXTENSIONS)
        .find(|check| check.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_in_order_and_belong_to_their_step() {
        let ids: Vec<&str> = CHECKS.iter().map(|check| check.id).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        for check in CHECKS.into_iter().chain(EXTENSIONS) {
            assert_eq!(check.chapter.as_bytes()[0], check.id.as_bytes()[0]);
        }
    }
}

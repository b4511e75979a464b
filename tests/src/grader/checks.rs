//! The table of checks.

use crate::grader::extensions::EXTENSIONS;
use crate::grader::table::{Check, Label, Needs};
use crate::grader::{
    step01, step01_idle, step01_port, step02_answers, step02_content, step02_requests,
    step03_again, step03_files, step03_jail, step03_listing, step04, step04_crowd, step05_desync,
    step05_failing, step05_fastcgi, step05_handed, step05_rude, step05_told, step05_wires,
    step05_wsgi,
};

/// A table, a check in a line: its name, its chapter, its title, whose rule it is, what it needs, and
/// what it does.
macro_rules! table {
    ($($id:literal $chapter:literal $title:literal $label:ident $needs:ident $($run:ident)::+;)*) => {
        [$(Check {
            id: $id,
            chapter: $chapter,
            title: $title,
            label: Label::$label,
            needs: Needs::$needs,
            run: $($run)::+,
        }),*]
    };
}
pub(super) use table;

/// Every check of the course, in the order of the book.
pub const CHECKS: [Check; 39] = table! {
    "1a" "1.1" "Report your port"    Course Address      step01_port::report_your_port;
    "1b" "1.2" "Echo to the end"     Course Echoes       step01::echo_to_the_end;
    "1c" "1.3" "Lines, not packets"  Course Lines        step01::lines_not_packets;
    "1d" "1.3" "Slow reader"         Course Echoes       step01::slow_reader;
    "1e" "1.4" "No reset"            Course Lines        step01::no_reset;
    "1f" "1.4" "Unkillable"          Course Echoes       step01::unkillable;
    "1g" "1.5" "Idle limit"          Course Patience     step01_idle::idle_limit;
    "2a" "2.1" "Cut anywhere"        Agreed Pages        step02_requests::cut_anywhere;
    "2b" "2.4" "Well-formed answer"  Agreed Pages        step02_answers::well_formed;
    "2c" "2.3" "Say 400"             Agreed Pages        step02_requests::say_400;
    "2d" "2.3" "Limits"              Agreed Pages        step02_requests::limits;
    "2e" "2.4" "Read a body"         Agreed PagesAndEcho step02_content::read_a_body;
    "2f" "2.4" "Chunked"             Agreed PagesAndEcho step02_content::chunked;
    "2g" "2.5" "Pipeline"            Agreed Pages        step02_answers::pipeline;
    "2h" "2.5" "Continue"            Agreed PagesAndEcho step02_answers::continues;
    "3a" "3.1" "Serve the tree"      Agreed Files        step03_files::serve_the_tree;
    "3b" "3.1" "Jail"                Agreed Files        step03_jail::jail;
    "3c" "3.2" "Slash"               Agreed Files        step03_files::slash;
    "3d" "3.2" "Listing"             Course Files        step03_listing::listing;
    "3e" "3.3" "Not modified"        Rfc    Files        step03_again::not_modified;
    "3f" "3.4" "Ranges"              Rfc    Files        step03_again::ranges;
    "3g" "3.5" "Two gigabytes"       Agreed Files        step03_files::two_gigabytes;
    "3h" "3.2" "Methods"             Rfc    Files        step03_files::methods;
    "4a" "4.2" "One slow guest"      Agreed Company      step04::one_slow_guest;
    "4b" "4.3" "Really parallel"     Agreed Slow         step04_crowd::really_parallel;
    "4c" "4.3" "Full house"          Agreed Slow         step04_crowd::full_house;
    "4d" "4.3" "Contained panic"     Agreed Panics       step04::contained_panic;
    "4e" "4.5" "Five thousand idle"  Course Company      step04::five_thousand_idle;
    "4f" "4.5" "Slow drains"         Course Company      step04_crowd::slow_drains;
    "4g" "4.6" "Drip feed"           Agreed Company      step04::drip_feed;
    "4h" "4.6" "Good bye"            Course Company      step04::good_bye;
    "5a" "5.1" "CGI variables"       Rfc    Programs     step05_told::cgi_variables;
    "5b" "5.1" "CGI misbehaves"      Course Programs     step05_rude::cgi_misbehaves;
    "5c" "5.3" "FastCGI"             Rfc    FastCgi      step05_fastcgi::fastcgi;
    "5d" "5.4" "One app, four wires" Rfc    Wires        step05_wires::four_wires;
    "5e" "5.5" "WSGI"                Course Wsgi         step05_wsgi::wsgi;
    "5f" "5.6" "Proxy fields"        Rfc    Proxy        step05_handed::proxy_fields;
    "5g" "5.6" "Proxy failures"      Rfc    Proxy        step05_failing::proxy_failures;
    "5h" "5.7" "No desync"           Agreed Proxy        step05_desync::no_desync;
};

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

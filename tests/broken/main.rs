//! Servers that are wrong on purpose, each in one way, to see whether the checks notice.
//!
//! ```text
//! broken                        lists them, each with the checks it fails
//! broken NAME ADDRESS FOLDER    runs one
//! ```
//!
//! Each file is one misconception, named for it. What it gets wrong is all that the file holds:
//! the rest is a server that gets everything right: [`echoes`], [`lines`], [`right`], or the
//! course's own. A check that lets such a server pass is no check; a check that fails one it
//! has nothing to do with is wrong itself.
#![forbid(unsafe_code)]

mod a_broken_guest_ends_it;
mod a_thread_for_each;
mod answers_after_goodbye;
mod believes_anything;
mod believes_two_lengths;
mod closes_without_draining;
mod company;
mod content_comes_with_the_head;
mod counts_ranges_from_one;
mod dates_beat_tags;
mod decodes_twice;
mod dies_of_a_panic;
mod drops_everything_to_leave;
mod echoes;
mod files;
mod follows_any_link;
mod forgets_allow;
mod forgets_the_slash;
mod has_no_clock;
mod has_no_limits;
mod head_has_content;
mod holds_on_to_refusals;
mod knows_no_extensions;
mod lines;
mod never_says_continue;
mod never_says_not_modified;
mod obeys_backwards_ranges;
mod one_guest_at_a_time;
mod one_read_is_one_line;
mod one_read_is_one_request;
mod reads_the_whole_file;
mod right;
mod says_continue_to_everybody;
mod sends_names_as_they_are;
mod sends_what_one_read_gives;
mod stops_at_the_first_read;
mod two_ends_are_better;
mod waits_for_the_next_octet;

use std::env;
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;

/// A server with one flaw.
struct Flaw {
    name: &'static str,
    /// The checks that have to notice, and no others.
    fails: &'static [&'static str],
    serve: Serve,
}

/// How it serves.
enum Serve {
    /// As [`echoes`], with one part replaced.
    Echoes(&'static echoes::Parts),
    /// As [`lines`], with one part replaced.
    Lines(&'static lines::Parts),
    /// As [`right`], with one part replaced.
    Messages(&'static right::Parts),
    /// As the course's server of step 3, but for what this says first.
    Files(files::Answer),
    /// As the course's server of step 4, with one thing chosen otherwise.
    Company(&'static company::Choice),
}

impl Serve {
    /// What it is made of: servers of one kind face the same checks.
    fn kind(&self) -> &'static str {
        match self {
            Serve::Echoes(_) => "echoes",
            Serve::Lines(_) => "lines",
            Serve::Messages(_) => "messages",
            Serve::Files(_) => "files",
            Serve::Company(_) => "company",
        }
    }
}

const FLAWS: [Flaw; 38] = [
    Flaw {
        name: "right_echoes",
        fails: &[],
        serve: Serve::Echoes(&echoes::PARTS),
    },
    Flaw {
        name: "right_lines",
        fails: &[],
        serve: Serve::Lines(&lines::PARTS),
    },
    Flaw {
        name: "right_messages",
        fails: &[],
        serve: Serve::Messages(&right::PARTS),
    },
    Flaw {
        name: "right_files",
        fails: &[],
        serve: Serve::Files(files::right),
    },
    Flaw {
        name: "right_company",
        fails: &[],
        serve: Serve::Company(&company::CHOICE),
    },
    stops_at_the_first_read::FLAW,
    one_read_is_one_line::FLAW,
    closes_without_draining::FLAW,
    a_broken_guest_ends_it::FLAW,
    one_read_is_one_request::FLAW,
    has_no_clock::FLAW,
    head_has_content::FLAW,
    believes_anything::FLAW,
    believes_two_lengths::FLAW,
    has_no_limits::FLAW,
    holds_on_to_refusals::FLAW,
    content_comes_with_the_head::FLAW,
    knows_no_extensions::FLAW,
    two_ends_are_better::FLAW,
    answers_after_goodbye::FLAW,
    never_says_continue::FLAW,
    says_continue_to_everybody::FLAW,
    sends_what_one_read_gives::FLAW,
    follows_any_link::FLAW,
    decodes_twice::FLAW,
    forgets_the_slash::FLAW,
    sends_names_as_they_are::FLAW,
    never_says_not_modified::FLAW,
    dates_beat_tags::FLAW,
    counts_ranges_from_one::FLAW,
    obeys_backwards_ranges::FLAW,
    reads_the_whole_file::FLAW,
    forgets_allow::FLAW,
    one_guest_at_a_time::FLAW,
    a_thread_for_each::FLAW,
    dies_of_a_panic::FLAW,
    waits_for_the_next_octet::FLAW,
    drops_everything_to_leave::FLAW,
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [name, addr, root] = &args[..] else {
        for flaw in FLAWS {
            println!(
                "{} {} {}",
                flaw.name,
                flaw.serve.kind(),
                flaw.fails.join(" ")
            );
        }
        return ExitCode::SUCCESS;
    };
    let Some(flaw) = FLAWS.into_iter().find(|flaw| flaw.name == *name) else {
        eprintln!("there is no `{name}`");
        return ExitCode::from(2);
    };
    let served = TcpListener::bind(addr).and_then(|listener| match flaw.serve {
        Serve::Echoes(parts) => echoes::serve(&listener, parts),
        Serve::Lines(parts) => lines::serve(&listener, parts),
        Serve::Company(choice) => company::serve(&listener, Path::new(root), choice),
        Serve::Messages(parts) => right::serve(&listener, parts),
        Serve::Files(answer) => files::serve(&listener, Path::new(root), answer),
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

//! Servers that are wrong on purpose, each in one way, to see whether the checks notice.
//!
//! ```text
//! broken                                            lists them, each with the checks it fails
//! broken NAME ADDRESS FOLDER PROGRAMS [BEHIND…]     runs one, with these addresses behind it
//! ```
//!
//! Each file is one misconception, named for it. What it gets wrong is all that the file holds:
//! the rest is a server that gets everything right: [`doors`], [`echoes`], [`lines`], [`right`], or
//! the course's own. A check that lets such a server pass is no check; a check that fails one it
//! has nothing to do with is wrong itself.
#![forbid(unsafe_code)]

mod a_broken_guest_ends_it;
mod a_thread_for_each;
mod answers;
mod answers_after_goodbye;
mod asks_again_whatever_it_was;
mod believes_anything;
mod believes_in_proxy;
mod believes_two_lengths;
mod believes_who_clients_say_they_are;
mod closes_without_draining;
mod company;
mod content_comes_with_the_head;
mod counts_ranges_from_one;
mod dates_beat_tags;
mod decodes_twice;
mod dies_of_a_panic;
mod does_not_say_which_address;
mod doors;
mod drops_everything_to_leave;
mod drops_what_does_not_fit;
mod echoes;
mod fails_with_success;
mod files;
mod follows_any_link;
mod forgets_allow;
mod forgets_the_slash;
mod hands_on_every_field;
mod hands_on_two_lengths;
mod hangs_up_when_full;
mod has_no_clock;
mod has_no_limits;
mod has_no_patience;
mod head_has_content;
mod holds_on_to_refusals;
mod holds_the_lock;
mod knows_no_extensions;
mod leaves_programs_behind;
mod lines;
mod loses_the_query;
mod never_says_continue;
mod never_says_not_modified;
mod obeys_backwards_ranges;
mod one_guest_at_a_time;
mod one_read_is_one_line;
mod one_read_is_one_request;
mod programs;
mod proxies;
mod reads_ahead;
mod reads_the_whole_file;
mod repeats_what_it_was_told;
mod right;
mod says_continue_to_everybody;
mod sends_names_as_they_are;
mod sends_what_one_read_gives;
mod sleeps_on_the_loop;
mod stops_at_the_first_read;
mod takes_an_end_for_the_end;
mod two_ends_are_better;
mod waits_for_ever;
mod waits_for_the_end;
mod waits_for_the_next_octet;
mod works_for_nobody;
mod writes_all_before_it_reads;

use std::env;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Where nobody is.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// A server with one flaw.
struct Flaw {
    name: &'static str,
    /// The checks that have to notice, and no others.
    fails: &'static [&'static str],
    serve: Serve,
}

/// How it serves.
enum Serve {
    /// As [`doors`], with one part replaced.
    Doors(&'static doors::Parts),
    /// As [`echoes`], for guests who are silent no longer than this.
    Patient(Option<Duration>),
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
    /// As the course's server of step 5, with one thing chosen otherwise.
    Programs(&'static programs::Choice),
    /// As [`proxies`], with one part replaced.
    Proxies(&'static proxies::Parts),
}

impl Serve {
    /// What it is made of: servers of one kind face the same checks.
    fn kind(&self) -> &'static str {
        match self {
            Serve::Doors(_) => "doors",
            Serve::Patient(_) => "patient",
            Serve::Echoes(_) => "echoes",
            Serve::Lines(_) => "lines",
            Serve::Messages(_) => "messages",
            Serve::Files(_) => "files",
            Serve::Company(_) => "company",
            Serve::Programs(_) => "programs",
            Serve::Proxies(_) => "proxies",
        }
    }
}

const FLAWS: [Flaw; 63] = [
    Flaw {
        name: "right_doors",
        fails: &[],
        serve: Serve::Doors(&doors::PARTS),
    },
    Flaw {
        name: "right_echoes",
        fails: &[],
        serve: Serve::Echoes(&echoes::PARTS),
    },
    Flaw {
        name: "right_patient",
        fails: &[],
        serve: Serve::Patient(Some(Duration::from_secs(1))),
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
    Flaw {
        name: "right_programs",
        fails: &[],
        serve: Serve::Programs(&programs::CHOICE),
    },
    Flaw {
        name: "right_proxies",
        fails: &[],
        serve: Serve::Proxies(&proxies::PARTS),
    },
    repeats_what_it_was_told::FLAW,
    does_not_say_which_address::FLAW,
    fails_with_success::FLAW,
    stops_at_the_first_read::FLAW,
    one_read_is_one_line::FLAW,
    drops_what_does_not_fit::FLAW,
    closes_without_draining::FLAW,
    a_broken_guest_ends_it::FLAW,
    waits_for_ever::FLAW,
    has_no_patience::FLAW,
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
    sleeps_on_the_loop::FLAW,
    holds_the_lock::FLAW,
    hangs_up_when_full::FLAW,
    reads_ahead::FLAW,
    a_thread_for_each::FLAW,
    dies_of_a_panic::FLAW,
    waits_for_the_next_octet::FLAW,
    drops_everything_to_leave::FLAW,
    believes_in_proxy::FLAW,
    loses_the_query::FLAW,
    waits_for_the_end::FLAW,
    writes_all_before_it_reads::FLAW,
    leaves_programs_behind::FLAW,
    hands_on_every_field::FLAW,
    believes_who_clients_say_they_are::FLAW,
    asks_again_whatever_it_was::FLAW,
    takes_an_end_for_the_end::FLAW,
    works_for_nobody::FLAW,
    hands_on_two_lengths::FLAW,
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [name, addr, root, programs, behind @ ..] = &args[..] else {
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
    let (root, programs) = (Path::new(root), Path::new(programs));
    if let Serve::Doors(parts) = flaw.serve {
        return doors::serve(addr, parts);
    }
    // Only the kinds that are told of somebody have anybody behind them.
    let behind = |at: usize| {
        behind
            .get(at)
            .and_then(|addr| addr.parse().ok())
            .unwrap_or(NOBODY)
    };
    let served = TcpListener::bind(addr).and_then(|listener| match flaw.serve {
        Serve::Doors(_) => unreachable!("it opens its door itself"),
        Serve::Patient(patience) => echoes::serve_within(&listener, &echoes::PARTS, patience),
        Serve::Echoes(parts) => echoes::serve(&listener, parts),
        Serve::Lines(parts) => lines::serve(&listener, parts),
        Serve::Company(choice) => company::serve(&listener, root, choice),
        Serve::Programs(choice) => programs::serve(&listener, root, programs, choice),
        Serve::Proxies(parts) => proxies::serve(&listener, [behind(0), behind(1)], parts),
        Serve::Messages(parts) => right::serve(&listener, parts),
        Serve::Files(answer) => files::serve(&listener, root, answer),
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

//! Servers that are wrong on purpose, each in one way, to see whether the checks notice.
//!
//! ```text
//! broken                                            lists them, each with the checks it fails
//! broken NAME ADDRESS FOLDER PROGRAMS [BEHIND…]     runs one, with these behind it: two HTTP servers,
//!                                                   FastCGI, SCGI, uwsgi, and a Python folder
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
mod applications;
mod asks_again_whatever_it_was;
mod believes_anything;
mod believes_every_length;
mod believes_in_proxy;
mod believes_two_lengths;
mod believes_who_clients_say_they_are;
mod closes_without_draining;
mod company;
mod content_comes_with_the_head;
mod counts_ranges_from_one;
mod cuts_off_who_goes_on;
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
mod flaws;
mod follows_any_link;
mod forgets_allow;
mod forgets_the_padding;
mod forgets_the_slash;
mod forgets_to_close;
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
mod one_read_is_one_record;
mod one_read_is_one_request;
mod programs;
mod proxies;
mod python;
mod reads_ahead;
mod reads_only_what_it_wants;
mod reads_the_whole_file;
mod redirects_without_the_query;
mod repeats_what_it_was_told;
mod right;
mod says_continue_to_everybody;
mod sends_names_as_they_are;
mod sends_what_one_read_gives;
mod shows_what_is_complained_about;
mod sleeps_on_the_loop;
mod stops_at_the_first_read;
mod takes_an_end_for_the_end;
mod takes_what_it_has_for_all;
mod tells_one_wire_less;
mod two_ends_are_better;
mod waits_for_ever;
mod waits_for_the_end;
mod waits_for_the_next_octet;
mod wires;
mod works_for_nobody;
mod writes_all_before_it_reads;

use flaws::FLAWS;
use std::env;
use std::io;
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
    /// As [`applications`], with one part replaced.
    Applications(&'static applications::Parts),
    /// As the course's server of step 5, but for how this asks.
    Wires(wires::Ask),
    /// A server of a Python application.
    Python(&'static python::Server),
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
            Serve::Applications(_) => "applications",
            Serve::Wires(_) => "wires",
            Serve::Python(_) => "python",
            Serve::Proxies(_) => "proxies",
        }
    }
}

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
    if let Serve::Doors(parts) = flaw.serve {
        return doors::serve(addr, parts);
    }
    match serve(&flaw.serve, addr, [root, programs].map(Path::new), behind) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(
    serve: &Serve,
    addr: &str,
    [root, programs]: [&Path; 2],
    behind: &[String],
) -> io::Result<()> {
    let listener = || TcpListener::bind(addr);
    // Only the kinds that are told of somebody have anybody behind them.
    let told = |at: usize| behind.get(at).map_or("", String::as_str);
    let who = |at: usize| told(at).parse().unwrap_or(NOBODY);
    match *serve {
        Serve::Doors(_) => unreachable!("it opens its door itself"),
        Serve::Patient(patience) => echoes::serve_within(&listener()?, &echoes::PARTS, patience),
        Serve::Echoes(parts) => echoes::serve(&listener()?, parts),
        Serve::Lines(parts) => lines::serve(&listener()?, parts),
        Serve::Messages(parts) => right::serve(&listener()?, parts),
        Serve::Files(answer) => files::serve(&listener()?, root, answer),
        Serve::Company(choice) => company::serve(&listener()?, root, choice),
        Serve::Programs(choice) => programs::serve(&listener()?, root, programs, choice),
        Serve::Proxies(parts) => proxies::serve(&listener()?, [who(0), who(1)], parts),
        Serve::Applications(parts) => applications::serve(&listener()?, who(2), parts),
        Serve::Wires(ask) => {
            let wires = [who(2), who(3), who(4)];
            wires::serve(&listener()?, [root, programs], wires, ask)
        }
        Serve::Python(server) => python::serve(addr, Path::new(told(5)), server),
    }
}

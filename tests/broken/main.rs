//! Servers that are wrong on purpose, each in one way, to see whether the checks notice.
//!
//! ```text
//! broken                        lists them, each with the checks it fails
//! broken NAME ADDRESS FOLDER    runs one
//! ```
//!
//! Each file is one misconception, named for it. What it gets wrong is all that the file holds:
//! the rest is [`right`], a small server of step 2 that gets everything right, or the course's own
//! server of step 3. A check that lets such a server pass is no check; a check that fails one it
//! has nothing to do with is wrong itself.
#![forbid(unsafe_code)]

mod answers_after_goodbye;
mod believes_anything;
mod believes_two_lengths;
mod content_comes_with_the_head;
mod counts_ranges_from_one;
mod dates_beat_tags;
mod decodes_twice;
mod files;
mod follows_any_link;
mod forgets_allow;
mod forgets_the_slash;
mod has_no_clock;
mod has_no_limits;
mod head_has_content;
mod holds_on_to_refusals;
mod knows_no_extensions;
mod never_says_continue;
mod never_says_not_modified;
mod obeys_backwards_ranges;
mod one_read_is_one_request;
mod reads_the_whole_file;
mod right;
mod says_continue_to_everybody;
mod sends_names_as_they_are;
mod sends_what_one_read_gives;
mod two_ends_are_better;

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
    /// As [`right`], with one part replaced.
    Messages(&'static right::Parts),
    /// As the course's server of step 3, but for what this says first.
    Files(files::Answer),
}

const FLAWS: [Flaw; 26] = [
    Flaw {
        name: "right",
        fails: &[],
        serve: Serve::Messages(&right::PARTS),
    },
    Flaw {
        name: "files",
        fails: &[],
        serve: Serve::Files(files::right),
    },
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
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [name, addr, root] = &args[..] else {
        for flaw in FLAWS {
            println!("{} {}", flaw.name, flaw.fails.join(" "));
        }
        return ExitCode::SUCCESS;
    };
    let Some(flaw) = FLAWS.into_iter().find(|flaw| flaw.name == *name) else {
        eprintln!("there is no `{name}`");
        return ExitCode::from(2);
    };
    let served = TcpListener::bind(addr).and_then(|listener| match flaw.serve {
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

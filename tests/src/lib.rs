//! The grader of the course: checks that take the thing to be checked.
//!
//! A check faces one of the course's own servers, a student's, or any executable that serves; it
//! neither knows nor cares which. Conversations are data ([`Scenario`]), so each of them can be
//! held whole, cut at every octet, or beside rude company.
//!
//! ```text
//! parse, framing, static_files    what is said, and what must come back
//!             │ Scenario
//!             ▼
//!          client  ◀── octets ──▶  subject: a thread of this process, or an executable
//!             │ Failure
//!             ▼
//!          report
//! ```
//!
//! The checks that a person asks for by name, of any server in any language, are in [`grader`];
//! what makes a server of a learner's one file, in [`exercise`].
//!
//! The grader reads answers by itself and uses none of the parsers it is to judge.
#![forbid(unsafe_code)]

mod answer;
pub mod binary;
mod client;
mod cuts;
pub mod exercise;
mod expected;
mod finished;
mod folder;
pub mod framing;
pub mod grader;
mod ladder;
mod launched;
pub mod load;
pub mod needs;
mod neighbour;
pub mod parse;
mod pipe;
mod port;
pub mod process;
mod reading;
mod report;
mod rng;
mod scenario;
pub mod site;
pub mod static_files;
mod subject;
pub mod terminal;
pub mod tidy;
pub mod trace;
mod trouble;
pub mod vector;
mod watchdog;

pub use answer::{Answer, Asked, Malformed};
pub use client::{Client, Heard, PATIENCE};
pub use cuts::{BETWEEN_PIECES, Cuts};
pub use expected::{Expected, Mismatch};
pub use finished::Place;
pub use folder::TempFolder;
pub use ladder::for_every_server;
pub use pipe::{Gate, Pipe};
pub use port::free_port;
pub use report::{Escaped, Failure, first_difference};
pub use rng::Rng;
pub use scenario::{Act, After, Scenario, Transcript};
pub use site::Site;
pub use subject::{Executable, START_AND_STOP, Serve, Served};
pub use trouble::Trouble;

/// Every scenario that is short both ways, so that it can be played very often.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = parse::scenarios();
    all.extend(framing::scenarios());
    all.extend(static_files::scenarios());
    all
}

//! The grader: one function for each acceptance check, and the table of them.
//!
//! ```text
//! CHECKS ──▶ Check { id, title, chapter, …, run }
//!                                         │ run(&subject, &tree)
//!              Subject::function(serve) ──┤      a server of the ladder, in a thread
//!              Subject::command(line)   ──┘      any executable, in a process group of its own
//!                                         ▼
//!                             Ok, or a Finding: what was sent, what came back, which rule
//! ```
//!
//! A check starts the subject it is given, talks to it over a socket and ends it. It neither knows
//! nor cares what the subject is made of, so the same server gets the same verdict either way.
//!
//! What a subject has to do for the checks to have something to ask is in [`Needs`].

mod behind;
mod beyond1_chat;
mod beyond2_upload;
mod beyond3_pages;
mod beyond3_sorted;
mod beyond4;
mod beyond4_limits;
mod beyond4_quiet;
mod beyond5_cache;
mod beyond5_crowd;
mod beyond5_health;
mod beyond5_middleware;
mod beyond5_password;
mod beyond5_sendfile;
mod beyond5_switch;
mod beyond5_tunnel;
mod checks;
mod command_line;
mod course;
mod cutting;
mod extensions;
mod finding;
mod handed;
mod last_words;
mod played;
mod records;
mod request;
mod site;
mod step01;
mod step01_idle;
mod step01_port;
mod step02_answers;
mod step02_content;
mod step02_requests;
mod step03_again;
mod step03_files;
mod step03_jail;
mod step03_listing;
mod step04;
mod step04_crowd;
mod step05_again;
mod step05_back;
mod step05_desync;
mod step05_early;
mod step05_failing;
mod step05_fastcgi;
mod step05_handed;
mod step05_onward;
mod step05_rude;
mod step05_told;
mod step05_wires;
mod step05_wsgi;
mod subject;
mod table;
mod talk;
mod tree;
mod tree_beyond;
mod verdict;
mod wires;

pub use checks::{CHECKS, find};
pub use command_line::words;
pub use course::{Binary, binary};
pub use cutting::Cutting;
pub use extensions::EXTENSIONS;
pub use finding::{Finding, Proof};
pub(crate) use site::handler;
pub use site::{SLOW, slow, take};
pub use subject::{Server, Subject};
pub use table::{Check, Label, Needs};
pub use tree::Tree;
pub use verdict::{Patience, Problem, Verdict};

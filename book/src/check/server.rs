//! Which server is meant: a command, or one of the course's own programs.

use super::choice;
use crate::Failure;
use check::grader::{Subject, binary};

/// A server that was asked for.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) subject: Subject,
    /// The command line that starts it when a person types it, but for the places that are filled.
    pub(super) typed: String,
}

impl Judged {
    pub(super) fn read(server: &str) -> Result<Judged, Failure> {
        let advice = "such as --server 'my-server {port}'";
        let Some(step) = choice::step(server) else {
            let subject = Subject::command(server);
            return Ok(Judged {
                subject: subject.map_err(|sentence| Failure::new(sentence, advice))?,
                typed: server.to_owned(),
            });
        };
        let binary = binary(step).map_err(|sentence| Failure::new(sentence, advice))?;
        Ok(Judged {
            subject: Subject::words(binary.words),
            typed: binary.typed,
        })
    }
}

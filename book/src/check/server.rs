//! Which server is meant: a command, one of the course's own programs, or an exercise.

use super::choice;
use super::mine::Mine;
use crate::Failure;
use check::grader::{Subject, binary};

/// Whose servers are judged.
#[derive(Debug)]
pub(super) enum Whose {
    /// The course's own, one for each check.
    Course,
    /// One that was named.
    Server(Judged),
    /// The learner's, one for each exercise.
    Mine(Mine),
}

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

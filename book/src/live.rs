//! What the book can do beyond paper while the course's own server serves it.
//!
//! ```text
//! GET  /.live/progress   which exercises of the workbook are solved, and which were tried
//! POST /.live/octets     what step 2's parser says to these octets, one after the other
//! ```
//!
//! Both answer in JSON and keep nothing. The pages ask for them only when they were fetched from this
//! machine (`live.js`), so a book published as plain files asks nobody.

mod octets;

use crate::Failure;
use crate::desk::Desk;
use book::workbook::Workbook;
use check::exercise::Progress;
use gateway::{App, Offload, Pool, Prefix, Responder, Routes};
use http_parse::{Method, ResponseHead, Status};
use serde_json::{Value, json};
use static_files::Request;
use std::io::{self, Read, Write};

/// Octets that a reader may send to the parser: more than anybody types.
const TYPED: u64 = 4096;

/// Adds what is above to a site.
///
/// # Errors
/// A mistake in the catalogue; or the system has no thread left.
pub(crate) fn mount(site: &mut Routes, workbook: Workbook) -> Result<(), Failure> {
    let desk = Desk::with(workbook)?;
    let app = Offload::new(Live { desk }, Pool::default()).map_err(|error| {
        let what = format!("the system has no thread for the book: {error}");
        Failure::new(what, "End a program that you do not need.")
    })?;
    let prefix: Prefix = "/.live".parse().expect("it is a prefix");
    site.mount(prefix, app);
    Ok(())
}

struct Live {
    desk: Desk,
}

impl App for Live {
    fn call(
        &self,
        request: &Request,
        input: &mut dyn Read,
        respond: Responder<'_>,
    ) -> io::Result<()> {
        let (status, answer) = match (request.method(), request.path()) {
            (Method::Get, b"/.live/progress") => (Status::OK, self.progress()),
            (Method::Post, b"/.live/octets") => told(input)?,
            _ => (Status::NOT_FOUND, json!({})),
        };
        let mut head = ResponseHead::new(status);
        head.fields.push("Content-Type", "application/json");
        head.fields.push("Cache-Control", "no-store");
        let mut body = respond.start(&head)?;
        write!(body, "{answer}")
    }
}

impl Live {
    /// All exercises, and of each whether it is solved; null where it was never tried.
    fn progress(&self) -> Value {
        let known = self.desk.exercises.iter().map(|exercise| {
            let solved = match self.desk.workbook.progress(exercise) {
                Progress::Untried => None,
                Progress::Tried => Some(false),
                Progress::Solved => Some(true),
            };
            json!({ "id": exercise.id, "chapter": exercise.chapter, "solved": solved })
        });
        known.collect()
    }
}

fn told(input: &mut dyn Read) -> io::Result<(Status, Value)> {
    let mut typed = Vec::new();
    input.take(TYPED + 1).read_to_end(&mut typed)?;
    if typed.len() as u64 > TYPED {
        return Ok((Status::CONTENT_TOO_LARGE, json!({ "most": TYPED })));
    }
    let told = octets::told(&typed);
    let told = told
        .iter()
        .map(|told| json!({ "after": told.after, "kind": told.kind, "says": told.says }));
    Ok((Status::OK, told.collect()))
}

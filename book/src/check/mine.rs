//! The exercises of the workbook, as servers to be judged.

use super::server::Whose;
use crate::desk::Desk;
use crate::{Failure, ending};
use book::exercises::Exercise;
use check::exercise::{record, subject};
use check::grader::{Check, Subject, find};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A workbook, and those of its programs that are asked for.
#[derive(Debug)]
pub(super) struct Mine {
    desk: Desk,
    programs: BTreeMap<String, PathBuf>,
}

impl Mine {
    /// That of the current folder, where there is one.
    pub(super) fn find() -> Result<Option<Mine>, Failure> {
        let desk = Desk::find()?;
        let programs = BTreeMap::new();
        Ok(desk.workbook.is_there().then_some(Mine { desk, programs }))
    }

    /// The check of the exercise that comes next.
    pub(super) fn current(&self) -> Result<Check, Failure> {
        let exercise = self.desk.exercise(None)?;
        self.desk.has(exercise)?;
        find(&exercise.id).ok_or_else(|| {
            let what = format!("the exercise {} has no check", exercise.id);
            Failure::new(what, "That is a mistake of the course's, not of yours.")
        })
    }

    /// Builds what the workbook has of `checks`. Where it has none of them, the course's own servers are
    /// meant.
    pub(super) fn judged(mut self, checks: Vec<Check>) -> Result<(Vec<Check>, Whose), Failure> {
        let mut own = Vec::new();
        for check in &checks {
            let Some(exercise) = self.exercise(check.id) else {
                continue;
            };
            let program = self.desk.build(exercise).inspect_err(|_| {
                // What was not built to its end says nothing about the exercise.
                if !ending::has_come() {
                    self.record(check.id, false);
                }
            })?;
            self.programs.insert(check.id.to_owned(), program);
            own.push(*check);
        }
        match own.is_empty() {
            true => Ok((checks, Whose::Course)),
            false => Ok((own, Whose::Mine(self))),
        }
    }

    /// The exercise of that name, where the workbook has it.
    fn exercise(&self, id: &str) -> Option<&Exercise> {
        let exercise = self
            .desk
            .exercises
            .iter()
            .find(|exercise| exercise.id == id)?;
        self.desk
            .workbook
            .file(exercise)
            .exists()
            .then_some(exercise)
    }

    /// What is told about whom is judged.
    pub(super) fn names(&self) -> String {
        let folder = self.desk.workbook.folder().display();
        let ids: Vec<&str> = self.programs.keys().map(String::as_str).collect();
        format!("your {} in {folder}", ids.join(", "))
    }

    /// The server of an exercise that was built.
    pub(super) fn subject(&self, id: &str) -> Subject {
        subject(self.programs.get(id).expect("what is judged was built"))
    }

    /// Writes down whether an exercise is solved.
    pub(super) fn record(&self, id: &str, solved: bool) {
        if let Err(error) = record(self.desk.workbook.folder(), id, solved) {
            anstream::eprintln!("the result could not be written down: {error}");
        }
    }
}

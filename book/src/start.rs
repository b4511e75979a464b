//! `start`: makes the workbook, or adds to it what is new.

use crate::Failure;
use crate::desk::Desk;
use crate::terminal::{cannot, say};
use book::workbook::Workbook;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the workbook is to be.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course start                    the workbook is beside the steps, and git ignores it there
  cargo course start --at ~/workbook    it is somewhere else; the other verbs find it from within")]
pub(crate) struct Asked {
    /// Make it in this folder [default: `workbook`, beside the steps].
    #[arg(long, value_name = "FOLDER")]
    at: Option<PathBuf>,
}

/// Why all is red at first.
const RED: &str = "\
Every exercise fails at first, and is meant to: its file compiles and serves, but one function in
it does what seems enough and is not. So `cargo test` in the workbook is red until the last exercise
is solved, and `cargo test --test 1b` judges one.
";

/// Makes the workbook.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let desk = match &asked.at {
        Some(folder) => Desk::with(Workbook::at(folder))?,
        None => Desk::find()?,
    };
    let workbook = &desk.workbook;
    let folder = workbook.folder();
    let is_new = !workbook.is_there();
    if is_new && folder.join("Cargo.toml").exists() {
        return Err(Failure::new(
            format!("{} holds a crate that is no workbook", folder.display()),
            "Name another folder: cargo course start --at FOLDER",
        ));
    }
    let added = workbook
        .add(&desk.exercises)
        .map_err(|error| cannot(folder, &error))?;
    if !is_new {
        let names: Vec<&str> = added.iter().map(|exercise| exercise.id.as_str()).collect();
        say(&match names[..] {
            [] => "Nothing is new: your workbook has every exercise there is.\n".into(),
            _ => format!(
                "New in your workbook: {}. Your own files are as they were.\n",
                names.join(", ")
            ),
        });
        return Ok(());
    }
    welcome(asked, folder, added.len());
    Ok(())
}

/// Tells what there is now, and what to do with it.
fn welcome(asked: &Asked, folder: &Path, count: usize) {
    let has_git = make_repository(folder);
    let place = folder.display();
    let git = match has_git {
        true => ", and a git repository of its own",
        false => "",
    };
    say(&format!(
        "Your workbook is {place}: {count} exercises, one file each{git}.\n\n{RED}\n"
    ));
    let aside = match asked.at {
        Some(_) => "In that folder:\n",
        None => "",
    };
    say(&format!(
        "{aside}\
         \u{20} cargo course next     what to do first\n\
         \u{20} cargo course check    builds it and judges it\n\
         \u{20} cargo course watch    the same, each time you save\n\
         \u{20} cargo course hint     when you are stuck\n\
         \u{20} cargo course list     where you are\n"
    ));
}

/// Makes a git repository of the folder, where there is git; says whether there is one.
fn make_repository(folder: &Path) -> bool {
    if folder.join(".git").exists() {
        return true;
    }
    let made = Command::new("git")
        .args(["init", "--quiet"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success())
}

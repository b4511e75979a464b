//! `new`: an empty server, for the student who builds all of it alone.

use crate::Failure;
use crate::terminal::{cannot, say};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};

/// What it is called.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  cargo course new ../mine    a crate beside the course's folder, called `mine`")]
pub(crate) struct Asked {
    /// A folder that is not there yet, outside of the course's.
    name: PathBuf,
}

const MAIN: &str = r#"//! A server: `NAME PORT FOLDER`.

use std::net::{Ipv4Addr, TcpListener};
use std::{env, io};

fn main() -> io::Result<()> {
    let port = env::args().nth(1).and_then(|port| port.parse().ok());
    let port = port.ok_or_else(|| io::Error::other("which port?"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    for guest in listener.incoming() {
        drop(guest?);
    }
    Ok(())
}
"#;

/// Where the crate is to be, which must be free, and what it is called.
fn place(asked: &Asked) -> Result<(PathBuf, String), Failure> {
    let folder = std::path::absolute(&asked.name).map_err(|error| cannot(&asked.name, &error))?;
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
    if !is_name {
        return Err(Failure::new(
            format!("`{name}` is no name for a crate"),
            "Small letters, digits, - and _, with a letter first, such as ../mine",
        ));
    }
    // `../mine` is one step shorter than it looks.
    let around = folder
        .parent()
        .and_then(|around| around.canonicalize().ok());
    let folder = around.map_or(folder.clone(), |around| around.join(&name));
    if folder.exists() {
        return Err(Failure::new(
            format!("{} is there already, and is left alone", folder.display()),
            "Choose a name that does not exist yet.",
        ));
    }
    if is_within_the_course(&folder) {
        return Err(Failure::new(
            format!("{} is inside the course's own folder", folder.display()),
            format!("Choose a place outside of it, such as ../{name}"),
        ));
    }
    Ok((folder, name))
}

/// Makes the crate.
pub(crate) fn run(asked: &Asked) -> Result<(), Failure> {
    let (folder, name) = place(asked)?;
    let program = folder.join("target/debug").join(&name);
    let command = format!(
        "cargo course check --server '{} {{port}} {{root}}'",
        program.display()
    );
    let readme = format!(
        "# {name}\n\nA web server, from zero.\n\n\
         `cargo build` builds it. In the folder of the course, this tells how far it has come:\n\n\
         \u{20}   {command} --through 2\n"
    );
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n"
    );
    write(&folder.join("src/main.rs"), &MAIN.replace("NAME", &name))?;
    write(&folder.join("Cargo.toml"), &manifest)?;
    write(&folder.join(".gitignore"), "/target\n")?;
    write(&folder.join("README.md"), &readme)?;
    say(&format!(
        "{} is a crate whose main binds the port that it is given, and nothing else.\n\n\
         \u{20} (cd {} && cargo build)\n  {command} --through 2 --stop-at-first\n\n\
         The first line builds it, the second tells what to do next. Begin with chapter 2.1.\n",
        folder.display(),
        asked.name.display(),
    ));
    Ok(())
}

fn is_within_the_course(folder: &Path) -> bool {
    let course = book::home().join("..").canonicalize();
    let around = folder
        .ancestors()
        .find_map(|around| around.canonicalize().ok());
    matches!((course, around), (Ok(course), Some(around)) if around.starts_with(&course))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| cannot(path, &error))
}

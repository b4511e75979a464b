//! Servers that read a file of settings, in which ADDR, PORT and ROOT stand for what is known when
//! they start.

use crate::Outcome;
use crate::contender::{Contender, Kind};
use crate::machine::Cores;
use check::TempFolder;

/// Its port is known only when a server starts, so the shell writes it down.
pub(crate) fn script(file: &str, command: &str) -> String {
    format!(
        "sed 's|ADDR|{{addr}}|; s|PORT|{{port}}|; s|ROOT|{{root}}|' {{root}}/{file}.in \
         > {{root}}/{file}.conf && exec {command} {{root}}/{file}.conf"
    )
}

/// Starts a server on a file of settings.
pub(crate) fn start(
    (name, file): (&str, &str),
    conf: &str,
    command: &str,
    cores: Cores,
    folder: &TempFolder,
) -> Outcome<Contender> {
    folder.write(&format!("{file}.in"), conf)?;
    let script = script(file, command);
    Contender::start(name, Kind::Other, &["sh", "-c", &script], cores, folder)
}

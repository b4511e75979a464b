//! The course's own binaries, built when a suite needs them.
//!
//! A test that is run by itself must not meet yesterday's server. Cargo decides whether there is
//! anything to build; where there is not, asking costs a fraction of a second.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How a binary is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As `cargo run` does it.
    Dev,
    /// As `cargo run --release` does it, to be measured.
    Release,
}

/// Builds the finished server and returns where it is.
///
/// # Errors
/// What Cargo said, when it failed.
pub fn gateway(profile: Profile) -> Result<PathBuf, String> {
    build("step05-gateway", "gateway", profile)
}

/// Builds a binary of a package of this workspace and returns where it is.
///
/// # Errors
/// What Cargo said, when it failed.
pub fn build(package: &str, binary: &str, profile: Profile) -> Result<PathBuf, String> {
    program(package, ["--bin", binary], profile)
}

/// Builds a rung of the ladder, which is an example of its step, and returns where it is.
///
/// # Errors
/// What Cargo said, when it failed.
pub fn example(package: &str, name: &str) -> Result<PathBuf, String> {
    program(package, ["--example", name], Profile::Dev)
}

fn program(package: &str, target: [&str; 2], profile: Profile) -> Result<PathBuf, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--package", package])
        .args(target)
        .args(["--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null());
    match profile {
        Profile::Dev => {}
        Profile::Release => {
            command.arg("--release");
        }
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let built = messages.lines().rev().find_map(executable);
    match built {
        Some(path) if output.status.success() => Ok(path),
        _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// The path in one of Cargo's messages, of those that are about a program.
pub fn executable(message: &str) -> Option<PathBuf> {
    let after = message.split_once(r#""executable":""#)?.1;
    // No path of a build has a quote or a backslash in it, or a shell could not run it either.
    let (path, _) = after.split_once('"')?;
    (!path.contains('\\')).then(|| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_told_from_what_it_is_made_of() {
        let library = r#"{"reason":"compiler-artifact","executable":null}"#;
        let binary = r#"{"reason":"compiler-artifact","executable":"/a b/gateway","fresh":true}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(binary), Some("/a b/gateway".into()));
    }
}

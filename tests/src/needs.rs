//! Programs that a test needs and that may be missing.

use concurrency::sys::raise_descriptor_limit;
use std::env;
use std::path::PathBuf;

/// Where `program` is; `None` when it is not installed.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Tells whether `test` has to be left out, and says so in one line.
///
/// # Panics
/// With `CI=true` in the environment: there, what is missing is a mistake and no reason to skip.
pub fn is_missing(test: &str, programs: &[&str]) -> bool {
    let missing = programs.iter().copied();
    let missing: Vec<&str> = missing.filter(|name| find(name).is_none()).collect();
    !missing.is_empty() && is_left_out(test, &missing.join(", "))
}

/// Says in one line that `test` is left out, for want of `what`; always true.
///
/// # Panics
/// As [`is_missing`].
pub fn is_left_out(test: &str, what: &str) -> bool {
    assert!(
        env::var("CI").as_deref() != Ok("true"),
        "{test} needs {what}"
    );
    println!("skipped: {test} needs {what}");
    true
}

/// Tells whether `test` has to be left out because this process may not have so many descriptors, even
/// when it has raised its limit as far as it may; and says so in one line.
///
/// # Panics
/// As [`is_missing`].
pub fn lacks_descriptors(test: &str, needed: u64) -> bool {
    // Where nobody can say how many are allowed, none are.
    let allowed = raise_descriptor_limit().unwrap_or(0);
    let what = format!("{needed} descriptors and may have {allowed} (ulimit -n)");
    allowed < needed && is_left_out(test, &what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_is_found_and_nonsense_is_not() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program-as-this").is_none());
    }
}

//! Options in a file, one a line: a command line that is too long to type twice.
//!
//! ```text
//!     # the shop
//!     /srv/shop
//!     --listen 0.0.0.0:80
//!     --fastcgi *.php=unix:/run/php.sock
//! ```
//!
//! Lines are as on the command line, but no shell reads them: nothing is quoted, and a value goes to
//! the end of its line.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;

/// Octets of such a file: more is some other file.
const LIMIT: u64 = 1 << 20;

/// The arguments in a file, each with the number of its line.
///
/// # Errors
/// A sentence about the file.
pub(crate) fn read(file: &OsStr) -> Result<Vec<(usize, OsString)>, String> {
    let shown = file.display();
    let mut text = Vec::new();
    let count = fs::File::open(file).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut text));
    match count {
        Ok(count) if count as u64 > LIMIT => Err(format!("{shown} is too large for options")),
        Ok(_) => Ok(arguments(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("there is no file {shown}; check its name"))
        }
        Err(error) => Err(format!("{shown} cannot be read: {error}")),
    }
}

fn arguments(text: &[u8]) -> Vec<(usize, OsString)> {
    let lines = text.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
    let numbered = (1..).zip(lines);
    let arguments = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"));
    arguments
        .map(|(number, line)| (number, argument(line)))
        .collect()
}

/// `--name value` becomes `--name=value`, so that one line is one argument.
fn argument(line: &[u8]) -> OsString {
    let is_end = |octet: &u8| octet.is_ascii_whitespace() || *octet == b'=';
    let end = line.iter().position(is_end).unwrap_or(line.len());
    let (name, value) = line.split_at(end);
    let value = value.trim_ascii_start();
    if !line.starts_with(b"-") || value.is_empty() || value.starts_with(b"=") {
        return OsString::from_vec(line.to_vec());
    }
    OsString::from_vec([name, b"=", value].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_one_argument() {
        let text =
            b"# all of it\n\n  /srv/my shop \r\n--listen   [::1]:80\n--cgi=/a=b c\n--listing\n\
                     --fastcgi *.php=unix:/run/php sock\n--timeout";
        let seen: Vec<String> = arguments(text)
            .into_iter()
            .map(|(number, argument)| format!("{number} {}", argument.display()))
            .collect();
        assert_eq!(
            seen,
            [
                "3 /srv/my shop",
                "4 --listen=[::1]:80",
                "5 --cgi=/a=b c",
                "6 --listing",
                "7 --fastcgi=*.php=unix:/run/php sock",
                "8 --timeout",
            ]
        );
    }
}

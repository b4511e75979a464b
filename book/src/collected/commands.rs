//! Which programs the reader types, what each is for, and where.

use super::{Page, places};
use crate::transcript::{Action, blocks};

/// What each is for, and the package of Debian it is in, where every machine has not got it.
const PROGRAMS: [(&str, &str, &str); 37] = [
    (
        "ab",
        "asks a server many times, and counts",
        "apache2-utils",
    ),
    ("apache2", "a web server", "apache2"),
    ("awk", "works on text by columns", ""),
    ("caddy", "a web server that speaks TLS and HTTP/2", "caddy"),
    (
        "cargo",
        "builds and runs Rust; `cargo course` is the front door of this course",
        "",
    ),
    ("cat", "prints files one after the other", ""),
    ("chmod", "changes who may read, write and run a file", ""),
    ("cksum", "prints a checksum", ""),
    ("cmp", "says where two files first differ", ""),
    (
        "curl",
        "asks a web server, and shows as much of the answer as you want",
        "curl",
    ),
    ("cut", "takes columns out of lines", ""),
    ("diff", "shows what differs between two texts", ""),
    ("env", "shows or sets the environment of a program", ""),
    ("grep", "shows lines that match", ""),
    ("gzip", "compresses", ""),
    ("haproxy", "a load balancer", "haproxy"),
    ("head", "shows the beginning", ""),
    ("kill", "sends a signal to a process", ""),
    ("mkfifo", "makes a pipe with a name", ""),
    ("nc", "a socket at your keyboard", "netcat-openbsd"),
    ("nginx", "a web server", "nginx"),
    ("pgrep", "finds processes by name", "procps"),
    ("php-fpm8.2", "runs PHP behind FastCGI", "php8.2-fpm"),
    (
        "printf",
        "prints exactly what it is told, `\\r` and `\\n` too",
        "",
    ),
    ("prlimit", "sets limits of a process", ""),
    ("ps", "lists processes", "procps"),
    ("python3", "runs Python", "python3"),
    ("sed", "edits text line by line", ""),
    ("seq", "counts", ""),
    ("ss", "lists sockets and their states", "iproute2"),
    ("strace", "shows the system calls of a program", "strace"),
    ("tail", "shows the end", ""),
    ("timeout", "ends a program after a while", ""),
    ("touch", "changes when a file was modified", ""),
    ("truncate", "makes a file longer or shorter", ""),
    ("ulimit", "sets limits of the shell and its children", ""),
    ("wc", "counts lines, words or octets", ""),
];

pub(super) fn listed(pages: &[Page]) -> String {
    let mut rows =
        String::from("| program | what it is for | package | chapters |\n|---|---|---|---|\n");
    for (program, purpose, package) in PROGRAMS {
        let used = pages.iter().filter(|page| types(page, program));
        let chapters = places(used);
        if !chapters.is_empty() {
            rows.push_str(&format!(
                "| `{program}` | {purpose} | {package} | {chapters} |\n"
            ));
        }
    }
    rows
}

/// Whether a chapter has the program run: as the first word of a command, or of a part of one.
fn types(page: &Page, program: &str) -> bool {
    let blocks = blocks(&page.text).unwrap_or_default();
    let commands = blocks.iter().flat_map(|block| &block.commands);
    let shell = commands.filter_map(|command| match &command.action {
        Action::Shell(line) => Some(line),
        Action::Stop(_) | Action::Hear(_) => None,
    });
    shell
        .flat_map(|line| line.split(['|', ';', '&', '(', '{', '\n']))
        .any(|part| {
            let words = part.split_whitespace();
            // What stands before the program's name: settings, and the shell's own words.
            let mut words = words.skip_while(|word| word.contains('=') || SHELL.contains(word));
            words.next() == Some(program)
        })
}

const SHELL: [&str; 8] = ["do", "then", "exec", "until", "while", "if", "time", "!"];

#[cfg(test)]
mod tests {
    use super::super::made;
    use super::*;

    #[test]
    fn a_program_is_found_wherever_a_command_may_stand() {
        let text =
            "```console\n$ printf 'curl' | nc -N ::1 7; until ss -l; do A=1 seq 3; done\n```\n";
        let page = made("1.1", text);
        let found: Vec<&str> = PROGRAMS
            .iter()
            .map(|(program, _, _)| *program)
            .filter(|program| types(&page, program))
            .collect();
        assert_eq!(found, ["nc", "printf", "seq", "ss"]);
    }

    #[test]
    fn programs_are_in_order() {
        assert!(PROGRAMS.is_sorted_by_key(|(program, _, _)| program));
    }
}

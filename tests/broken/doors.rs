//! A server that is right about its door, made of two parts that can be replaced by wrong ones.
//!
//! What it does with its guests is of no interest here: it lets them in and shows them out.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

/// What a server has to get right before the first guest comes.
pub(crate) struct Parts {
    /// What it says: it was told the first address, and has got the second.
    pub(crate) announce: fn(&str, SocketAddr) -> String,
    /// What it says of an address that it cannot have, and its exit status then.
    pub(crate) refuse: fn(&str, &io::Error) -> (String, u8),
}

pub(crate) const PARTS: Parts = Parts {
    announce: |_, got| format!("listening on {got}"),
    refuse: |told, error| (format!("{told}: {error}"), 1),
};

pub(crate) fn serve(told: &str, parts: &Parts) -> ExitCode {
    let listener = match TcpListener::bind(told) {
        Ok(listener) => listener,
        Err(error) => {
            let (sentence, status) = (parts.refuse)(told, &error);
            eprintln!("{sentence}");
            return ExitCode::from(status);
        }
    };
    let announced = listener.local_addr().and_then(|got| {
        let mut out = io::stdout();
        writeln!(out, "{}", (parts.announce)(told, got))
    });
    if announced.is_err() {
        return ExitCode::FAILURE;
    }
    while listener.accept().is_ok() {}
    ExitCode::FAILURE
}

//! Has all the time in the world for a head, so long as something comes.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};
use static_files::{Config, Timeouts};
use std::time::Duration;

pub(crate) const FLAW: Flaw = Flaw {
    name: "waits_for_the_next_octet",
    fails: &["4g"],
    serve: Serve::Company(&Choice { config, ..CHOICE }),
};

fn config() -> Config {
    let timeouts = Timeouts {
        head: Duration::from_hours(1),
        ..Timeouts::default()
    };
    Config {
        timeouts,
        ..Config::default()
    }
}

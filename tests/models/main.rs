//! The pool's queue, the places of the threads and the stop, in every order that events can take.
//!
//! A test runs once, in the order that the machine happens to choose. A model checker (loom) runs the
//! same code with locks of its own, which try each thread that could go on at every step. A thread
//! that sleeps for ever is reported as a deadlock. What is compiled is no copy: `heard.rs` and
//! `lost.rs` name the very files of the steps, with `sync` meaning loom's locks.
//!
//! Each model runs twice: with locks as they are (`heard`), and with locks whose notifications get
//! lost (`lost`), which it has to find.

#![allow(
    clippy::duplicate_mod,
    reason = "the same files are compiled with two kinds of locks"
)]

#[path = "heard.rs"]
mod heard;
#[path = "lost.rs"]
mod lost;

use loom::model::Builder;
use std::env;
use std::process::Command;

/// Set in a process that is to fail.
const INSIDE: &str = "MODEL_THAT_FAILS";

/// How often a thread may be interrupted between two of its own sleeps. Two threads that misunderstand each
/// other need one or two; each more costs ten times as long.
const INTERRUPTIONS: usize = 3;

fn in_every_order(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(INTERRUPTIONS);
    builder.check(model);
}

#[test]
fn every_job_is_done_once_and_none_is_lost_when_the_queue_closes() {
    in_every_order(heard::cases::jobs_of_a_closing_queue);
}

#[test]
fn a_job_wakes_a_worker_that_sleeps() {
    in_every_order(heard::cases::a_job_for_a_sleeper);
}

#[test]
fn a_closing_queue_wakes_every_worker() {
    in_every_order(heard::cases::closing_before_sleepers);
}

#[test]
fn a_place_that_is_given_back_wakes_who_waits_for_it() {
    in_every_order(heard::cases::a_place_given_back);
}

#[test]
fn a_stop_ends_the_wait_for_a_place() {
    in_every_order(heard::cases::a_stop_before_a_waiter);
}

#[test]
fn a_stop_is_heard_by_whoever_registers_whenever_that_is() {
    in_every_order(heard::cases::a_stop_beside_a_registration);
}

#[test]
fn a_cut_is_seen_as_a_stop_by_everybody() {
    in_every_order(heard::cases::a_cut_beside_its_witnesses);
}

/// Runs a model that has to fail in a process of its own: where a thread is stuck for ever, values
/// that it holds cannot be dropped in order, and the process aborts.
fn is_found(name: &str, model: fn()) {
    if env::var_os(INSIDE).is_some() {
        return in_every_order(model);
    }
    let output = Command::new(env::current_exe().expect("a test knows its file"))
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("it can be run again");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "nothing was found");
    assert!(said.contains("deadlock"), "{said}");
}

#[test]
fn a_lost_notification_of_a_job_is_found() {
    is_found(
        "a_lost_notification_of_a_job_is_found",
        lost::cases::a_job_for_a_sleeper,
    );
}

#[test]
fn a_lost_notification_of_the_close_is_found() {
    is_found(
        "a_lost_notification_of_the_close_is_found",
        lost::cases::closing_before_sleepers,
    );
}

#[test]
fn a_lost_notification_of_a_place_is_found() {
    is_found(
        "a_lost_notification_of_a_place_is_found",
        lost::cases::a_place_given_back,
    );
}

#[test]
fn a_lost_notification_of_a_stop_is_found() {
    is_found(
        "a_lost_notification_of_a_stop_is_found",
        lost::cases::a_stop_before_a_waiter,
    );
}

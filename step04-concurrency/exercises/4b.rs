//! 4b Really parallel: eight workers do eight jobs in the time of one.
//!
//! Write the body of `Pool::work`. The loop in front of the pool, which serves everybody and may
//! not wait for anything, is given; `cargo test --test 4b` judges it.

use check::Gate;
use check::exercise::{self, Given};
use check::grader::{SLOW, take};
use concurrency::event_loop;
use http_parse::Status;
use static_files::{Config, Reply, Request, Response, gateway_failure};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

const WORKERS: usize = 8;

/// Jobs that wait for a worker: more of them would be done after their guests have given up.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// Jobs on their way from the loop to the workers.
#[derive(Default)]
struct Pool {
    jobs: Mutex<VecDeque<Job>>,
    came: Condvar,
}

impl Pool {
    /// Leaves a job to the workers, or says that they have enough of them.
    fn put(&self, job: Job) -> Result<(), Response> {
        let mut jobs = self.lock();
        if jobs.len() >= QUEUE {
            let page = "Every worker is busy. Try again in a moment.";
            return Err(Response::error(Status::SERVICE_UNAVAILABLE, page).with("Retry-After", "1"));
        }
        jobs.push_back(job);
        self.came.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What each of the workers does, as long as the server lives.
    fn work(&self) {
        // While one of them is in here, where are the other seven, and where is the loop?
        let mut jobs = self.lock();
        loop {
            match jobs.pop_front() {
                Some(job) => job(),
                None => jobs = self.came.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// An answer that takes its time, from one of the workers.
fn slow(pool: &Pool) -> io::Result<Reply> {
    let (gate, mut opener) = Gate::new()?;
    let job = Box::new(move || {
        take(SLOW);
        // A guest who has not waited for it is no loss.
        let _ = opener.write_all(b"done\n");
    });
    Ok(match pool.put(job) {
        Ok(()) => Reply::Exchange(Box::new(gate)),
        Err(busy) => Reply::Ready(busy),
    })
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, site, pool) = (given.listener()?, given.handler()?, Arc::<Pool>::default());
    for _ in 0..WORKERS {
        let pool = Arc::clone(&pool);
        thread::Builder::new().spawn(move || pool.work())?;
    }
    let handler = |request: &Request| match request.path() {
        b"/slow" => slow(&pool).unwrap_or_else(|error| gateway_failure(&error).into()),
        _ => site.handle(request),
    };
    event_loop(&listener, &handler, &Config::default(), &stop)
}

fn main() -> ExitCode {
    exercise::main("4b", serve)
}

//! What happens in the models, and what has to hold at their end.

use super::places::{Place, Places};
use super::queue::{Closing, Queue};
use super::sync::Stop;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

/// Two jobs, two workers, and an end that comes at once: both jobs are done, once each.
pub(crate) fn jobs_of_a_closing_queue() {
    let queue = Arc::new(Queue::new(2));
    let workers = [(); 2].map(|()| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            let mut done = Vec::new();
            while let Some(job) = queue.take() {
                done.push(job);
            }
            done
        })
    });
    let closing = Closing(&queue);
    assert_eq!((queue.put(1), queue.put(2)), (Ok(()), Ok(())));
    drop(closing);
    let done = workers.map(|worker| worker.join().expect("a worker ends"));
    let mut done = done.concat();
    done.sort_unstable();
    assert_eq!(done, [1, 2]);
}

/// A worker that may sleep already when the only job comes, and a queue that stays open.
pub(crate) fn a_job_for_a_sleeper() {
    let queue = Arc::new(Queue::new(1));
    let taker = Arc::clone(&queue);
    let worker = thread::spawn(move || taker.take());
    assert_eq!(queue.put(7), Ok(()));
    assert_eq!(worker.join().expect("the worker ends"), Some(7));
}

/// Two workers that may sleep already when the queue closes, empty.
pub(crate) fn closing_before_sleepers() {
    let queue: Arc<Queue<u8>> = Arc::new(Queue::new(1));
    let workers = [(); 2].map(|()| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || queue.take())
    });
    drop(Closing(&queue));
    for worker in workers {
        assert_eq!(worker.join().expect("the worker ends"), None);
    }
}

/// One place, taken, and somebody who waits until it is given back.
pub(crate) fn a_place_given_back() {
    let (places, stop) = (Places::new(1), Arc::new(Stop::new()));
    let place = Place::wait_for(&places, &stop);
    let waiter = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || Place::wait_for(&places, &stop).is_some())
    };
    drop(place);
    assert!(waiter.join().expect("the waiter ends"), "the place is free");
}

/// One place, taken for good, and a stop that may come before, during or after the wait for it.
pub(crate) fn a_stop_before_a_waiter() {
    let (places, stop) = (Places::new(1), Arc::new(Stop::new()));
    let taken = Place::wait_for(&places, &stop);
    let waiter = {
        let (places, stop) = (std::sync::Arc::clone(&places), Arc::clone(&stop));
        thread::spawn(move || {
            let _waker = places.heed(&stop);
            Place::wait_for(&places, &stop).is_some()
        })
    };
    stop.stop();
    assert!(!waiter.join().expect("the waiter ends"), "no place is free");
    drop(taken);
}

/// Somebody who registers while the stop is raised, and who must not miss it.
pub(crate) fn a_stop_beside_a_registration() {
    let stop = Arc::new(Stop::new());
    let called = Arc::new(AtomicUsize::new(0));
    let stopper = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || stop.stop())
    };
    let waker = {
        let called = Arc::clone(&called);
        stop.on_stop(move || {
            called.fetch_add(1, Ordering::SeqCst);
        })
    };
    stopper.join().expect("the stopper ends");
    assert!(called.load(Ordering::SeqCst) >= 1, "the stop was missed");
    drop(waker);
}

/// Whoever sees or hears the cut also sees the stop, and since when.
pub(crate) fn a_cut_beside_its_witnesses() {
    let stop = Arc::new(Stop::new());
    let heard = Arc::new(AtomicBool::new(false));
    let cutter = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || stop.cut())
    };
    let waker = {
        let heard = Arc::clone(&heard);
        stop.on_cut(move || heard.store(true, Ordering::SeqCst))
    };
    if stop.is_stopped() {
        assert!(
            stop.is_cut() && stop.since().is_some(),
            "half a cut is seen"
        );
    }
    cutter.join().expect("the cutter ends");
    assert!(heard.load(Ordering::SeqCst), "the cut was missed");
    drop(waker);
}

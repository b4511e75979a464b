//! Raising the flag, and who is woken by it.

use socket::Stop;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A waker that counts its calls.
fn counter() -> (Arc<AtomicUsize>, impl Fn() + Send + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let calls = Arc::clone(&count);
    (count, move || {
        calls.fetch_add(1, Ordering::SeqCst);
    })
}

#[test]
fn every_registered_waker_is_called() {
    let stop = Stop::new();
    let (first, wake_first) = counter();
    let (second, wake_second) = counter();
    let _first = stop.on_stop(wake_first);
    let _second = stop.on_stop(wake_second);
    stop.stop();
    assert!(stop.is_stopped());
    assert_eq!(
        (first.load(Ordering::SeqCst), second.load(Ordering::SeqCst)),
        (1, 1)
    );
}

#[test]
fn late_registration_is_called_at_once() {
    let stop = Stop::new();
    stop.stop();
    let (count, wake) = counter();
    let _waker = stop.on_stop(wake);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn dropped_registration_is_not_called_and_the_others_are() {
    let stop = Stop::new();
    let (gone, wake_gone) = counter();
    let (kept, wake_kept) = counter();
    let registration = stop.on_stop(wake_gone);
    let _kept = stop.on_stop(wake_kept);
    drop(registration);
    stop.stop();
    assert_eq!(
        (gone.load(Ordering::SeqCst), kept.load(Ordering::SeqCst)),
        (0, 1)
    );
}

#[test]
fn a_cut_is_a_stop_and_a_stop_is_no_cut() {
    let stop = Stop::new();
    let (stopped, wake_stopped) = counter();
    let (cut, wake_cut) = counter();
    let _stopped = stop.on_stop(wake_stopped);
    let _cut = stop.on_cut(wake_cut);
    let counts = || (stopped.load(Ordering::SeqCst), cut.load(Ordering::SeqCst));
    assert_eq!(stop.since(), None);
    stop.stop();
    assert_eq!((counts(), stop.is_cut()), ((1, 0), false));
    let since = stop.since();
    assert!(since.is_some());
    stop.cut();
    assert_eq!((counts(), stop.is_cut()), ((2, 1), true));
    assert_eq!(stop.since(), since, "the first time counts");
    let (late, wake_late) = counter();
    let _late = stop.on_cut(wake_late);
    assert_eq!(late.load(Ordering::SeqCst), 1);
    assert!(!stop.is_handed_over());
}

#[test]
fn flag_is_raised_before_anyone_is_woken() {
    let stop = Arc::new(Stop::new());
    let (seen, wake) = counter();
    let flag = Arc::downgrade(&stop);
    let _waker = stop.on_stop(move || {
        if flag.upgrade().is_some_and(|stop| stop.is_stopped()) {
            wake();
        }
    });
    stop.stop();
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

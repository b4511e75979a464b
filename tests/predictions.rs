//! Every prediction's truth is what the server says.
#![forbid(unsafe_code)]

use book::predictions::{Lab, Prediction, play, predictions};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// Longer than for a person: a machine that is busy with other tests must not change the truth.
const PATIENCE: Duration = Duration::from_secs(24);

/// Servers that are asked at once: most of the time is spent waiting.
const AT_ONCE: usize = 8;

fn all() -> Vec<Prediction> {
    predictions().unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn what_is_written_down_is_what_the_server_says() {
    let all = all();
    let lab = Lab::new(PATIENCE).expect("the files can be written");
    let queue: Mutex<VecDeque<&Prediction>> = Mutex::new(all.iter().collect());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("nobody panics in it").pop_front();
                    let Some(prediction) = next else { return };
                    let id = &prediction.id;
                    let fault = match play(prediction, &lab) {
                        Ok(came) if came == prediction.truth => continue,
                        Ok(came) => format!("{id}: it is {}, and was {came}", prediction.truth),
                        Err(why) => format!("{id}: {why}"),
                    };
                    wrong.lock().expect("nobody panics in it").push(fault);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody panics in it");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_step_has_four_or_five_for_chapters_that_there_are() {
    let chapters = book::chapters().expect("the contents can be read");
    let mut steps = BTreeMap::new();
    for prediction in all() {
        let chapter = &prediction.chapter;
        assert!(
            chapters.iter().any(|(number, _)| number == chapter),
            "{}",
            prediction.id
        );
        *steps.entry(chapter.as_bytes()[0] - b'0').or_insert(0) += 1;
    }
    assert!(
        (1..=5).all(|step| (4..=6).contains(&steps[&step])),
        "{steps:?}"
    );
}

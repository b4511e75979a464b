//! Beyond the course: everything that step 4 asks of a server, from an executor with one thread.

use crate::grader::subject::{Subject, Verdict};
use crate::grader::tree::Tree;
use crate::grader::{step04, step04_crowd};

/// 4i: what is asked of everybody in company is asked one after the other, and what was wrong
/// first is told.
pub(crate) fn futures(subject: &Subject, tree: &Tree) -> Verdict {
    const PARTS: [fn(&Subject, &Tree) -> Verdict; 8] = [
        step04::one_slow_guest,
        step04_crowd::really_parallel,
        step04_crowd::full_house,
        step04::contained_panic,
        step04::five_thousand_idle,
        step04_crowd::slow_drains,
        step04::drip_feed,
        step04::good_bye,
    ];
    PARTS.iter().try_for_each(|part| part(subject, tree))
}

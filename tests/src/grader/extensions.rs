//! The table of checks that are beyond the course.

use crate::grader::checks::row;
use crate::grader::table::{Check, Label, Needs};
use crate::grader::{beyond5_middleware, beyond5_password, beyond5_sendfile};

use Label::{Course, Rfc};

/// Checks of what a server can do beyond the course, for exercises: asked only by their names.
pub const EXTENSIONS: [Check; 3] = [
    row(
        ("5i", "5.2"),
        "Middleware",
        Course,
        Needs::Counted,
        beyond5_middleware::middleware,
    ),
    row(
        ("5j", "5.1"),
        "X-Sendfile",
        Course,
        Needs::Sendfile,
        beyond5_sendfile::x_sendfile,
    ),
    row(
        ("5n", "5.8"),
        "Basic authentication",
        Rfc,
        Needs::Guarded,
        beyond5_password::basic_authentication,
    ),
];

//! The table of checks that are beyond the course.

use crate::grader::checks::table;
use crate::grader::table::{Check, Label, Needs};
use crate::grader::{
    beyond1_chat, beyond2_upload, beyond3_pages, beyond3_sorted, beyond4, beyond4_limits,
    beyond4_quiet, beyond5_cache, beyond5_health, beyond5_middleware, beyond5_password,
    beyond5_sendfile, beyond5_tunnel,
};

/// Checks of what a server can do beyond the course, for exercises: asked only by their names.
pub const EXTENSIONS: [Check; 13] = table! {
    "1h" "1.3" "Chat room"            Course Chat       beyond1_chat::chat_room;
    "2i" "2.5" "Upload with progress" Rfc    Uploads    beyond2_upload::upload;
    "3i" "3.2" "Sorted listing"       Course Sorted     beyond3_sorted::sorted_listing;
    "3j" "3.2" "Error pages"          Course ErrorPages beyond3_pages::error_pages;
    "4i" "4.8" "Futures"              Course Executor   beyond4::futures;
    "4j" "4.2" "Token bucket"         Rfc    Limited    beyond4_limits::token_bucket;
    "4k" "4.5" "Own readiness"        Course Quiet      beyond4_quiet::readiness;
    "5i" "5.2" "Middleware"           Course Counted    beyond5_middleware::middleware;
    "5j" "5.1" "X-Sendfile"           Course Sendfile   beyond5_sendfile::x_sendfile;
    "5k" "5.6" "Response cache"       Rfc    Cached     beyond5_cache::response_cache;
    "5l" "5.6" "WebSocket tunnel"     Rfc    Tunnels    beyond5_tunnel::websocket_tunnel;
    "5m" "5.6" "Active health checks" Course Examined   beyond5_health::health_checks;
    "5n" "5.8" "Basic authentication" Agreed Guarded    beyond5_password::basic_authentication;
};

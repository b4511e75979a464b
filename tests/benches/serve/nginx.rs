//! The other servers, set up as well as their manuals say: no access log, open files kept, and as
//! many requests on a connection as are asked.

use crate::contender::Contender;
use crate::machine::Cores;
use crate::{Outcome, configured};
use check::TempFolder;

/// Neither is the better one everywhere: without sendfile head and content of a small file leave in
/// one write, with it a large file is not copied.
pub(crate) const CONFIGURATIONS: [(&str, &str); 2] = [
    ("nginx, sendfile", "sendfile on; tcp_nopush on;"),
    ("nginx, no sendfile", "sendfile off; tcp_nopush off;"),
];

/// Its own temporary folders, so that it runs without privileges. Open files are looked after once
/// a second: as stale as ours may be.
const NGINX: &str = "\
daemon off;
worker_processes WORKERS;
worker_rlimit_nofile 20000;
pid ROOT/NAME.pid;
error_log ROOT/NAME.log;
events { worker_connections 16384; multi_accept on; }
http {
    types { application/octet-stream bin; }
    client_body_temp_path ROOT/temp;
    proxy_temp_path ROOT/temp;
    fastcgi_temp_path ROOT/temp;
    uwsgi_temp_path ROOT/temp;
    scgi_temp_path ROOT/temp;
    keepalive_requests 1000000000;
    access_log off;
    open_file_cache max=2000;
    open_file_cache_valid 1s;
    SETTINGS
    server { listen ADDR backlog=4096; root ROOT/root; }
}
";

const LIGHTTPD: &str = "\
server.document-root = \"ROOT/root\"
server.bind = \"127.0.0.1\"
server.port = PORT
server.max-keep-alive-requests = 65535
server.max-fds = 16384
server.stat-cache-engine = \"simple\"
mimetype.assign = ( \".bin\" => \"application/octet-stream\" )
";

pub(crate) fn start(
    name: &str,
    settings: &str,
    cores: Cores,
    folder: &TempFolder,
) -> Outcome<Contender> {
    let workers = match cores {
        Cores::OneEach | Cores::Shared => "1",
        Cores::Two => "2",
    };
    let file = file_name(name);
    let conf = NGINX
        .replace("WORKERS", workers)
        .replace("NAME", &file)
        .replace("SETTINGS", settings);
    configured::start((name, &file), &conf, NGINX_COMMAND, cores, folder)
}

pub(crate) fn start_lighttpd(cores: Cores, folder: &TempFolder) -> Outcome<Contender> {
    configured::start(
        ("lighttpd", "lighttpd"),
        LIGHTTPD,
        "lighttpd -D -f",
        cores,
        folder,
    )
}

/// The command that starts the nginx of that name anew, on the settings it was started with.
pub(crate) fn command(name: &str) -> String {
    configured::script(&file_name(name), NGINX_COMMAND)
}

const NGINX_COMMAND: &str = "nginx -p {root} -c";

fn file_name(name: &str) -> String {
    name.replace([' ', ','], "-")
}

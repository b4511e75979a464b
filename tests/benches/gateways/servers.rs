//! Who is asked, and what stands behind them.

use crate::contender::{Contender, Kind};
use crate::machine::Cores;
use crate::scenario::Wire;
use crate::{Outcome, application, configured};
use check::TempFolder;
use check::binary::{Profile, gateway};
use std::process::Command;

/// What an application answers with, whatever it is.
pub(crate) const ANSWER: &str = "An answer of 128 octets, no more, no less, as they are sent a thousand times a second \
     by applications that have hardly anything.";

/// An HTTP server that has the answer ready.
const ORIGIN: &str = "\
daemon off;
worker_processes 1;
pid ROOT/origin.pid;
error_log ROOT/origin.log;
events { worker_connections 1024; }
http {
    TEMP
    keepalive_requests 1000000000;
    access_log off;
    server { listen ADDR; location / { default_type text/plain; return 200 \"ANSWER\"; } }
}
";

/// As its manual says for speed: connections kept to both sides, and no log.
const NGINX: &str = "\
daemon off;
worker_processes 1;
pid ROOT/nginx.pid;
error_log ROOT/nginx.log;
events { worker_connections 1024; }
http {
    TEMP
    keepalive_requests 1000000000;
    access_log off;
    upstream behind { server BEHIND; keepalive 64; keepalive_requests 1000000000; }
    server { listen ADDR; location / { ASK } }
}
";

const NGINX_TEMP: &str = "\
client_body_temp_path ROOT/temp;
    proxy_temp_path ROOT/temp;
    fastcgi_temp_path ROOT/temp;
    uwsgi_temp_path ROOT/temp;
    scgi_temp_path ROOT/temp;";

/// What a proxy has to tell, ours tells it always.
const ASK_HTTP: &str = "proxy_pass http://behind; proxy_http_version 1.1; \
     proxy_set_header Connection ''; proxy_set_header Host $http_host; \
     proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; \
     proxy_set_header X-Forwarded-Host $http_host;";

const ASK_FASTCGI: &str = "fastcgi_pass behind; fastcgi_keep_conn on; \
     include /etc/nginx/fastcgi_params;";

const LIGHTTPD: &str = "\
server.modules = ( \"mod_cgi\" )
server.document-root = \"ROOT/site\"
server.bind = \"127.0.0.1\"
server.port = PORT
server.max-keep-alive-requests = 65535
server.max-fds = 4096
cgi.assign = ( \"/hello\" => \"\" )
";

const APACHE: &str = "\
ServerName localhost
ServerRoot ROOT
Listen ADDR
PidFile ROOT/apache.pid
ErrorLog ROOT/apache.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
LoadModule cgid_module /usr/lib/apache2/modules/mod_cgid.so
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
MaxKeepAliveRequests 0
ScriptSock ROOT/cgid.sock
SetEnv ap_trust_cgilike_cl 1
ScriptAlias /cgi/ ROOT/site/cgi/
";

/// Starts everybody, ours first, and what they ask, which has to be kept.
pub(crate) fn start(wire: Wire, folder: &TempFolder) -> Outcome<(Vec<Contender>, Vec<Contender>)> {
    folder.write("site/index.html", "")?;
    match wire {
        Wire::Http => {
            let conf = ORIGIN.replace("ANSWER", ANSWER);
            let origin = nginx("origin", &conf, folder)?;
            let behind = origin.addr().to_string();
            let ours = ours(&["--proxy", &format!("/=http://{behind}")], folder)?;
            let conf = NGINX.replace("ASK", ASK_HTTP).replace("BEHIND", &behind);
            Ok((vec![ours, nginx("nginx", &conf, folder)?], vec![origin]))
        }
        Wire::FastCgi => {
            let application = application::start(folder)?;
            let behind = application.addr().to_string();
            let ours = ours(&["--fastcgi", &format!("/={behind}")], folder)?;
            let conf = NGINX.replace("ASK", ASK_FASTCGI).replace("BEHIND", &behind);
            let nginx = nginx("nginx", &conf, folder)?;
            Ok((vec![ours, nginx], vec![application]))
        }
        Wire::Cgi => {
            let programs = compile(folder)?;
            let ours = ours(&["--cgi", &format!("/cgi={programs}")], folder)?;
            let lighttpd = other("lighttpd", LIGHTTPD, "lighttpd -D -f", folder)?;
            let apache = other("apache", APACHE, "apache2 -D FOREGROUND -f", folder)?;
            Ok((vec![ours, lighttpd, apache], Vec::new()))
        }
    }
}

/// The finished server with one loop.
fn ours(options: &[&str], folder: &TempFolder) -> Outcome<Contender> {
    let program = gateway(Profile::Release)?;
    let program = program.to_str().ok_or("a path that is no text")?;
    let mut words = vec![program, "{root}/site", "--listen", "{addr}"];
    words.extend(["--server", "epoll"]);
    words.extend(options);
    Contender::start("ours", Kind::Ours, &words, Cores::Shared, folder)
}

fn nginx(name: &str, conf: &str, folder: &TempFolder) -> Outcome<Contender> {
    let conf = conf.replace("TEMP", NGINX_TEMP);
    other(name, &conf, "nginx -p {root} -c", folder)
}

fn other(name: &str, conf: &str, command: &str, folder: &TempFolder) -> Outcome<Contender> {
    configured::start((name, name), conf, command, Cores::Shared, folder)
}

/// A program that does nothing but answer; returns the folder that it is in.
fn compile(folder: &TempFolder) -> Outcome<String> {
    let source = format!(
        "#include <unistd.h>\nint main(void) {{\n  static const char answer[] =\n    \
         \"Content-Type: text/plain\\nContent-Length: {}\\n\\n{ANSWER}\";\n  \
         return write(1, answer, sizeof answer - 1) < 0;\n}}\n",
        ANSWER.len()
    );
    folder.write("hello.c", source)?;
    let programs = folder.path().join("site/cgi");
    std::fs::create_dir_all(&programs)?;
    let compiled = Command::new("cc")
        .args(["-O2", "-o"])
        .args([programs.join("hello"), folder.path().join("hello.c")])
        .status()?;
    if !compiled.success() {
        return Err("the program does not compile".into());
    }
    Ok(programs
        .to_str()
        .ok_or("a path that is no text")?
        .to_owned())
}

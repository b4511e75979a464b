//! How each server is started, over the folder `root`.

use check::Executable;
use std::io;
use std::path::Path;
use std::process::Command;

/// A server to be asked.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// Programs it cannot do without.
    pub(crate) needs: &'static [&'static str],
    /// Its configuration or program; ADDR, PORT and ROOT are replaced.
    text: &'static str,
    /// The file that this is written to.
    file: &'static str,
    /// The command that starts it.
    command: &'static str,
    /// Whether `POST /echo` answers with what it was sent.
    pub(crate) echoes: bool,
}

impl Server {
    pub(crate) fn start(&self, root: &Path) -> io::Result<Executable> {
        std::fs::write(root.join("server.in"), self.text)?;
        let file = self.file;
        if file.ends_with(".java") {
            // Compiling takes longer than a server may take to start.
            std::fs::write(root.join(file), self.text)?;
            let compiled = Command::new("javac").arg(file).current_dir(root).status()?;
            assert!(compiled.success(), "{file} is a program");
        }
        let script = format!(
            "cd {{root}} && sed 's|ADDR|{{addr}}|g; s|PORT|{{port}}|g; s|ROOT|{{root}}|g' \
             server.in > {file} && exec {}",
            self.command
                .replace("PORT", "{port}")
                .replace("ADDR", "{addr}")
                .replace("ROOT", "{root}")
        );
        let log = root.join("server.log");
        Executable::start(&["sh", "-c", &script], root, Some(&log))
    }
}

const NGINX: &str = "\
daemon off;
pid ROOT/nginx.pid;
error_log ROOT/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path ROOT/temp;
  proxy_temp_path ROOT/temp;
  fastcgi_temp_path ROOT/temp;
  uwsgi_temp_path ROOT/temp;
  scgi_temp_path ROOT/temp;
  server { listen ADDR; root ROOT/root; }
}
";

const APACHE: &str = "\
ServerRoot ROOT
ServerName localhost
PidFile ROOT/apache.pid
ErrorLog ROOT/apache.log
Mutex file:ROOT default
Listen ADDR
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
DocumentRoot ROOT/root
";

const LIGHTTPD: &str = "\
server.document-root = \"ROOT/root\"
server.bind = \"127.0.0.1\"
server.port = PORT
mimetype.assign = ( \".bin\" => \"application/octet-stream\", \".txt\" => \"text/plain\" )
";

const CADDY: &str = "\
{
  admin off
  auto_https off
  storage file_system ROOT/caddy
}
http://:PORT {
  bind 127.0.0.1
  root * ROOT/root
  file_server
}
";

pub(crate) fn of_files() -> Vec<Server> {
    vec![
        Server {
            name: "nginx behind the proxy",
            needs: &["nginx"],
            text: NGINX,
            file: "nginx.conf",
            command: "nginx -p ROOT -c ROOT/nginx.conf",
            echoes: false,
        },
        Server {
            name: "Apache behind the proxy",
            needs: &["apache2"],
            text: APACHE,
            file: "apache.conf",
            command: "apache2 -D FOREGROUND -f ROOT/apache.conf",
            echoes: false,
        },
        Server {
            name: "lighttpd behind the proxy",
            needs: &["lighttpd"],
            text: LIGHTTPD,
            file: "lighttpd.conf",
            command: "lighttpd -D -f lighttpd.conf",
            echoes: false,
        },
        Server {
            name: "Caddy behind the proxy",
            needs: &["caddy"],
            text: CADDY,
            file: "Caddyfile",
            command: "env HOME=ROOT caddy run --adapter caddyfile --config Caddyfile",
            echoes: false,
        },
        Server {
            name: "python3 -m http.server behind the proxy",
            needs: &["python3"],
            text: "",
            file: "nothing",
            command: "python3 -m http.server --bind 127.0.0.1 --directory root PORT",
            echoes: false,
        },
    ]
}

pub(crate) fn of_applications() -> Vec<Server> {
    vec![
        Server {
            name: "Node behind the proxy",
            needs: &["node"],
            text: include_str!("server.js"),
            file: "server.js",
            command: "node server.js",
            echoes: true,
        },
        Server {
            name: "gunicorn behind the proxy",
            needs: &["gunicorn"],
            text: include_str!("server.py"),
            file: "server.py",
            command: "gunicorn --bind ADDR --workers 1 --threads 4 --keep-alive 5 server:application",
            echoes: true,
        },
        Server {
            name: "Java behind the proxy",
            needs: &["java", "javac"],
            text: include_str!("Server.java"),
            file: "Server.java",
            command: "java Server PORT ROOT/root",
            echoes: true,
        },
    ]
}

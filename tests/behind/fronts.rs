//! How each front is set up: as its own manual says, with nothing of ours but the address.

use check::Executable;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// A front: what it is told, what our server is told, and what a client then meets.
pub(crate) struct Front {
    pub(crate) name: &'static str,
    /// Its configuration; ADDR and PORT are its own, BACK is our server's address, ROOT a folder.
    pub(crate) configuration: String,
    /// The command that starts it on the configuration, whose path is added.
    pub(crate) command: &'static str,
    /// Options of our server.
    pub(crate) ours: &'static [&'static str],
    pub(crate) scheme: &'static str,
    /// The version of HTTP that a client gets to speak.
    pub(crate) version: &'static str,
}

impl Front {
    /// No front at all.
    pub(crate) fn nobody() -> Front {
        Front {
            name: "nobody",
            configuration: String::new(),
            command: "",
            ours: &[],
            scheme: "http",
            version: "1.1",
        }
    }

    /// Starts it in front of `back`.
    pub(crate) fn start(&self, back: SocketAddr, root: &Path) -> io::Result<Executable> {
        let configuration = self.configuration.replace("BACK", &back.to_string());
        std::fs::write(root.join("front.in"), configuration)?;
        let script = format!(
            "sed 's|ADDR|{{addr}}|; s|PORT|{{port}}|g; s|ROOT|{{root}}|g' {{root}}/front.in \
             > {{root}}/front.conf && exec {} {{root}}/front.conf",
            self.command.replace("ROOT", &root.to_string_lossy())
        );
        let log = root.join("front.log");
        Executable::start(&["sh", "-c", &script], root, Some(&log))
    }
}

/// A certificate and its key for `localhost`, in one file and in two.
pub(crate) fn certificate(root: &Path) -> io::Result<()> {
    let script = "\
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
          -subj /CN=localhost -addext subjectAltName=DNS:localhost \
          -keyout key.pem -out cert.pem 2>/dev/null && cat cert.pem key.pem > both.pem";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(root)
        .status()?;
    // Without openssl the tests that need it have been left out.
    let _ = made;
    Ok(())
}

const TRUST: &[&str] = &["--trust", "127.0.0.1"];

pub(crate) fn nginx() -> [Front; 1] {
    [Front {
        name: "nginx: TLS, HTTP/2, X-Forwarded-*",
        configuration: "\
daemon off;
pid ROOT/nginx.pid;
error_log ROOT/nginx.log;
events {}
http {
  access_log off;
  client_max_body_size 10m;
  client_body_temp_path ROOT/temp;
  proxy_temp_path ROOT/temp;
  fastcgi_temp_path ROOT/temp;
  uwsgi_temp_path ROOT/temp;
  scgi_temp_path ROOT/temp;
  upstream back { server BACK; keepalive 4; }
  server {
    listen ADDR ssl http2;
    ssl_certificate ROOT/cert.pem;
    ssl_certificate_key ROOT/key.pem;
    location / {
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
"
        .into(),
        command: "nginx -p ROOT -c",
        ours: TRUST,
        scheme: "https",
        version: "2",
    }]
}

const HAPROXY: &str = "haproxy -db -q -f";

/// HAProxy in a mode, with what follows `bind ADDR` and what follows our server's address.
fn haproxy_as(mode: &str, bind: &str, server: &str) -> String {
    format!(
        "\
defaults
  mode {mode}
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen front
  bind ADDR {bind}
  server ours BACK {server}
"
    )
}

pub(crate) fn haproxy() -> [Front; 4] {
    let over_tcp = |name, scheme, bind, server| Front {
        name,
        configuration: haproxy_as("tcp", bind, server),
        command: HAPROXY,
        ours: &["--proxy-protocol"],
        scheme,
        version: "1.1",
    };
    let fields = "\
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Port PORT
";
    let bind = "ssl crt ROOT/both.pem alpn h2,http/1.1";
    [
        over_tcp(
            "HAProxy: TCP, PROXY protocol 1",
            "http",
            "",
            "send-proxy check inter 200ms",
        ),
        over_tcp(
            "HAProxy: TCP, PROXY protocol 2",
            "http",
            "",
            "send-proxy-v2 check inter 200ms",
        ),
        over_tcp(
            "HAProxy: TLS for TCP, PROXY protocol 2 with a word about it",
            "https",
            "ssl crt ROOT/both.pem",
            "send-proxy-v2-ssl",
        ),
        Front {
            name: "HAProxy: TLS, HTTP/2, PROXY protocol 2, X-Forwarded-Proto",
            configuration: haproxy_as("http", bind, "send-proxy-v2") + fields,
            command: HAPROXY,
            ours: &["--proxy-protocol", "--trust", "127.0.0.1"],
            scheme: "https",
            version: "2",
        },
    ]
}

pub(crate) fn caddy() -> [Front; 1] {
    [Front {
        name: "Caddy: TLS with a certificate of its own, HTTP/2",
        configuration: "\
{
  admin off
  skip_install_trust
  auto_https disable_redirects
  storage file_system ROOT/caddy
}
https://localhost:PORT {
  bind 127.0.0.1
  tls internal
  reverse_proxy BACK
}
"
        .into(),
        command: "env HOME=ROOT caddy run --adapter caddyfile --config",
        ours: TRUST,
        scheme: "https",
        version: "2",
    }]
}

//! Flask and Django, unchanged: behind our server, and the worker that runs them behind others.

use check::binary::{Profile, gateway};
use check::{Executable, TempFolder, free_port, needs};
use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

static GATEWAY: LazyLock<PathBuf> =
    LazyLock::new(|| gateway(Profile::Dev).expect("the server is built"));

/// The folder that the applications are in.
fn applications() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python_apps")
}

/// Whether Python, curl or one of the modules is missing, which is said in one line.
fn is_missing(test: &str, programs: &[&str], module: &str) -> bool {
    let programs: Vec<&str> = [&["python3", "curl"], programs].concat();
    if needs::is_missing(test, &programs) {
        return true;
    }
    let import = format!("import {module}");
    let found = Command::new("python3").args(["-c", &import]).output();
    let found = found.is_ok_and(|output| output.status.success());
    let is_ci = std::env::var("CI").as_deref() == Ok("true");
    assert!(found || !is_ci, "{test} needs Python's {module}");
    if !found {
        println!("skipped: {test} needs Python's {module}");
    }
    !found
}

/// A visitor with a browser's memory for cookies.
struct Visitor {
    base: String,
    folder: TempFolder,
}

impl Visitor {
    fn new(base: String) -> Visitor {
        let folder = TempFolder::new().expect("a folder");
        Visitor { base, folder }
    }

    /// What curl prints when it is asked for `path` with these options besides.
    fn curl(&self, path: &str, options: &[&str]) -> String {
        let jar = self.folder.path().join("cookies");
        let output = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--max-time",
                "60",
                "--noproxy",
                "*",
            ])
            .arg("--cookie-jar")
            .arg(&jar)
            .arg("--cookie")
            .arg(&jar)
            .args(options)
            .arg(format!("{}{path}", self.base))
            .output();
        let output = output.expect("curl runs");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{path}: {complaint}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[track_caller]
    fn check(&self, path: &str, options: &[&str], expected: &str) {
        assert_eq!(self.curl(path, options), expected, "{path} {options:?}");
    }

    fn status(&self, path: &str) -> String {
        self.curl(
            path,
            &["--output", "/dev/null", "--write-out", "%{http_code}"],
        )
    }

    /// A file of some megabytes, and its digest.
    fn upload(&self) -> (String, String) {
        let path = self.folder.path().join("upload.bin");
        fs::write(&path, vec![7; 3_000_000]).expect("a file can be written");
        let output = Command::new("sha256sum")
            .arg(&path)
            .output()
            .expect("it runs");
        let digest = String::from_utf8_lossy(&output.stdout)[..64].to_owned();
        (path.display().to_string(), digest)
    }

    /// What every application here can do, however it is written.
    fn try_all(&self, framework: &str) {
        self.check("/", &[], &format!("Hello from {framework}\n"));
        for visits in 1..=3 {
            self.check("/count", &[], &format!("{visits}\n"));
        }
        let (file, digest) = self.upload();
        let form = format!("file=@{file};filename=größe.bin");
        self.check(
            "/upload",
            &["--form", &form],
            &format!("größe.bin {digest}\n"),
        );
        let data = format!("@{file}");
        self.check("/raw", &["--data-binary", &data], &format!("{digest}\n"));
        let lines: String = (0..1000).map(|number| format!("line {number}\n")).collect();
        self.check("/stream", &[], &lines);
        self.check("/static/style.css", &[], "body { color: teal }\n");
        let head = self.curl("/", &["--head"]);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(self.status("/fails"), "500");
        assert_eq!(self.status("/no/such/page"), "404");
    }
}

impl Visitor {
    /// Flask reads content of which nobody has said the length; Django takes it for none.
    fn try_chunked(&self) {
        let (file, digest) = self.upload();
        let data = format!("@{file}");
        let chunked = "Transfer-Encoding: chunked";
        let options = ["--header", chunked, "--data-binary", data.as_str()];
        self.check("/raw", &options, &format!("{digest}\n"));
    }
}

/// Our server in front of two workers, of which the server's folder knows nothing.
fn behind_ours(callable: &str, folder: &TempFolder) -> Executable {
    let program = GATEWAY.to_str().expect("a path of ours is text");
    let wsgi = format!("/={callable}");
    let path = applications();
    let words = [
        program,
        "{root}",
        "--listen",
        "{addr}",
        "--wsgi",
        &wsgi,
        "--wsgi-path",
        path.to_str().expect("a path of ours is text"),
    ];
    Executable::start(&words, folder.path(), None).expect("the server starts")
}

#[test]
fn flask_runs_unchanged() {
    if is_missing("flask", &[], "flask") {
        return;
    }
    let folder = TempFolder::new().expect("a folder");
    let server = behind_ours("flaskapp:app", &folder);
    let visitor = Visitor::new(format!("http://{}", server.addr()));
    visitor.try_all("Flask");
    visitor.try_chunked();
    let follow = ["--location", "--data", "name=Zoë"];
    visitor.check("/form", &follow, "Thanks, Zoë\n");
    let told = visitor.curl("/json", &["--user", "ada:secret"]);
    let base = format!("\"base\":\"http://{}/json\"", server.addr());
    for part in [base.as_str(), "\"who\":\"ada\"", "\"path\":\"/json\""] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn django_runs_unchanged() {
    if is_missing("django", &[], "django") {
        return;
    }
    let folder = TempFolder::new().expect("a folder");
    let server = behind_ours("djangoapp", &folder);
    let visitor = Visitor::new(format!("http://{}", server.addr()));
    visitor.try_all("Django");
    // Django's `redirect` makes the browser ask again with GET, so only the token proves the form.
    let token = visitor.curl("/form", &[]);
    let token = format!("csrfmiddlewaretoken={}", token.trim());
    let form = ["--location", "--data", "name=Zoe", "--data", &token];
    visitor.check("/form", &form, "Thanks, Zoe\n");
    let without = [
        "--data",
        "name=Zoe",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}",
    ];
    visitor.check("/form", &without, "403");
    let source = fs::read_to_string(applications().join("djangoapp.py")).expect("it is there");
    visitor.check("/download", &[], &source);
}

/// Processes of another server, ended together.
struct Group(Child);

impl Group {
    fn start(command: &mut Command) -> Group {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        Group(command.process_group(0).spawn().expect("it starts"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        // Whether they had ended already does not matter.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

/// Waits until somebody listens there.
fn await_port(port: u16) {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < PATIENCE, "nobody listens on {port}");
        thread::park_timeout(Duration::from_millis(10));
    }
}

fn worker() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../step05-gateway/src/worker.py")
}

#[test]
fn the_worker_serves_flask_behind_nginx_started_by_spawn_fcgi() {
    if is_missing("nginx", &["nginx", "spawn-fcgi"], "flask") {
        return;
    }
    let folder = TempFolder::new().expect("a folder");
    let (port, at) = (free_port(), folder.path().display());
    let socket = format!("{at}/socket");
    let mut spawn = Command::new("spawn-fcgi");
    spawn.args(["-n", "-s", &socket, "--"]);
    spawn.arg(needs::find("python3").expect("it was found before"));
    spawn
        .arg(worker())
        .arg("flaskapp:app")
        .current_dir(applications());
    let _worker = Group::start(&mut spawn);
    let parameters: String = [
        "REQUEST_METHOD $request_method",
        "QUERY_STRING $query_string",
        "PATH_INFO $uri",
        "CONTENT_TYPE $content_type",
        "CONTENT_LENGTH $content_length",
        "SERVER_NAME $server_name",
        "SERVER_PORT $server_port",
        "SERVER_PROTOCOL $server_protocol",
    ]
    .map(|line| format!("fastcgi_param {line};\n"))
    .concat();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
        .concat();
    let config = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/errors;\nevents {{}}\nhttp {{\n\
         access_log off; client_max_body_size 9m;\n{temporary}upstream app {{ server unix:{socket}; keepalive 4; }}\n\
         server {{ listen 127.0.0.1:{port}; location / {{ fastcgi_pass app; fastcgi_keep_conn on;\n{parameters}}} }}\n}}\n"
    );
    let path = folder.path().join("nginx.conf");
    fs::write(&path, config).expect("a file can be written");
    let _nginx = Group::start(
        Command::new("nginx")
            .arg("-c")
            .arg(&path)
            .arg("-e")
            .arg(format!("{at}/errors")),
    );
    await_port(port);
    let visitor = Visitor::new(format!("http://127.0.0.1:{port}"));
    visitor.try_all("Flask");
    visitor.try_chunked();
}

#[test]
fn lighttpd_starts_the_worker_and_serves_django_with_it() {
    if is_missing("lighttpd", &["lighttpd"], "django") {
        return;
    }
    let folder = TempFolder::new().expect("a folder");
    let (port, at) = (free_port(), folder.path().display());
    let start = folder.path().join("start");
    let (worker, applications) = (worker(), applications());
    let script = format!(
        "#!/bin/sh\ncd {} && exec python3 {} djangoapp\n",
        applications.display(),
        worker.display()
    );
    folder.write_script("start", &script).expect("a script");
    let config = format!(
        "server.document-root = \"{at}\"\nserver.port = {port}\nserver.bind = \"127.0.0.1\"\n\
         server.errorlog = \"{at}/errors\"\nserver.upload-dirs = (\"{at}\")\nserver.modules = (\"mod_fastcgi\")\n\
         server.stream-request-body = 0\n\
         fastcgi.server = (\"/\" => ((\"bin-path\" => \"{}\", \"socket\" => \"{at}/socket\", \"max-procs\" => 1, \
         \"check-local\" => \"disable\", \"fix-root-scriptname\" => \"enable\")))\n",
        start.display()
    );
    let path = folder.path().join("lighttpd.conf");
    fs::write(&path, config).expect("a file can be written");
    let _lighttpd = Group::start(Command::new("lighttpd").arg("-D").arg("-f").arg(&path));
    await_port(port);
    Visitor::new(format!("http://127.0.0.1:{port}")).try_all("Django");
}

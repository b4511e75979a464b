//! Python applications behind the server: what passes through, and the life of the workers.

mod common;

use common::{BOTH, DEADLINE, Server, TempDir, assert_gone, eventually, is_python_missing, noise};
use gateway::{Application, Complaints, Wsgi};
use static_files::{Config, Timeouts};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

fn probe() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wsgi")
}

fn application(callable: &str, folder: &Path) -> Application {
    Application {
        callable: callable.to_owned(),
        folder: folder.to_path_buf(),
        python: "python3".into(),
        workers: 2,
    }
}

fn start(application: Application) -> std::io::Result<Wsgi> {
    let complaints = Complaints::new().expect("threads start");
    let root = "/".parse().expect("a prefix");
    Wsgi::start(application, root, Path::new("/"), &complaints)
}

/// A server of that name in front of two workers that run `tests/wsgi/probe.py`.
fn serve(name: &str, config: Config) -> Server {
    let wsgi = start(application("probe", &probe())).expect("the workers start");
    Server::start(name, config, wsgi)
}

#[track_caller]
fn check(server: &Server, path: &str, status: u16, text: &str) {
    let answer = server.get(path);
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (status, text),
        "{path}"
    );
    assert!(answer.is_whole, "{path}");
}

fn kill(pid: &str, signal: &str) {
    let kill = Command::new("kill").args([signal, pid]).status();
    assert!(kill.expect("kill runs").success(), "{pid} is there");
}

/// The processes that have answered, both of them.
fn workers(server: &Server) -> Vec<String> {
    both(|| server.get("/pid").text())
}

fn both(ask: impl Fn() -> String) -> Vec<String> {
    let mut pids = Vec::new();
    eventually("both workers answer", || {
        let pid = ask();
        if pid.parse::<u32>().is_ok() && !pids.contains(&pid) {
            pids.push(pid);
        }
        pids.len() == 2
    });
    pids
}

#[test]
fn an_application_answers_as_it_says() {
    if is_python_missing("an application") {
        return;
    }
    for name in BOTH {
        let server = serve(name, Config::default());
        check(&server, "/hello", 200, "hello\n");
        check(&server, "/by_write", 200, "abc");
        check(&server, "/replaces", 503, "another page");
        let sentence = "The application failed. Its log says why.\n";
        check(&server, "/fails_early", 500, sentence);
        for path in ["/fails_late", "/short", "/dies_late"] {
            let answer = server.get(path);
            assert!(!answer.is_whole, "{path} is visibly broken off");
        }
        let environ = server.get("/environ?a=%20b").text();
        for line in [
            "PATH_INFO='/environ'",
            "SCRIPT_NAME=''",
            "QUERY_STRING='a=%20b'",
        ] {
            assert!(
                environ.lines().any(|each| each == line),
                "{line}: {environ}"
            );
        }
    }
}

#[test]
fn content_of_any_size_passes_both_ways_at_once() {
    if is_python_missing("content") {
        return;
    }
    for name in BOTH {
        let server = serve(name, Config::default());
        let content = noise(5 * 1024 * 1024);
        let head = format!("POST /echo HTTP/1.1\r\nContent-Length: {}", content.len());
        let answer = server.ask(&head, &content);
        assert!(answer.is_whole && answer.body == content, "with a length");
        let chunked = [b"500000\r\n", content.as_slice(), b"\r\n0\r\n\r\n"].concat();
        let answer = server.ask(
            "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked",
            &chunked,
        );
        assert!(answer.is_whole && answer.body == content, "in chunks");
        // And where nobody reads it.
        assert_eq!(
            server
                .ask(&head.replace("/echo", "/hello"), &content)
                .text(),
            "hello\n"
        );
        check(&server, "/hello", 200, "hello\n");
    }
}

#[test]
fn forty_at_once_are_answered_by_two() {
    if is_python_missing("forty at once") {
        return;
    }
    let server = serve("epoll", Config::default());
    thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| check(&server, "/slow?0.01", 200, "hello\n"));
        }
    });
}

#[test]
fn a_worker_that_dies_is_replaced_and_those_who_wait_are_answered() {
    if is_python_missing("death") {
        return;
    }
    for name in BOTH {
        let server = serve(name, Config::default());
        let before = workers(&server);
        assert_eq!(server.get("/dies").status, 502);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| check(&server, "/slow?0.05", 200, "hello\n"));
            }
        });
        eventually("a new worker answers", || {
            let pid = server.get("/pid").text();
            pid.parse::<u32>().is_ok() && !before.contains(&pid)
        });
    }
}

#[test]
fn a_page_that_kills_its_worker_costs_nobody_else_an_answer() {
    if is_python_missing("a killing page") {
        return;
    }
    for name in BOTH {
        let server = serve(name, Config::default());
        let before = workers(&server);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..300).for_each(|_| check(&server, "/hello", 200, "hello\n")));
            }
            assert_eq!(server.get("/dies").status, 502, "{name}");
        });
        // It was asked twice, the second time alone: of the other worker, or of the one that came in
        // the place of the first.
        let after = workers(&server);
        assert!(before.iter().any(|pid| !after.contains(pid)), "{after:?}");
    }
}

#[test]
fn workers_that_die_again_and_again_are_let_rest_and_then_tried_again() {
    if is_python_missing("dying") {
        return;
    }
    let server = serve("epoll", Config::default());
    // Two workers, five times each; a few more, as one may be refused while both are starting.
    let dead = (0..200).take_while(|_| {
        let answer = server.get("/dies");
        assert!(matches!(answer.status, 502..=504), "{answer:?}");
        thread::park_timeout(Duration::from_millis(5));
        server.get("/hello").status == 200
    });
    assert!(dead.count() < 199, "they are given up");
    assert!(matches!(server.get("/hello").status, 502 | 503));
    eventually("they are tried again", || {
        // Each refusal is a line in the log.
        thread::park_timeout(Duration::from_millis(100));
        server.get("/hello").status == 200
    });
}

#[test]
fn a_worker_that_hangs_is_ended_and_replaced() {
    if is_python_missing("hanging") {
        return;
    }
    let timeouts = Timeouts {
        gateway: Duration::from_secs(1),
        ..Timeouts::default()
    };
    let config = Config {
        timeouts,
        ..Config::default()
    };
    for name in BOTH {
        let server = serve(name, config);
        let before = workers(&server);
        assert_eq!(server.get("/hangs").status, 504);
        assert_eq!(server.get("/hangs").status, 504);
        for pid in &before {
            assert_gone(pid);
        }
        // Python takes its time to start, perhaps more than this server's clients have.
        let after = workers(&server);
        assert!(after.iter().all(|pid| !before.contains(pid)), "{after:?}");
    }
}

#[test]
fn a_client_that_leaves_costs_no_worker() {
    if is_python_missing("leaving") {
        return;
    }
    for name in BOTH {
        let server = serve(name, Config::default());
        let before = workers(&server);
        for _ in 0..6 {
            let mut stream = server.connect();
            let head = b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n";
            stream.write_all(head).expect("it is connected");
            stream.read_exact(&mut [0; 1000]).expect("it begins");
        }
        assert_eq!(workers(&server).len(), 2);
        let mut after = workers(&server);
        after.sort();
        let mut before = before;
        before.sort();
        assert_eq!(after, before);
    }
}

#[test]
fn what_cannot_be_loaded_is_told_with_its_traceback() {
    if is_python_missing("loading") {
        return;
    }
    let folder = TempDir::new();
    folder.file("broken.py", "import no_such_module\n");
    for (callable, part) in [
        ("broken:app", "No module named 'no_such_module'"),
        ("missing", "No module named 'missing'"),
        ("probe:TEXT", "is not callable"),
    ] {
        let place = if callable.starts_with("probe") {
            probe()
        } else {
            folder.path().into()
        };
        let error = start(application(callable, &place)).expect_err("it cannot be loaded");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let text = error.to_string();
        let sentence = format!("the application {callable} could not be loaded");
        assert!(text.contains(part) && text.contains(&sentence), "{text}");
    }
    let mut application = application("probe", &probe());
    application.python = "no-such-python".into();
    let error = start(application).expect_err("there is no such program");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn workers_end_with_their_server() {
    if is_python_missing("the end") {
        return;
    }
    let server = serve("epoll", Config::default());
    let pids = workers(&server);
    drop(server);
    pids.iter().for_each(|pid| assert_gone(pid));
}

/// The finished server as a process, in front of two workers.
struct Gateway {
    child: Child,
    addr: String,
    _folder: TempDir,
}

impl Gateway {
    fn start(callable: &str, modules: &Path) -> Gateway {
        let folder = TempDir::new();
        let child = Command::new(env!("CARGO_BIN_EXE_gateway"))
            .arg(folder.path())
            .args(["--listen", "127.0.0.1:0", "--wsgi"])
            .arg(format!("/={callable}"))
            .arg("--wsgi-path")
            .arg(modules)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut child = child.expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it prints a line");
        let addr = line.split('/').nth(2).expect("an address").to_owned();
        Gateway {
            child,
            addr,
            _folder: folder,
        }
    }

    fn ask(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.addr).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("no zero");
        let request = format!("{request} HTTP/1.0\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .expect("it is connected");
        stream
    }

    /// The content of the answer.
    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        let mut stream = self.ask(&format!("GET {path}"));
        stream.read_to_string(&mut answer).expect("it answers");
        let (_, content) = answer.split_once("\r\n\r\n").unwrap_or_default();
        content.to_owned()
    }

    fn workers(&self) -> Vec<String> {
        both(|| self.get("/pid"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // The group has its successors in it, and may have ended already.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}

#[test]
fn no_worker_outlives_a_server_that_is_killed() {
    if is_python_missing("a killed server") {
        return;
    }
    let mut gateway = Gateway::start("probe", &probe());
    let pids = gateway.workers();
    // One of them is busy, and hears of nothing but signals.
    let _waiting = gateway.ask("GET /hangs");
    gateway.child.kill().expect("it is there");
    gateway.child.wait().expect("it ends");
    pids.iter().for_each(|pid| assert_gone(pid));
}

#[test]
fn a_new_version_is_loaded_by_a_signal_and_no_request_is_lost() {
    if is_python_missing("a reload") {
        return;
    }
    let folder = TempDir::new();
    let version = |number: u32| {
        let source = format!(
            "import time\n\ndef application(environ, start):\n    time.sleep(0.02)\n    \
             start('200 OK', [('Content-Type', 'text/plain')])\n    return [b'{number}']\n"
        );
        folder.file("versioned.py", &source);
    };
    version(1);
    let gateway = Gateway::start("versioned", folder.path());
    assert_eq!(gateway.get("/"), "1");
    let reload = || kill(&gateway.child.id().to_string(), "-HUP");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let answer = gateway.get("/");
                    assert!(matches!(answer.as_str(), "1" | "2"), "{answer}");
                }
            });
        }
        version(2);
        reload();
        eventually("the new version answers", || gateway.get("/") == "2");
        is_over.store(true, Ordering::Relaxed);
    });
}

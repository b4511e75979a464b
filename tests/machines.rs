//! Two of the finished server on machines of their own, behind HAProxy on a third: one is killed, one
//! loses its cable, one is told to stop, all under load.
//!
//! ```text
//!     client ── bridge ── HAProxy ── bridge ─┬─ gateway one
//!     10.83.0.4          10.83.0.1           └─ gateway two      each in a network namespace
//! ```
//!
//! Needs the right to make network namespaces; where that is refused the test is left out, and says so.

use check::TempFolder;
use check::binary::{Profile, gateway};
use check::needs::is_missing;
use std::collections::BTreeSet;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take to be noticed.
const PATIENCE: Duration = Duration::from_secs(20);

const HAPROXY: &str = "\
defaults
  mode http
  timeout connect 1s
  timeout client 20s
  timeout server 20s
  retries 2
  option redispatch
  retry-on conn-failure empty-response response-timeout
listen front
  bind 10.83.0.1:8080
  option httpchk GET /.health
  default-server check inter 100ms fall 2 rise 2 send-proxy-v2
  server one 10.83.0.2:8080
  server two 10.83.0.3:8080
";

/// A command's success.
fn run(words: &[&str]) -> bool {
    let status = Command::new(words[0]).args(&words[1..]).output();
    status.is_ok_and(|output| output.status.success())
}

fn ip(words: &str) -> bool {
    let words: Vec<&str> = ["ip"].into_iter().chain(words.split(' ')).collect();
    run(&words)
}

/// Four machines on one bridge; gone with the test.
struct Machines {
    prefix: String,
}

impl Machines {
    /// `None` where the system refuses.
    fn new() -> Option<Machines> {
        let machines = Machines {
            prefix: format!("byo{}", std::process::id() % 100_000),
        };
        machines.build().then_some(machines)
    }

    fn name(&self, number: u8) -> String {
        format!("{}-{number}", self.prefix)
    }

    fn build(&self) -> bool {
        let first = self.name(1);
        let made = (1..=4).all(|number| ip(&format!("netns add {}", self.name(number))));
        made && ip(&format!("-n {first} link add br0 type bridge"))
            && ip(&format!("-n {first} addr add 10.83.0.1/24 dev br0"))
            && ip(&format!("-n {first} link set br0 up"))
            && ip(&format!("-n {first} link set lo up"))
            && (2..=4).all(|number| self.plug(number))
    }

    /// A cable from the bridge to a machine.
    fn plug(&self, number: u8) -> bool {
        let (first, name) = (self.name(1), self.name(number));
        ip(&format!(
            "-n {first} link add p{number} type veth peer name eth0 netns {name}"
        )) && ip(&format!("-n {first} link set p{number} master br0"))
            && ip(&format!("-n {first} link set p{number} up"))
            && ip(&format!("-n {name} addr add 10.83.0.{number}/24 dev eth0"))
            && ip(&format!("-n {name} link set lo up"))
            && ip(&format!("-n {name} link set eth0 up"))
    }

    /// Pulls a machine's cable, or puts it back.
    fn cable(&self, number: u8, state: &str) {
        let first = self.name(1);
        assert!(ip(&format!("-n {first} link set p{number} {state}")));
    }

    /// A command that will run on a machine.
    fn command(&self, number: u8, words: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(number)]);
        command
            .args(words)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// What the client's machine is told by the front, asking so many times.
    fn load(&self, times: u32) -> Running {
        let url = format!("http://10.83.0.1:8080/who.txt?[1-{times}]");
        let words = [
            "curl",
            "--silent",
            "--max-time",
            "20",
            "--write-out",
            " %{http_code}\\n",
            &url,
        ];
        let mut command = self.command(4, &words);
        Running(command.stdout(Stdio::piped()).spawn().expect("it starts"))
    }

    /// The same once, as `name code`.
    fn ask(&self, path: &str) -> String {
        let url = format!("http://10.83.0.1:8080{path}");
        let words = [
            "curl",
            "--silent",
            "--max-time",
            "20",
            "--write-out",
            " %{http_code}",
            &url,
        ];
        let output = self.command(4, &words).output().expect("it runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Asks until that is the answer.
    #[track_caller]
    fn await_answer(&self, expected: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("/who.txt");
            if expected(&answer) {
                return;
            }
            assert!(Instant::now() < until, "still {answer}");
        }
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for number in 1..=4 {
            ip(&format!("netns delete {}", self.name(number)));
        }
    }
}

/// A program on a machine, killed with the test.
struct Running(Child);

impl Running {
    fn kill(&mut self) {
        self.0.kill().expect("it is ours");
        self.wait();
    }

    fn terminate(&self) {
        assert!(run(&["kill", "-s", "TERM", &self.0.id().to_string()]));
    }

    fn wait(&mut self) -> ExitStatus {
        self.0.wait().expect("it is ours")
    }

    /// Who has answered, of the load; every answer has to be one.
    #[track_caller]
    fn answers(mut self, times: u32) -> BTreeSet<String> {
        let mut text = String::new();
        let mut output = self.0.stdout.take().expect("it is piped");
        std::io::Read::read_to_string(&mut output, &mut text).expect("it is text");
        let lines: Vec<&str> = text.lines().collect();
        let lost: Vec<&&str> = lines
            .iter()
            .filter(|line| !line.ends_with(" 200"))
            .collect();
        assert!(
            lost.is_empty() && lines.len() == times as usize,
            "{} answers, {lost:?}",
            lines.len()
        );
        lines.into_iter().map(str::to_owned).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended, as some of them are made to.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The finished server on the second machine or the third.
fn server(machines: &Machines, number: u8, folder: &TempFolder) -> Running {
    let program = gateway(Profile::Dev).expect("it is built");
    let program = program.to_str().expect("a plain path");
    let root = folder.path().join(format!("root{number}"));
    let root = root.to_str().expect("a plain path");
    let addr = format!("10.83.0.{number}:8080");
    let cgi = format!("/cgi={}/cgi", folder.path().display());
    let words = [
        program,
        root,
        "--listen",
        &addr,
        "--cgi",
        &cgi,
        "--proxy-protocol",
        "--drain",
        "1s",
    ];
    let mut command = machines.command(number, &words);
    Running(command.stdout(Stdio::null()).spawn().expect("it starts"))
}

fn folder() -> std::io::Result<TempFolder> {
    let folder = TempFolder::new()?;
    folder.write("root2/who.txt", "two")?;
    folder.write("root3/who.txt", "three")?;
    folder.write("haproxy.conf", HAPROXY)?;
    let script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s' \"$REMOTE_ADDR\"\n";
    folder.write_script("cgi/addr", script)?;
    Ok(folder)
}

#[test]
fn what_can_be_saved_is_saved_when_a_machine_goes() {
    let test = "two machines behind HAProxy";
    if is_missing(test, &["ip", "haproxy", "curl"]) {
        return;
    }
    let Some(machines) = Machines::new() else {
        println!("skipped: {test} needs the right to make network namespaces");
        return;
    };
    let folder = folder().expect("a folder can be made");
    let conf = folder.path().join("haproxy.conf");
    let conf = conf.to_str().expect("a plain path");
    let mut haproxy = machines.command(1, &["haproxy", "-db", "-q", "-f", conf]);
    let _haproxy = Running(haproxy.spawn().expect("it starts"));
    lose_one_after_the_other(&machines, &folder);
}

/// Kills the second machine's server, stops the third's, and pulls the second's cable.
fn lose_one_after_the_other(machines: &Machines, folder: &TempFolder) {
    const TIMES: u32 = 3000;
    let mut two = server(machines, 2, folder);
    let mut three = server(machines, 3, folder);
    let both = || {
        machines.await_answer(|answer| answer == "two 200");
        machines.await_answer(|answer| answer == "three 200");
    };
    both();
    let client = machines.ask("/cgi/addr");
    assert_eq!(client, "10.83.0.4 200", "the client is itself");

    let load = machines.load(TIMES);
    both();
    two.kill();
    let seen = load.answers(TIMES);
    assert!(seen.contains("three 200"), "{seen:?}");

    let _two = server(machines, 2, folder);
    both();
    let load = machines.load(TIMES);
    both();
    three.terminate();
    load.answers(TIMES);
    assert!(three.wait().success(), "it ends in order");

    machines.cable(2, "down");
    machines.await_answer(|answer| answer.ends_with(" 503"));
    machines.cable(2, "up");
    machines.await_answer(|answer| answer == "two 200");
}

//! What the accept loop does when no descriptor is left.
//!
//! Each test runs itself again in a process of its own whose limit is low, so that filling that
//! house disturbs no other test.

use crate::common::{PATIENCE, StopAtEnd, connect, within_deadline};
use socket::{Stop, accept_until};
use std::fs::File;
use std::io::ErrorKind::{TimedOut, WouldBlock};
use std::io::{self, Read, Seek, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, thread};

/// Set in the process whose limit is low.
const INSIDE: &str = "SOCKET_FULL_HOUSE";
/// Descriptors of that process: enough to start, quickly used up.
const LIMIT: usize = 40;
/// What a guest hears who is let in.
const WORD: &str = "come in";
/// How long a guest stands outside before we believe that nobody is let in.
const OUTSIDE: Duration = Duration::from_millis(500);
/// Of the 50 clock ticks in that time: asking twenty times a second costs none, spinning all.
const IDLE_TICKS: u64 = 10;

/// Runs `scene` in a process with few descriptors, and returns what it said on standard error.
fn in_a_small_house(name: &str, scene: fn()) -> Option<String> {
    if env::var_os(INSIDE).is_some() {
        within_deadline(scene);
        return None;
    }
    let output = Command::new("sh")
        .args(["-c", "ulimit -n \"$1\" && shift && exec \"$@\"", "sh"])
        .arg(LIMIT.to_string())
        .arg(env::current_exe().expect("a test knows its file"))
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .expect("sh is there");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{}{said}",
        String::from_utf8_lossy(&output.stdout)
    );
    Some(said)
}

/// Opens files until the system refuses.
fn fill_the_house() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// Lets in one guest after another, with one word for each.
fn serve(listener: &TcpListener, stop: &Stop) -> io::Result<()> {
    accept_until(listener, stop, |mut stream| {
        // A guest who has left already is no failure of the loop's.
        let _ = stream.write_all(WORD.as_bytes());
    })
}

/// Tells the processor time of this process, where the system does (Linux).
///
/// The file is opened while that is still possible.
struct Clock(Option<File>);

impl Clock {
    fn new() -> Clock {
        Clock(File::open("/proc/self/stat").ok())
    }

    /// In clock ticks: fields 14 and 15 of proc_pid_stat(5); the name in brackets is the second.
    fn ticks(&mut self) -> Option<u64> {
        let file = self.0.as_mut()?;
        let mut stat = String::new();
        file.rewind().ok()?;
        file.read_to_string(&mut stat).ok()?;
        let after_name = stat.rsplit_once(')')?.1;
        let times = after_name.split_whitespace().skip(11).take(2);
        times.map(|time| time.parse::<u64>().ok()).sum()
    }
}

#[test]
fn guests_wait_for_a_free_place_and_are_served() {
    let said = in_a_small_house(
        "full_house::guests_wait_for_a_free_place_and_are_served",
        || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let addr = listener.local_addr().unwrap();
            let mut guests = [connect(addr), connect(addr)];
            let mut clock = Clock::new();
            let mut files = fill_the_house();
            let (stop, begun) = (Stop::new(), clock.ticks());
            thread::scope(|scope| {
                let server = scope.spawn(|| serve(&listener, &stop));
                let at_end = StopAtEnd(&stop);
                let [first, _] = &mut guests;
                first.set_read_timeout(Some(OUTSIDE)).unwrap();
                let error = first
                    .read(&mut [0])
                    .expect_err("nobody gets into a full house");
                assert!(matches!(error.kind(), WouldBlock | TimedOut), "{error}");
                if let (Some(begun), Some(ended)) = (begun, clock.ticks()) {
                    let spent = ended - begun;
                    assert!(
                        spent <= IDLE_TICKS,
                        "{spent} ticks of waiting: the loop spins"
                    );
                }
                files.pop();
                for mut guest in guests {
                    guest.set_read_timeout(Some(PATIENCE)).unwrap();
                    let mut word = String::new();
                    guest.read_to_string(&mut word).unwrap();
                    assert_eq!(word, WORD);
                }
                drop(at_end);
                server.join().unwrap().expect("a full house is not fatal");
            });
        },
    );
    if let Some(said) = said {
        let complaints = said.matches("waiting for a free place").count();
        assert_eq!(complaints, 1, "{said}");
    }
}

#[test]
fn stop_is_heard_in_a_full_house() {
    in_a_small_house("full_house::stop_is_heard_in_a_full_house", || {
        for _ in 0..20 {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let addr = listener.local_addr().unwrap();
            let stop = Stop::new();
            thread::scope(|scope| {
                let server = scope.spawn(|| serve(&listener, &stop));
                let at_end = StopAtEnd(&stop);
                let mut word = String::new();
                connect(addr).read_to_string(&mut word).unwrap();
                // The loop has let a guest out and sleeps in accept again, or is about to.
                let _files = fill_the_house();
                drop(at_end);
                server.join().unwrap().expect("a full house is not fatal");
            });
        }
    });
}

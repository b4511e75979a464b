//! The grader's checks, held against the course's own servers and against broken ones.
//!
//! The table that `broken` prints says which checks each broken server fails; here it is held to
//! that, and the checks to noticing.

use check::grader::{CHECKS, Check, Needs, Patience, Problem, Subject, Tree, Verdict, find};
use check::needs::is_missing;
use check::{TempFolder, for_every_server};
use concurrency::SERVERS;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, sync::Mutex, thread};

const BROKEN: &str = env!("CARGO_BIN_EXE_broken");

/// Broken servers that are judged at once: most of the time is spent waiting.
const AT_ONCE: usize = 8;

/// What a broken server is told, after its name.
const PLACES: [&str; 9] = [
    "{addr}",
    "{root}",
    "{cgi}",
    "{upstream}",
    "{other}",
    "{fastcgi}",
    "{scgi}",
    "{uwsgi}",
    "{wsgi}",
];

/// What a verdict may take without being mentioned.
const SLOW: Duration = Duration::from_secs(10);

static TREE: LazyLock<Tree> = LazyLock::new(|| Tree::new().expect("the files can be written"));

#[test]
fn every_server_of_the_ladder_passes_the_checks_of_steps_two_and_three() {
    for_every_server(|_, serve| {
        let subject = Subject::function(serve);
        let mut wrong = Vec::new();
        for check in CHECKS.iter().filter(|check| [2, 3].contains(&check.step())) {
            match (check.run)(&subject, &TREE) {
                Ok(()) => {}
                Err(Problem::Wrong(finding)) => wrong.push(format!("{}: {finding}", check.id)),
                Err(problem) => wrong.push(format!("{}: {problem:?}", check.id)),
            }
        }
        wrong
    });
}

/// Those of the ladder that can wait for two at once, as functions: below they are an executable.
#[test]
fn servers_of_the_ladder_pass_the_checks_of_whoever_stands_behind_them() {
    let asked = |check: &&Check| {
        let behind = [Needs::FastCgi, Needs::Wires, Needs::Proxy];
        behind.contains(&check.needs)
    };
    for name in ["threads", "epoll"] {
        let mut servers = SERVERS.into_iter();
        let (_, serve) = servers.find(|(each, _)| *each == name).expect(name);
        let subject = Subject::function(serve);
        for check in CHECKS.iter().filter(asked) {
            match (check.run)(&subject, &TREE) {
                Ok(()) => {}
                Err(Problem::Wrong(finding)) => panic!("{name}, {}: {finding}", check.id),
                Err(problem) => panic!("{name}, {}: {problem:?}", check.id),
            }
        }
    }
}

/// The course's own servers of steps 1, 4 and 5, where not every server of the ladder is right.
#[test]
fn the_courses_own_servers_pass_the_checks_of_steps_one_four_and_five() {
    for check in CHECKS
        .iter()
        .filter(|check| [1, 4, 5].contains(&check.step()))
    {
        let subject = check
            .reference()
            .expect("the course's programs can be built");
        match (check.run)(&subject, &TREE) {
            Ok(()) => {}
            Err(Problem::Wrong(finding)) => panic!("{}: {finding}", check.id),
            Err(Problem::NotJudged(why)) => not_judged(check, &why),
            Err(problem) => panic!("{}: {problem:?}", check.id),
        }
    }
}

/// What is beyond the course, and done by its gateway all the same.
#[test]
fn the_courses_own_proxy_passes_the_check_of_tunnels() {
    let check = find("5l").expect("it is in the table");
    let subject = check.reference().expect("the gateway can be built");
    if let Err(problem) = (check.run)(&subject, &TREE) {
        panic!("{problem:?}");
    }
}

/// What this machine does not allow is left out, but not where it has to be allowed.
fn not_judged(check: &Check, why: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
    println!("skipped: {} {}: {why}", check.id, check.title);
}

/// Kinds of servers, and what those of a kind do.
const KINDS: [(&str, &str); 12] = [
    ("doors", "Servers that open a door"),
    ("echoes", "Servers that send back what they get"),
    ("lines", "Servers that answer lines"),
    ("patient", "Servers that wait"),
    ("messages", "Servers of pages"),
    ("files", "Servers of files"),
    ("company", "Servers of many at once"),
    ("programs", "Servers that run programs"),
    ("applications", "Servers that ask over FastCGI"),
    ("wires", "Servers that ask over any wire"),
    ("python", "Servers that run Python"),
    ("proxies", "Servers that hand requests on"),
];

/// A broken server, and the checks that have to notice.
#[derive(Debug, Clone)]
struct Flaw {
    name: String,
    kind: String,
    fails: Vec<String>,
}

fn flaws() -> Vec<Flaw> {
    let output = Command::new(BROKEN).output().expect("it was built");
    let table = String::from_utf8(output.stdout).expect("names are text");
    let row = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut word = || words.next().expect("a row begins with a name and a kind");
        let (name, kind) = (word(), word());
        let fails = words.collect();
        Flaw { name, kind, fails }
    };
    table.lines().map(row).collect()
}

impl Flaw {
    /// The checks of its kind: in others it has no part.
    fn checks(&self) -> Vec<Check> {
        let belongs = |check: &Check| match check.needs {
            Needs::Address => self.kind == "doors",
            Needs::Echoes => self.kind == "echoes",
            Needs::Patience => self.kind == "patient",
            Needs::Lines => self.kind == "lines",
            Needs::Pages | Needs::PagesAndEcho => self.kind == "messages",
            Needs::Files => self.kind == "files",
            Needs::Company | Needs::Slow | Needs::Panics => self.kind == "company",
            Needs::Programs => self.kind == "programs",
            Needs::FastCgi => self.kind == "applications",
            Needs::Wires => self.kind == "wires",
            Needs::Wsgi => self.kind == "python",
            Needs::Proxy => self.kind == "proxies",
            // Each of these has a broken server of its own, beside its exercise.
            Needs::Chat
            | Needs::Uploads
            | Needs::Sorted
            | Needs::ErrorPages
            | Needs::Executor
            | Needs::Limited
            | Needs::Quiet
            | Needs::Counted
            | Needs::Guarded
            | Needs::Sendfile
            | Needs::Cached
            | Needs::Examined
            | Needs::Tunnels => false,
        };
        CHECKS.into_iter().filter(belongs).collect()
    }

    fn mark(&self, id: &str) -> &'static str {
        match self.fails.iter().any(|failed| failed == id) {
            true => "✗",
            false => "·",
        }
    }

    /// What it gets wrong, in the words of its own file; nothing for one that is right.
    fn misconception(&self) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/broken");
        let file = fs::read_to_string(format!("{folder}/{}.rs", self.name));
        let file = file.unwrap_or_default();
        let lines = file.lines().map_while(|line| line.strip_prefix("//! "));
        lines.collect::<Vec<_>>().join(" ")
    }

    /// Judges it; what is wrong is a verdict that was not to be expected.
    fn judge(&self) -> (String, Vec<String>) {
        let words = [BROKEN, &self.name].into_iter().chain(PLACES);
        let subject = Subject::words(words.map(str::to_owned).collect());
        let (mut row, mut wrong) = (String::new(), Vec::new());
        for check in self.checks() {
            let claims = self.fails.iter().any(|id| id == check.id);
            // Who is known to fail may do so by hanging; nobody learns more by waiting longer.
            let subject = match claims {
                true => subject.clone().within(Patience::SHORT),
                false => subject.clone(),
            };
            let (verdict, took) = verdict(&check, &subject);
            if took > SLOW {
                println!("{} takes {took:.1?} for {}", self.name, check.id);
            }
            let mark = if verdict.is_ok() { "." } else { "x" };
            row.push_str(&format!(" {}{mark}", check.id));
            match verdict {
                Ok(()) if claims => wrong.push(format!("{} lets it pass", check.id)),
                Err(Problem::Wrong(finding)) if !claims => {
                    wrong.push(format!("{} fails it: {finding}", check.id));
                }
                Ok(()) | Err(Problem::Wrong(_)) => {}
                Err(Problem::NotJudged(why)) => not_judged(&check, &why),
                Err(problem) => wrong.push(format!("{}: {problem:?}", check.id)),
            }
        }
        (row, wrong)
    }
}

fn verdict(check: &Check, subject: &Subject) -> (Verdict, Duration) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = check.is_alone().then(|| ALONE.lock());
    let started = Instant::now();
    ((check.run)(subject, &TREE), started.elapsed())
}

#[test]
fn a_broken_server_fails_its_checks_and_no_others() {
    let (flaws, next) = (flaws(), AtomicUsize::new(0));
    let (rows, wrong) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let work = || {
        while let Some(flaw) = flaws.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (row, found) = flaw.judge();
            let name = &flaw.name;
            rows.lock().unwrap().push(format!("{name:28}{row}"));
            let found = found.iter().map(|what| format!("{name}: {what}"));
            wrong.lock().unwrap().extend(found);
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    println!("x: failed, as it has to be\n{}", rows.join("\n"));
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Who fails what, as the test above holds it true: a table for each kind of server.
fn matrix() -> String {
    let flaws = flaws();
    let mut text = String::new();
    for (kind, what) in KINDS {
        let kind: Vec<&Flaw> = flaws.iter().filter(|flaw| flaw.kind == kind).collect();
        let checks = kind[0].checks();
        let ids: Vec<&str> = checks.iter().map(|check| check.id).collect();
        let rule = "---|".repeat(ids.len() + 2);
        text += &format!(
            "### {what}\n\n| server | {} | |\n|{rule}\n",
            ids.join(" | ")
        );
        for flaw in kind {
            let marks: Vec<&str> = ids.iter().map(|id| flaw.mark(id)).collect();
            let (name, marks) = (&flaw.name, marks.join(" | "));
            text += &format!("| `{name}` | {marks} | {} |\n", flaw.misconception());
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_appendix_shows_who_fails_what() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../book/chapters/appendix/checks-matrix.txt"
    );
    if env::var_os("BLESS").is_some() {
        fs::write(page, matrix()).expect("the page can be written");
    }
    let shown = fs::read_to_string(page).unwrap_or_default();
    assert_eq!(shown, matrix(), "BLESS=1 writes {page}");
}

#[test]
fn every_check_has_a_server_that_fails_it() {
    let claimed: Vec<String> = flaws().into_iter().flat_map(|flaw| flaw.fails).collect();
    let idle: Vec<&str> = CHECKS
        .iter()
        .map(|check| check.id)
        .filter(|id| !claimed.iter().any(|claim| claim == id))
        .collect();
    assert!(idle.is_empty(), "no broken server fails {idle:?}");
}

/// Holds a server in another language to the checks of steps 1 and 2.
#[track_caller]
fn check_foreign(command: &str) {
    for (line, is_asked) in [
        (
            format!("{command} {{port}} echo"),
            is_echo as fn(&Check) -> bool,
        ),
        (format!("{command} {{port}}"), is_messages),
    ] {
        let subject = Subject::command(&line).expect("it says where to listen");
        for check in CHECKS.iter().filter(|check| is_asked(check)) {
            match (check.run)(&subject, &TREE) {
                Ok(()) => {}
                Err(Problem::Wrong(finding)) => panic!("{line}: {}: {finding}", check.id),
                Err(problem) => panic!("{line}: {}: {problem:?}", check.id),
            }
        }
    }
}

fn is_echo(check: &Check) -> bool {
    check.needs == Needs::Echoes
}

fn is_messages(check: &Check) -> bool {
    matches!(check.needs, Needs::Pages | Needs::PagesAndEcho)
}

#[test]
fn a_server_in_python_passes() {
    if is_missing("a_server_in_python_passes", &["python3"]) {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign/server.py");
    check_foreign(&format!("python3 '{script}'"));
}

#[test]
fn a_server_in_c_passes() {
    if is_missing("a_server_in_c_passes", &["cc"]) {
        return;
    }
    let folder = TempFolder::new().expect("a folder can be made");
    let program = folder.path().join("server");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign/server.c");
    let compiled = Command::new("cc")
        .args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&program)
        .arg(source)
        .output()
        .expect("the compiler runs");
    let said = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{said}");
    check_foreign(&format!("'{}'", program.display()));
}

//! The grader, calibrated: nginx and Apache from Debian, held to every check of steps 2 to 5, and to those
//! beyond the course.
//!
//! What each of them does is written down below, with the finding that a check it fails reports. A
//! change in either of them, or in a check, fails this suite; and so does a check whose label says
//! something else than these servers do.
//!
//! With `BLESS=1` the table is written to the page of the book's appendix that includes it.
#![forbid(unsafe_code)]

use check::grader::{CHECKS, Check, EXTENSIONS, Label, Needs, Problem, Subject, Tree};
use check::needs::{find, is_missing};
use check::{Executable, TempFolder};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{env, fs, thread};

const BROKEN: &str = env!("CARGO_BIN_EXE_broken");

/// Checks that are run at once: most of the time is spent waiting.
const AT_ONCE: usize = 4;

/// Where Debian keeps Apache's modules.
const MODULES: &str = "/usr/lib/apache2/modules";

/// What a server does in a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passes,
    /// Fails it, beginning with this.
    Fails(&'static str),
    /// It has nothing that could be asked.
    NotAsked,
}

use Outcome::{Fails, NotAsked, Passes};

/// Check, nginx, Apache, and where they part, or part from the course.
type Row = (&'static str, Outcome, Outcome, &'static str);

const EXPECTED: &[Row] = &[
    ("2a", Passes, Passes, ""),
    ("2b", Passes, Passes, ""),
    ("2c", Passes, Passes, ""),
    ("2d", Passes, Passes, ""),
    (
        "2e",
        Passes,
        Passes,
        "behind nginx, a program of the gallery echoes; behind Apache, a CGI program",
    ),
    (
        "2f",
        Passes,
        Passes,
        "for a size beyond 64 bits Apache says 413, which the check takes as well",
    ),
    ("2g", Passes, Passes, ""),
    ("2h", Passes, Passes, ""),
    ("3a", Passes, Passes, ""),
    (
        "3b",
        Passes,
        Passes,
        "nginx only with `disable_symlinks`: without, a link leads out of the root",
    ),
    ("3c", Passes, Passes, ""),
    (
        "3d",
        Fails("a folder of odd names"),
        Fails("a folder of odd names"),
        "both list names that are no UTF-8 as they are, Apache in a page that claims ISO 8859-1",
    ),
    (
        "3e",
        Fails("the tag and an earlier date"),
        Fails("the tag and an earlier date"),
        "where there are a tag and a date, both want the two to match; RFC 9110 §13.2.2 lets the tag decide",
    ),
    (
        "3f",
        Fails("a range that runs backwards"),
        Fails("past the end"),
        "nginx says 416 to a range that runs backwards; Apache's 416 does not say how long the file is",
    ),
    ("3g", Passes, Passes, ""),
    (
        "3h",
        Fails("a method that a file does not have"),
        Fails("a method that a file does not have"),
        "nginx's 405 has no Allow; Apache answers POST as if it were GET",
    ),
    ("4a", Passes, Passes, ""),
    ("4b", Passes, Passes, ""),
    ("4c", Passes, Passes, ""),
    (
        "4d",
        Passes,
        Passes,
        "nginx says 502 for the program behind it, Apache 500",
    ),
    (
        "4e",
        Passes,
        NotAsked,
        "Apache is not asked: a new connection holds one of its 150 workers for the two seconds it has for a head, so the verdict is a matter of luck",
    ),
    (
        "4f",
        Passes,
        Fails("ordinary requests beside two hundred clients that read a file of 2 GiB in sips"),
        "a slow download holds a worker, and there are 150 of them",
    ),
    ("4g", Passes, Passes, ""),
    (
        "4h",
        Fails("fifty downloads under way when the server is asked to end (SIGTERM)"),
        Fails("fifty downloads under way when the server is asked to end (SIGTERM)"),
        "to both, SIGTERM means now; the signal that means later is SIGQUIT to nginx, SIGWINCH to Apache",
    ),
    ("5a", NotAsked, Passes, "nginx runs no CGI programs"),
    (
        "5b",
        NotAsked,
        Fails("5 MiB through a program that sends back what it gets"),
        "mod_cgid writes all of a request's content before it reads; the program waits, and is ended",
    ),
    (
        "5c",
        Fails("an application that leaves in the middle of its content"),
        Fails("an application that leaves without a word"),
        "nginx ends an answer well that broke off over FastCGI; Apache says 503 where it got none",
    ),
    (
        "5d",
        NotAsked,
        Fails("an application over SCGI"),
        "nginx runs no CGI programs; over SCGI, Apache hands PATH_INFO on with its escapes, and decodes it elsewhere",
    ),
    (
        "5e",
        NotAsked,
        Fails("an application that fails in the middle of its answer"),
        "nginx runs no Python; Apache starts one for each request, and a CGI program that fails ends like any \
         other",
    ),
    (
        "5f",
        Fails("fields that are about the client's connection"),
        Passes,
        "nginx hands on the fields that Connection names, and does not add itself to Via",
    ),
    (
        "5g",
        Fails("an upstream that answers in no language"),
        Fails("an upstream that answers in no language"),
        "both take an answer without a status line for one of HTTP/0.9, and hand it on",
    ),
    ("5h", Passes, Passes, ""),
    (
        "1h",
        NotAsked,
        NotAsked,
        "neither is about anything but HTTP",
    ),
    (
        "2i",
        NotAsked,
        NotAsked,
        "neither tells how far an upload has come: nginx has a module for it, which is not its own",
    ),
    (
        "3i",
        Fails("a listing and a query"),
        Fails("a listing and a query"),
        "nginx sorts by name alone; Apache has all orders, in words of its own (`?C=S;O=D`)",
    ),
    (
        "3j",
        Fails("a method that a file does not have"),
        Fails("HEAD of what failed, then a file"),
        "nginx's 405 has no Allow; Apache hears nothing more on a connection after a 503",
    ),
    (
        "4i",
        Fails("fifty downloads under way when the server is asked to end (SIGTERM)"),
        NotAsked,
        "as in 4h; Apache is not asked: it has a thread for each request",
    ),
    (
        "4j",
        Passes,
        NotAsked,
        "Apache is not asked: it limits octets in a second, not requests",
    ),
    ("4k", Passes, NotAsked, "Apache is not asked, as in 4e"),
    (
        "5i",
        NotAsked,
        Passes,
        "nginx runs no applications; Apache's is a CGI program, and the lines are its access log",
    ),
    (
        "5j",
        NotAsked,
        NotAsked,
        "nginx has it as X-Accel-Redirect, and runs no programs; Apache has it from a module that is not its \
         own",
    ),
    (
        "5k",
        Fails("the same page twice, good for a minute"),
        Fails("a page that sets a cookie"),
        "nginx does not say how old an answer is; Apache keeps what sets a cookie, as RFC 9111 lets it",
    ),
    (
        "5l",
        Fails("a client that ends its side, and waits for the answer"),
        Passes,
        "nginx ends a tunnel with whichever side ends first",
    ),
    (
        "5m",
        NotAsked,
        Passes,
        "nginx asks nobody how they are: that is sold (NGINX Plus)",
    ),
    ("5n", Passes, Passes, ""),
];

impl Outcome {
    fn mark(self) -> &'static str {
        match self {
            Passes => "passes",
            Fails(_) => "fails",
            NotAsked => "",
        }
    }
}

/// A server of Debian's, and the commands that start it: for the checks of the course, and for those
/// beyond it.
struct Peer {
    name: &'static str,
    subject: Subject,
    beyond: Subject,
}

/// What runs beside them, and what they are configured with; gone on drop.
struct Bench {
    tree: Tree,
    folder: TempFolder,
    /// Behind nginx: one that echoes, and one that takes its time.
    behind: [Executable; 2],
}

impl Bench {
    fn new() -> Bench {
        let tree = Tree::new().expect("the files can be written");
        let (root, programs) = (tree.root(), tree.programs());
        let start = |name| {
            let programs = programs.to_string_lossy();
            let words = [BROKEN, name, "{addr}", "{root}", &programs];
            Executable::start(&words, &root, None).expect("a right server starts")
        };
        let behind = [start("right_messages"), start("right_company")];
        let folder = TempFolder::new().expect("a folder can be made");
        Bench {
            tree,
            folder,
            behind,
        }
    }

    fn peer(&self, name: &'static str, command: &str) -> Peer {
        let beyond = format!("{name}-beyond");
        Peer {
            name,
            subject: self.subject(name, command),
            beyond: self.subject(&beyond, command),
        }
    }

    /// A peer whose configuration is filled in when it is started: only then it has a port.
    fn subject(&self, name: &str, command: &str) -> Subject {
        let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");
        let place = self.folder.path().join("{port}");
        let place = place.display();
        let [echo, slow] = &self.behind;
        let conf = format!("{ours}/{name}.conf");
        let script = format!(
            "mkdir -p '{place}/cache' && chmod 777 '{place}/cache' '{{wsgi}}' && \
             sed -e 's|ADDR|{{addr}}|; s|ROOT|{{root}}|; s|PROGRAMS|{{cgi}}|' \
             -e 's|PYTHON|{{wsgi}}|; s|PLACE|{place}|; s|OURS|{ours}|; s|MODULES|{MODULES}|' \
             -e 's|ECHO|{}|; s|SLOW|{}|; s|UPSTREAM|{{upstream}}|; s|OTHER|{{other}}|' \
             -e 's|FASTCGI|{{fastcgi}}|; s|SCGI|{{scgi}}|; s|UWSGI|{{uwsgi}}|' '{conf}' >'{place}/conf' && \
             exec {command} '{place}/conf'",
            echo.addr(),
            slow.addr()
        );
        let words = ["sh", "-c", &script].map(str::to_owned);
        Subject::words(words.to_vec())
    }

    fn peers(&self) -> [Peer; 2] {
        let place = self.folder.path().display();
        [
            self.peer("nginx", &format!("nginx -e stderr -p '{place}' -c")),
            // An arena of memory for each of its threads would look like growth.
            self.peer("apache", "env MALLOC_ARENA_MAX=1 apache2 -DFOREGROUND -f"),
        ]
    }
}

/// What has come of a check: nothing, or what the finding is about, and all of it.
#[derive(Debug)]
struct Came(Option<(&'static str, String)>);

fn judge(check: &Check, peer: &Peer, tree: &Tree) -> Came {
    static ALONE: Mutex<()> = Mutex::new(());
    // What takes the whole machine is judged alone.
    let alone = check.step() == 4;
    let _alone = alone.then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
    let is_beyond = EXTENSIONS.iter().any(|beyond| beyond.id == check.id);
    // Of an executor, all that step 4 asks for is asked once more.
    let subject = match is_beyond && check.needs != Needs::Executor {
        true => &peer.beyond,
        false => &peer.subject,
    };
    Came(match (check.run)(subject, tree) {
        Ok(()) => None,
        // Where an RFC is said to decide, the finding has to name it.
        Err(Problem::Wrong(finding))
            if check.label == Label::Rfc && !finding.proof.rule.starts_with("RFC") =>
        {
            Some(("", format!("no RFC decides: {finding}")))
        }
        Err(Problem::Wrong(finding)) => Some((finding.proof.what, finding.to_string())),
        Err(problem) => Some(("", format!("{problem:?}"))),
    })
}

impl Came {
    /// What is wrong with it, where it is not as expected.
    fn surprise(&self, expected: Outcome) -> Option<String> {
        let as_expected = match (expected, &self.0) {
            (Passes, None) => true,
            (Fails(what), Some((found, _))) => what == *found,
            (Passes, Some(_)) | (Fails(_), None) | (NotAsked, _) => false,
        };
        let found = self.0.as_ref().map_or("it passes", |(_, text)| text);
        (!as_expected).then(|| format!("{expected:?} was expected; {found}"))
    }
}

fn checks() -> Vec<Check> {
    let course = CHECKS.into_iter().filter(|check| check.step() > 1);
    course.chain(EXTENSIONS).collect()
}

fn expected(check: &Check) -> &'static Row {
    let row = EXPECTED.iter().find(|row| row.0 == check.id);
    row.unwrap_or(&("", NotAsked, NotAsked, ""))
}

#[test]
fn nginx_and_apache_do_what_is_written_down() {
    let name = "nginx_and_apache_do_what_is_written_down";
    if is_missing(name, &["nginx", "apache2"]) {
        return;
    }
    assert!(find("sed").is_some(), "sed belongs to every POSIX system");
    let bench = Bench::new();
    let (peers, checks) = (bench.peers(), checks());
    let asked = |(peer, check): &(usize, &Check)| {
        let row = expected(check);
        [row.1, row.2][*peer] != NotAsked
    };
    let jobs: Vec<(usize, &Check)> = (0..peers.len())
        .flat_map(|peer| checks.iter().map(move |check| (peer, check)))
        .filter(asked)
        .collect();
    let (next, surprises) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((at, check)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (peer, row) = (&peers[*at], expected(check));
            let came = judge(check, peer, &bench.tree);
            if let Some(what) = came.surprise([row.1, row.2][*at]) {
                let mut surprises = surprises.lock().unwrap_or_else(PoisonError::into_inner);
                surprises.push(format!("{} {}: {what}", check.id, peer.name));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    println!("{}", table());
    let surprises = surprises
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    assert!(surprises.is_empty(), "{}", surprises.join("\n\n"));
}

#[test]
fn what_both_do_is_called_agreed_and_nothing_else_is() {
    for check in checks() {
        let (_, nginx, apache, _) = *expected(&check);
        let is_agreed = (nginx, apache) == (Passes, Passes);
        assert_eq!(check.label == Label::Agreed, is_agreed, "{}", check.id);
    }
}

/// The table of the appendix.
fn table() -> String {
    let mut text = String::from(
        "| check | | whose rule | nginx | Apache | where they part |\n|---|---|---|---|---|---|\n",
    );
    for check in checks() {
        let (_, nginx, apache, why) = *expected(&check);
        let label = match check.label {
            Label::Agreed => "both agree",
            Label::Rfc => "the RFC",
            Label::Course => "the course",
        };
        let (id, title) = (check.id, check.title);
        let (nginx, apache) = (nginx.mark(), apache.mark());
        let row = format!("| {id} | {title} | {label} | {nginx} | {apache} | {why} |\n");
        text.push_str(&row);
    }
    text
}

#[test]
fn the_appendix_shows_this_table() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = page.join("../book/chapters/appendix/checks-peers.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&page, table()).expect("the page can be written");
    }
    let shown = fs::read_to_string(&page).unwrap_or_default();
    assert_eq!(shown, table(), "BLESS=1 writes {}", page.display());
}

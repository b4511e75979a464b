//! The workbook and the verbs around it, as a learner types them: the real program, in a folder that is
//! not the course's.
#![forbid(unsafe_code)]

#[path = "workbook/learner.rs"]
mod learner;

use check::{free_port, needs};
use learner::{BOOK, Learner, Running};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What all of them stand for: small, and first.
const ID: &str = "1b";

#[test]
fn a_workbook_is_made_once_and_never_written_over() {
    let learner = Learner::started();
    let (file, name) = (learner.file("1b.rs"), learner.workbook());
    let name = name.to_string_lossy();
    fs::write(&file, "mine").unwrap();
    learner.types(&["start"]).with(0, &["Nothing is new"]);
    let taken = learner.file("5a.rs");
    fs::remove_file(&taken).unwrap();
    learner
        .types(&["start", "--at", &name])
        .with(0, &["New in your workbook: 5a."]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert!(taken.exists());
    if needs::find("git").is_some() {
        assert!(learner.file(".git").is_dir());
    }
}

#[test]
fn the_first_word_is_that_red_is_expected() {
    let learner = Learner::new();
    let name = learner.workbook().display().to_string();
    let expected = ["Every exercise fails at first", "red", "cargo course next"];
    learner.types(&["start", "--at", &name]).with(0, &expected);
}

#[test]
fn a_crate_of_somebody_else_does_not_become_a_workbook() {
    let learner = Learner::new();
    let manifest = learner
        .folder
        .write(&format!("{}/Cargo.toml", learner.name), "[package]\n")
        .unwrap();
    learner
        .types(&["start", "--at", &learner.workbook().display().to_string()])
        .with(1, &["no workbook", "another folder"]);
    assert_eq!(fs::read_to_string(manifest).unwrap(), "[package]\n");
}

#[test]
fn an_exercise_goes_from_red_to_green() {
    let learner = Learner::left_with(ID);
    learner.types(&["list"]).with(0, &["· 1b", "← next"]);
    learner
        .types(&["next"])
        .with(0, &["1b Echo to the end", "1b.rs", "check 1b"]);
    let told = [
        "checking your 1b",
        "failed",
        "came back",
        "`cargo course hint 1b`",
    ];
    learner.types(&["check"]).with(1, &told);
    learner.types(&["list"]).with(0, &["✗ 1b", "← next"]);

    learner.solves(ID);
    let told = ["1b  Echo to the end", "passed", "1b is solved", "diff 1b"];
    learner.types(&["check", ID]).with(0, &told);
    learner.types(&["list"]).with(0, &["✓ 1b"]);
    learner
        .types(&["next"])
        .with(0, &["Every exercise is solved"]);
    learner.types(&["diff", ID]).with(0, &["letter for letter"]);
    learner.types(&["solution", ID]).with(0, &["fn echo"]);

    let file = learner.file("1b.rs");
    let mine = fs::read_to_string(&file)
        .unwrap()
        .replace("[0; 4096]", "[0; 512]");
    fs::write(&file, mine).unwrap();
    let lines = [
        "@@",
        "-    let mut buf = [0; 512];",
        "+    let mut buf = [0; 4096];",
    ];
    learner.types(&["diff", ID]).with(0, &lines).without("\x1b");

    learner
        .types(&["reset", ID])
        .with(0, &["as it was", "1b.old1.rs"]);
    let kept = fs::read_to_string(learner.file("1b.old1.rs")).unwrap();
    assert!(kept.contains("[0; 512]"));
    learner.types(&["list"]).with(0, &["· 1b", "← next"]);
}

#[test]
fn cargo_test_judges_one_exercise_without_a_network() {
    let learner = Learner::started();
    let words = ["test", "--offline", "--quiet", "--test", ID];
    learner
        .cargo(&words)
        .with(1, &["not yet", "`cargo course hint 1b`"]);
    learner.types(&["list"]).with(0, &["✗ 1b"]);
    learner.solves(ID);
    learner.cargo(&words).with(0, &["solved"]);
    learner.types(&["list"]).with(0, &["✓ 1b"]);
}

#[test]
fn what_the_compiler_says_is_shown_as_it_says_it() {
    let learner = Learner::started();
    let file = learner.file("1b.rs");
    let code = fs::read_to_string(&file).unwrap();
    fs::write(&file, code.replace("Ok(count as u64)", "Ok(count)")).unwrap();
    let told = ["error[E0308]", "-->", "1b.rs:", "1b.rs does not compile"];
    learner
        .types(&["check", ID])
        .with(2, &told)
        .without("\"reason\"");
    learner.types(&["list"]).with(0, &["✗ 1b"]);
}

#[test]
fn without_a_workbook_the_courses_own_server_is_judged() {
    let learner = Learner::new();
    // No place that could be one.
    let nowhere = learner.folder.path().join("nowhere");
    let mut command = learner.command(&BOOK, &["check", ID]);
    command.env("COURSE_WORKBOOK", &nowhere);
    let said = learner::Said::from(command.output().unwrap());
    said.with(0, &["checking the course's own server", "1 of 1 passed"]);
    let mut command = learner.command(&BOOK, &["reset", ID]);
    command.env("COURSE_WORKBOOK", &nowhere);
    let said = learner::Said::from(command.output().unwrap());
    said.with(1, &["no workbook at", "cargo course start"]);

    let learner = Learner::started();
    let own = ["checking the course's own server", "1 of 1 passed"];
    learner.types(&["check", ID, "--reference"]).with(0, &own);
}

#[test]
fn an_exercise_that_is_not_there_yet_is_told_with_what_adds_it() {
    let learner = Learner::left_with(ID);
    fs::remove_file(learner.file("1b.rs")).unwrap();
    let added = ["Not in your workbook yet: 1.", "cargo course start"];
    learner.types(&["list"]).with(0, &added);
    let told = ["there is no", "1b.rs", "cargo course start"];
    learner.types(&["check"]).with(2, &told);
    learner.types(&["run", ID]).with(1, &told);
}

#[test]
fn who_ends_a_build_loses_nothing_and_is_told_so() {
    let learner = Learner::left_with("");
    let builds = "#!/bin/sh\necho it builds >&2\nexec sleep 600\n";
    let cargo = learner.folder.write("cargo", builds).unwrap();
    fs::set_permissions(&cargo, Permissions::from_mode(0o755)).unwrap();
    for (verb, status) in [("check", 130), ("run", 1)] {
        let mut command = learner.command(&BOOK, &[verb, ID]);
        command.env("CARGO", &cargo);
        let mut running = Running::start(command);
        running.says("it builds");
        running.tell("INT");
        running.says(&format!("Nothing is lost: `cargo course {verb} {ID}`"));
        assert_eq!(running.ends(), Some(status), "{}", running.heard());
        learner.types(&["list"]).with(0, &["✓ 1b"]);
    }
}

#[test]
fn hints_come_one_by_one_and_end() {
    let learner = Learner::left_with(ID);
    for number in 1..=3 {
        let told = format!("1b, hint {number} of 3");
        learner.types(&["hint"]).with(0, &[&told]);
    }
    learner.types(&["hint"]).with(0, &["no further hint"]);
    learner.types(&["hint", ID, "2"]).with(0, &["hint 2 of 3"]);
    learner
        .types(&["hint", ID, "9"])
        .with(0, &["no further hint"]);
    learner.types(&["hint", ID]).with(0, &["no further hint"]);
}

#[test]
fn nothing_is_given_away_unasked() {
    let learner = Learner::left_with(ID);
    for verb in ["solution", "diff"] {
        let refused = learner.types(&[verb]).with(1, &["not solved yet", "--yes"]);
        refused.without("Interrupted");
        learner.types(&[verb, "--yes"]).with(0, &["Interrupted"]);
    }
}

#[test]
fn a_prediction_is_compared_with_what_comes_and_remembered() {
    let learner = Learner::started();
    let question = ["Half a line", "a> knoc", "what comes back", "no-line-end …"];
    learner
        .types(&["predict", "no-line-end"])
        .with(0, &question);
    let told = ["You said", "nothing", "It was", "knoc", "Chapter 1.2"];
    learner
        .types(&["predict", "no-line-end", "nothing"])
        .with(1, &told);
    learner
        .types(&["predict", "--list"])
        .with(0, &["✗ no-line-end"]);
    learner
        .types(&["predict", "no-line-end", "knoc"])
        .with(0, &["As you said: knoc"]);
    learner
        .types(&["predict", "--list"])
        .with(0, &["✓ no-line-end"]);
    learner
        .types(&["predict"])
        .with(0, &[])
        .without("Half a line");
    learner
        .types(&["predict", "half-line"])
        .with(1, &["Did you mean"]);
}

#[test]
fn a_slip_of_the_finger_gets_a_suggestion() {
    let learner = Learner::started();
    learner
        .types(&["hint", "1B"])
        .with(1, &["no exercise `1B`", "Did you mean 1b?"]);
    learner
        .types(&["hint", "1.2"])
        .with(1, &["no exercise `1.2`", "Chapter 1.2 has 1b."]);
    learner
        .types(&["next", "1b"])
        .with(2, &["unexpected argument"]);
    learner.types(&["chekc"]).with(2, &["similar", "'check'"]);
    learner
        .types(&["check", "B1"])
        .with(2, &["no check `B1`", "Did you mean 1b?"]);
    learner
        .types(&["read", "34"])
        .with(1, &["no chapter `34`", "Did you mean 3.4?"]);
    let built = ["step 9 has no server", "step03"];
    learner.types(&["run", "step9"]).with(1, &built);
}

#[test]
fn who_is_asked_decides() {
    if needs::is_missing("the test of a question", &["script"]) {
        return;
    }
    let learner = Learner::left_with(ID);
    let line = format!("'{}' solution {ID}", BOOK.display());
    let asked = |answer: &str| {
        let command = learner.command(Path::new("script"), &["-q", "-e", "-c", &line, "/dev/null"]);
        let mut asked = Running::start(command);
        asked.types(answer);
        (asked.ends(), asked.heard())
    };
    let (status, heard) = asked("n\n");
    assert_eq!(status, Some(1), "{heard}");
    assert!(heard.contains("Read the solution? [y/N]") && !heard.contains("fn echo"));
    let (status, heard) = asked("y\n");
    assert_eq!(status, Some(0), "{heard}");
    assert!(heard.contains("fn echo"), "{heard}");
}

#[test]
fn a_chapter_is_shown_where_the_book_is_served_already() {
    let learner = Learner::new();
    let addr = format!("127.0.0.1:{}", free_port());
    let pages = learner.folder.path().join("pages");
    let pages = pages.to_string_lossy();
    let words = ["read", "3.4", "--listen", &addr, "--out", &pages];
    let place = format!("http://{addr}/step03/3-4-part.html");
    let mut served = Running::start(learner.command(&BOOK, &words));
    served.says(&place);
    learner.types(&words).with(0, &[&place]).without("Building");
    served.tell("INT");
    assert_eq!(served.ends(), Some(0), "{}", served.heard());
}

#[test]
fn the_short_command_works_in_a_workbook_elsewhere() {
    let learner = Learner::left_with(ID);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = learner.command(Path::new(&cargo), &["course", "next"]);
    // The front door is built where it always is.
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(target) => command.env("CARGO_TARGET_DIR", target),
        None => command.env_remove("CARGO_TARGET_DIR"),
    };
    let said = learner::Said::from(command.output().unwrap());
    said.with(0, &["1b Echo to the end", &learner.name]);
}

#[test]
fn an_empty_crate_builds_and_fails_the_first_check() {
    let learner = Learner::new();
    let name = learner.name.clone();
    let told = ["binds the port", "cargo course check --server"];
    learner.types(&["new", &name]).with(0, &told);
    learner
        .types(&["new", "../UP"])
        .with(1, &["no name for a crate"]);
    learner
        .types(&["new", &format!("../{name}")])
        .with(1, &["is left alone"]);
    let inside = book::home().join("mine");
    let refused = ["inside the course's own folder", "../mine"];
    learner
        .types(&["new", &inside.to_string_lossy()])
        .with(1, &refused);
    learner.cargo(&["build", "--offline"]).with(0, &[]);
    let program = learner.built().join("debug").join(&name);
    let server = format!("'{}' {{port}} {{root}}", program.display());
    let words = ["check", "2a", "--server", &server];
    learner
        .types(&words)
        .with(1, &["0 of 1 passed", "chapter 2.1"]);
    let readme = fs::read_to_string(learner.file("README.md")).unwrap();
    assert!(readme.contains("cargo course check --server"), "{readme}");
}

#[test]
fn who_is_no_web_server_is_told_with_what_to_talk_to_it() {
    let learner = Learner::started();
    learner.solves(ID);
    let addr = format!("127.0.0.1:{}", free_port());
    let mut running = Running::start(learner.command(&BOOK, &["run", ID, "--listen", &addr]));
    running.says(&format!("nc {}", addr.replace(':', " ")));
    running.tell("TERM");
    running.ends();
}

#[test]
fn an_exercise_serves_until_ctrl_c_and_leaves_nothing() {
    let learner = Learner::started();
    learner.solves("3a");
    let addr = format!("127.0.0.1:{}", free_port());
    let mut running = Running::start(learner.command(&BOOK, &["run", "3a", "--listen", &addr]));
    running.says("until Ctrl-C");
    let root = running.heard();
    let root = root
        .split_once("serving ")
        .and_then(|(_, rest)| rest.split_once(" at "));
    let root = Path::new(root.expect("it says what it serves").0).to_owned();
    assert!(root.join("hello.txt").exists());
    let mut stream = loop {
        if let Ok(stream) = TcpStream::connect(&addr) {
            break stream;
        }
    };
    let request = b"GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.ends_with("Hello, reader.\n"), "{said}");
    running.tell("TERM");
    running.ends();
    assert!(TcpStream::connect(&addr).is_err());
    assert!(!root.exists(), "{} is left", root.display());
}

#[test]
fn a_save_is_noticed_without_a_terminal() {
    let learner = Learner::left_with(ID);
    let mut watch = Running::start(learner.command(&BOOK, &["watch"]));
    watch.says("1b is not solved yet");
    watch.says("watching");
    learner.solves(ID);
    watch.says("1b is solved");
    watch.says("watching");
}

#[test]
fn keys_are_heard_at_a_terminal() {
    if needs::is_missing("the test of keys", &["script"]) {
        return;
    }
    let learner = Learner::left_with(ID);
    let line = format!("'{}' watch {ID}", BOOK.display());
    let mut command = learner.command(Path::new("script"), &["-q", "-e", "-c", &line, "/dev/null"]);
    command.env("TERM", "xterm");
    let mut watch = Running::start(command);
    watch.says("q quit");
    watch.types("h");
    watch.says("hint 1 of 3");
    watch.says("q quit");
    watch.types("l");
    watch.says("step01-socket");
    watch.says("q quit");
    learner.solves(ID);
    watch.says("1b is solved");
    watch.says("q quit");
    watch.types("n");
    watch.says("Every exercise is solved");
    watch.says("q quit");
    watch.types("q");
    assert_eq!(watch.ends(), Some(0), "{}", watch.heard());
}

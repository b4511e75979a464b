//! The exercises, proven: what a learner begins with fails its own check and keeps every earlier one,
//! and the course's solution passes them all.
//!
//! A workbook is made as `cargo course start` makes it, and built twice: with what an exercise begins
//! with, and with the solutions.
#![forbid(unsafe_code)]

use book::exercises::{Exercise, STEPS, catalogue};
use book::workbook::Workbook;
use check::binary::executable;
use check::exercise::subject;
use check::grader::{Check, EXTENSIONS, Patience, Problem, Subject, Tree, find};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{LazyLock, Mutex};
use std::time::Instant;
use std::{env, fs, thread};

/// The step whose checks need the machine for themselves.
const CROWDED: u8 = 4;

/// Judges of its exercises, of which one at a time may make a crowd, and of all others: most of the time
/// is spent waiting.
const CROWDS: usize = 2;
const OTHERS: usize = 6;

static TREE: LazyLock<Tree> = LazyLock::new(|| Tree::new().expect("the files can be written"));

static EXERCISES: LazyLock<Vec<Exercise>> =
    LazyLock::new(|| catalogue().unwrap_or_else(|why| panic!("{why}")));

/// Which of its files an exercise is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Starter,
    Solution,
    /// A solution that is wrong; there is one where no broken server of the gallery fails the check.
    Broken,
}

impl Version {
    /// In the order in which they are built: few programs first, so that judging begins early.
    const ALL: [Version; 3] = [Version::Broken, Version::Solution, Version::Starter];

    /// The exercises that have it.
    fn exercises(self) -> Vec<Exercise> {
        let is_beyond = |e: &Exercise| EXTENSIONS.iter().any(|check| check.id == e.id);
        let all = EXERCISES.iter().cloned();
        all.filter(|e| self != Version::Broken || is_beyond(e))
            .collect()
    }

    fn file(self, exercise: &Exercise) -> PathBuf {
        match self {
            Version::Starter => exercise.starter(),
            Version::Solution => exercise.solution(),
            Version::Broken => exercise.broken(),
        }
    }

    fn folder(self) -> PathBuf {
        let name = match self {
            Version::Starter => "starters",
            Version::Solution => "solutions",
            Version::Broken => "broken",
        };
        built().join(name)
    }
}

/// Where the workbooks are built: kept, so that the second run has little to do.
fn built() -> PathBuf {
    let program = env::current_exe().expect("this program has a path");
    let target = program.ancestors().nth(3).expect("it is in a build folder");
    target.join("exercises")
}

/// A workbook with that version of exercises.
fn workbook(version: Version, exercises: &[Exercise]) -> Workbook {
    let folder = version.folder();
    let workbook = Workbook::at(&folder);
    // The folder may be an earlier run's: what is to be built has to be written anew, but only
    // where it differs, or everything would be built again.
    for made in ["Cargo.toml", ".cargo/config.toml"] {
        let _ = fs::remove_file(folder.join(made));
    }
    workbook.add(exercises).expect("a workbook can be made");
    for exercise in exercises {
        let path = version.file(exercise);
        let code = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = workbook.file(exercise);
        if fs::read(&file).is_ok_and(|old| old != code) {
            fs::write(&file, code).expect("it can be replaced");
        }
    }
    workbook
}

fn cargo(workbook: &Workbook, words: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(words)
        .current_dir(workbook.folder())
        .env("CARGO_TARGET_DIR", built().join("target"))
        .env("RUSTFLAGS", "-D warnings")
        // A hundred programs that nobody debugs: half the size, and nothing kept beside them.
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("CARGO_INCREMENTAL", "0")
        .stdin(Stdio::null());
    command
}

/// Held while a workbook is written and built: two tests may want the same one.
static BUILDING: Mutex<()> = Mutex::new(());

/// Builds all exercises of a workbook without a warning, and returns their programs.
fn build(workbook: &Workbook) -> BTreeMap<String, PathBuf> {
    let words = [
        "test",
        "--no-run",
        "--offline",
        "--message-format",
        "json-render-diagnostics",
    ];
    let output = cargo(workbook, &words).output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the exercises do not build:\n{said}"
    );
    let messages = String::from_utf8_lossy(&output.stdout);
    let programs: BTreeMap<String, PathBuf> = messages.lines().filter_map(program).collect();
    programs
}

/// The name and the program in one of Cargo's messages, of those that are about a program.
fn program(message: &str) -> Option<(String, PathBuf)> {
    let path = executable(message)?;
    let name = path.file_name()?.to_string_lossy().into_owned();
    let (id, _) = name.rsplit_once('-')?;
    Some((id.to_owned(), path))
}

/// What a check says about a program; its finding where it does not pass.
fn verdict(check: &Check, subject: &Subject) -> Result<(), String> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = check.is_alone().then(|| ALONE.lock());
    match (check.run)(subject, &TREE) {
        Ok(()) => Ok(()),
        Err(Problem::Wrong(finding)) => Err(finding.to_string()),
        Err(Problem::NotServing(why)) => panic!("{} does not serve: {why}", check.id),
        Err(Problem::NotJudged(why)) => panic!("{} cannot be judged: {why}", check.id),
    }
}

/// Judges one exercise: its own check must say what the version deserves, all earlier ones that it
/// passes.
fn judge(exercise: &Exercise, version: Version, program: &Path) -> Vec<String> {
    let started = Instant::now();
    let id = &exercise.id;
    let check = find(id).unwrap_or_else(|| panic!("no check is called {id}"));
    let subject = subject(program);
    // Who is to fail is not waited for as long.
    let own = match version {
        Version::Solution => subject.clone(),
        Version::Starter | Version::Broken => subject.clone().within(Patience::SHORT),
    };
    let own = match (version, verdict(&check, &own)) {
        (Version::Starter, Ok(())) => Some(format!("{id} passes before anything is written")),
        (Version::Broken, Ok(())) => Some(format!("{id} lets its broken server pass")),
        (Version::Starter | Version::Broken, Err(_)) | (Version::Solution, Ok(())) => None,
        (Version::Solution, Err(finding)) => Some(format!("the solution of {id}: {finding}")),
    };
    let earlier = check.earlier().filter_map(|check| {
        let finding = verdict(&check, &subject).err()?;
        Some(format!("{version:?} {id} loses {}: {finding}", check.id))
    });
    let wrong: Vec<String> = own.into_iter().chain(earlier).collect();
    let said = match version {
        Version::Starter | Version::Broken => "fails it",
        Version::Solution => "passes it",
    };
    if wrong.is_empty() {
        println!(
            "{id} {version:?}: {said}, and keeps {}; {:.1?}",
            check.earlier().count(),
            started.elapsed()
        );
    }
    wrong
}

/// An exercise that was built, and is to be judged.
struct Job {
    exercise: Exercise,
    version: Version,
    program: PathBuf,
}

/// What is wrong with any version of any exercise: all of them are judged together, by whichever test
/// asks first, so that no machine has too few tests at once to keep its judges busy.
static WRONG: LazyLock<Vec<(Version, String)>> = LazyLock::new(|| {
    let (crowds, first) = mpsc::channel();
    let (others, second) = mpsc::channel();
    let (first, second) = (Mutex::new(first), Mutex::new(second));
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for number in 0..CROWDS + OTHERS {
            let jobs = if number < CROWDS { &first } else { &second };
            let wrong = &wrong;
            scope.spawn(move || {
                while let Some(Job {
                    exercise,
                    version,
                    program,
                }) = next(jobs)
                {
                    let found = judge(&exercise, version, &program);
                    let found = found.into_iter().map(|text| (version, text));
                    wrong.lock().expect("nobody panics in it").extend(found);
                }
            });
        }
        for version in Version::ALL {
            for job in built_jobs(version) {
                let own = find(&job.exercise.id);
                let is_crowd = own.is_some_and(|check| check.step() == CROWDED);
                let jobs = if is_crowd { &crowds } else { &others };
                jobs.send(job)
                    .expect("there are judges as long as there are jobs");
            }
        }
        drop((crowds, others));
    });
    wrong.into_inner().expect("nobody panics in it")
});

/// The next of those who wait; none at the end.
fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    jobs.lock().expect("nobody panics in it").recv().ok()
}

/// The exercises that are asked for, built as that version.
fn built_jobs(version: Version) -> Vec<Job> {
    let only = env::var("EXERCISE").unwrap_or_default();
    let mut exercises = version.exercises();
    exercises.retain(|exercise| exercise.id.starts_with(&only));
    let mut programs = {
        let _one = BUILDING.lock();
        build(&workbook(version, &exercises))
    };
    let job = |exercise: Exercise| Job {
        program: programs.remove(&exercise.id).expect("each was built"),
        exercise,
        version,
    };
    exercises.into_iter().map(job).collect()
}

#[track_caller]
fn all_are_judged(version: Version) {
    let wrong: Vec<&str> = WRONG
        .iter()
        .filter(|(of, _)| *of == version)
        .map(|(_, text)| text.as_str())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_an_exercise_begins_with_fails_its_own_check_and_keeps_the_earlier_ones() {
    all_are_judged(Version::Starter);
}

#[test]
fn a_solution_passes_its_own_check_and_every_earlier_one() {
    all_are_judged(Version::Solution);
}

#[test]
fn a_broken_solution_fails_its_own_check_and_keeps_the_earlier_ones() {
    all_are_judged(Version::Broken);
}

#[test]
fn solutions_are_formatted_and_clippy_has_nothing_to_say() {
    for version in [Version::Starter, Version::Solution] {
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--check", "--edition", "2024"]);
        rustfmt.args(EXERCISES.iter().map(|exercise| version.file(exercise)));
        let output = rustfmt.output().expect("rustfmt comes with cargo");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
    let _one = BUILDING.lock();
    let solutions = workbook(Version::Solution, &EXERCISES);
    let words = ["clippy", "--tests", "--offline", "--quiet"];
    let output = cargo(&solutions, &words).output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Where the chapters are listed, and where each exercise has a row.
const CONTENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../book/chapters/SUMMARY.md");
const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../book/chapters/appendix/exercises.txt"
);

/// The file of the chapter with that number, in the book.
fn chapter(contents: &str, number: &str) -> String {
    let start = format!("- [{number} ");
    let entry = contents.lines().find(|line| line.starts_with(&start));
    let file = entry.and_then(|line| line.split_once("](")?.1.strip_suffix(')'));
    let file = file.unwrap_or_else(|| panic!("there is no chapter {number}"));
    format!("../{file}")
}

/// The broken servers of the gallery that fail a check, as the suite of checks holds it true.
fn gallery(id: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_broken")).output();
    let text = String::from_utf8(output.expect("it was built").stdout).expect("names are text");
    let name = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        words.any(|word| word == id).then(|| format!("`{name}`"))
    };
    text.lines().filter_map(name).collect()
}

/// What the wrong solution of an exercise beyond the course has got wrong, in its own words.
fn misconception(exercise: &Exercise) -> String {
    let code = fs::read_to_string(exercise.broken()).expect("a wrong solution is readable");
    let doc = code.lines().map_while(|line| line.strip_prefix("//!"));
    let doc = doc.map(str::trim).collect::<Vec<_>>().join("\n");
    let told = match doc.split_once("The misconception: ") {
        Some((_, told)) => told,
        None => &doc,
    };
    let told = told.split("\n\n").next().unwrap_or_default();
    let (first, rest) = told.split_at(1);
    first.to_uppercase() + &rest.replace('\n', " ")
}

/// What becomes of each version of an exercise, as the tests above hold it true.
fn row(exercise: &Exercise, contents: &str) -> String {
    let Exercise { id, title, .. } = exercise;
    let (size, number) = (exercise.size.to_string(), &exercise.chapter);
    let (size, file) = (size.to_lowercase(), chapter(contents, number));
    let check = find(id).unwrap_or_else(|| panic!("no check is called {id}"));
    let kept = match check.earlier().count() {
        0 => String::new(),
        count => format!(", keeps {count}"),
    };
    let broken = match Version::Broken.exercises().contains(exercise) {
        true => misconception(exercise),
        false => gallery(id).join(", "),
    };
    assert!(!broken.is_empty(), "nobody fails {id}");
    format!(
        "| [{id} {title}]({file}#exercise-{id}) | {size} | [{number}]({file}) | fails {id}{kept} | \
         passes {id}{kept} | {broken} |\n"
    )
}

fn table() -> String {
    let contents = fs::read_to_string(CONTENTS).expect("the contents are readable");
    let mut text = String::new();
    for step in 1..=STEPS.len() {
        let start = format!("# Step {step}: ");
        let title = contents.lines().find_map(|line| line.strip_prefix(&start));
        let title = title.unwrap_or_else(|| panic!("there is no step {step}"));
        text += &format!(
            "## Step {step}: {title}\n\n| exercise | size | chapter | starter | solution | broken |\n\
             |---|---|---|---|---|---|\n"
        );
        let exercises = EXERCISES.iter().filter(|exercise| exercise.step() == step);
        text.extend(exercises.map(|exercise| row(exercise, &contents)));
        text.push('\n');
    }
    text
}

#[test]
fn the_appendix_shows_what_becomes_of_each_exercise() {
    if env::var_os("BLESS").is_some() {
        fs::write(TABLE, table()).expect("the table can be written");
    }
    let shown = fs::read_to_string(TABLE).unwrap_or_default();
    assert_eq!(shown, table(), "BLESS=1 writes {TABLE}");
}

/// Lines of a solution that are worth something: long, and not given.
fn secrets(exercise: &Exercise) -> Vec<String> {
    const WORTH: usize = 24;
    let read = |path: PathBuf| fs::read_to_string(path).expect("every exercise has both files");
    let given = read(exercise.starter());
    let solution = read(exercise.solution());
    let lines = solution.lines().map(str::trim);
    lines
        .filter(|line| line.len() >= WORTH && !line.starts_with("//"))
        .filter(|line| !given.contains(line))
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_hint_gives_the_solution_away() {
    for exercise in EXERCISES.iter() {
        for secret in secrets(exercise) {
            let told = exercise.hints.iter().any(|hint| hint.contains(&secret));
            assert!(!told, "a hint of {} has the line {secret:?}", exercise.id);
        }
    }
}

#[test]
fn an_exercise_is_called_as_its_check_and_belongs_to_its_chapter() {
    for exercise in EXERCISES.iter() {
        let check = find(&exercise.id).unwrap_or_else(|| panic!("no check {}", exercise.id));
        assert_eq!(exercise.title, check.title, "{}", exercise.id);
        assert_eq!(exercise.chapter, check.chapter, "{}", exercise.id);
    }
}

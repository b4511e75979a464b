//! The exercises, proven: what a learner begins with fails its own check and keeps every earlier one,
//! and the course's solution passes them all.
//!
//! A workbook is made as `cargo course start` makes it, and built twice: with what an exercise begins
//! with, and with the solutions.
#![forbid(unsafe_code)]

use book::exercises::{Exercise, catalogue};
use book::workbook::Workbook;
use check::exercise::subject;
use check::grader::{Check, EXTENSIONS, Problem, Tree, find};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::{env, fs, thread};

/// Exercises that are judged at once: most of the time is spent waiting.
const AT_ONCE: usize = 6;

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
    let _ = fs::remove_file(folder.join("Cargo.toml"));
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
    let part = |after: &str| {
        let (_, rest) = message.split_once(after)?;
        rest.split_once('"').map(|(part, _)| part.to_owned())
    };
    let path = PathBuf::from(part(r#""executable":""#)?);
    let name = path.file_name()?.to_string_lossy().into_owned();
    let (id, _) = name.rsplit_once('-')?;
    Some((id.to_owned(), path))
}

/// What a check says about a program; its finding where it does not pass.
fn verdict(check: &Check, program: &Path) -> Result<(), String> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = check.is_alone().then(|| ALONE.lock());
    match (check.run)(&subject(program), &TREE) {
        Ok(()) => Ok(()),
        Err(Problem::Wrong(finding)) => Err(finding.to_string()),
        Err(Problem::NotServing(why)) => panic!("{} does not serve: {why}", check.id),
        Err(Problem::NotJudged(why)) => panic!("{} cannot be judged: {why}", check.id),
    }
}

/// Judges one exercise: its own check must say what the version deserves, all earlier ones that it
/// passes.
fn judge(exercise: &Exercise, version: Version, program: &Path) -> Vec<String> {
    let id = &exercise.id;
    let check = find(id).unwrap_or_else(|| panic!("no check is called {id}"));
    let own = match (version, verdict(&check, program)) {
        (Version::Starter, Ok(())) => Some(format!("{id} passes before anything is written")),
        (Version::Broken, Ok(())) => Some(format!("{id} lets its broken server pass")),
        (Version::Starter | Version::Broken, Err(_)) | (Version::Solution, Ok(())) => None,
        (Version::Solution, Err(finding)) => Some(format!("the solution of {id}: {finding}")),
    };
    let earlier = check.earlier().filter_map(|check| {
        let finding = verdict(&check, program).err()?;
        Some(format!("{version:?} {id} loses {}: {finding}", check.id))
    });
    own.into_iter().chain(earlier).collect()
}

#[track_caller]
fn all_are_judged(version: Version) {
    let only = env::var("EXERCISE").unwrap_or_default();
    let mut exercises = version.exercises();
    exercises.retain(|exercise| exercise.id.starts_with(&only));
    let programs = {
        let _one = BUILDING.lock();
        build(&workbook(version, &exercises))
    };
    let chosen = exercises.iter();
    let queue: Mutex<VecDeque<&Exercise>> = Mutex::new(chosen.collect());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(exercise) = queue.lock().expect("nobody panics in it").pop_front() {
                    let found = judge(exercise, version, &programs[&exercise.id]);
                    wrong.lock().expect("nobody panics in it").extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody panics in it");
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

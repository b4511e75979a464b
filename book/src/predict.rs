//! `predict`: what will come back? The learner says it first, then the server is asked.

use crate::Failure;
use crate::desk::{Desk, meant};
use crate::terminal::{BAD, DIM, GOOD, STRONG, ask, cannot, is_attended, say};
use book::predictions::{Answer, Lab, PATIENCE, Prediction, play, predictions};
use book::workbook::Workbook;
use clap::Args;
use std::process::ExitCode;

/// What is predicted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo course predict                     the next question; your prediction is asked for
  cargo course predict old-version 505     the same in one line
  cargo course predict --list              all questions, and what you made of them
The exit status is 0 when the server says what you have said, and 1 when it does not.")]
pub(crate) struct Asked {
    /// A question, by its name [default: the first one that you have not answered].
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Your prediction: a status, octets, or an order, as the question says.
    #[arg(value_name = "PREDICTION")]
    guess: Vec<String>,
    /// List the questions.
    #[arg(long)]
    list: bool,
}

/// Asks the learner, then the server.
pub(crate) fn run(asked: &Asked) -> Result<ExitCode, Failure> {
    let all = predictions()
        .map_err(|why| Failure::new(why, "That is a mistake of the course's, not of yours."))?;
    let workbook = Desk::find()?.workbook;
    if asked.list {
        list(&all, &workbook);
        return Ok(ExitCode::SUCCESS);
    }
    let prediction = match &asked.name {
        Some(name) => named(&all, name)?,
        None => {
            let mut open = all.iter();
            let open = open.find(|prediction| workbook.predicted(prediction).is_none());
            open.ok_or_else(|| {
                Failure::new(
                    "every question is answered",
                    "`cargo course predict --list` shows them; name one to answer it again.",
                )
            })?
        }
    };
    let Some(guess) = guess(asked, prediction) else {
        return Ok(ExitCode::SUCCESS);
    };
    let lab = Lab::new(PATIENCE).map_err(|error| cannot(&std::env::temp_dir(), &error))?;
    let came = play(prediction, &lab)
        .map_err(|why| Failure::new(why, "Nobody could be asked, so nothing was found out."))?;
    if workbook.is_there() {
        let kept = workbook.set_predicted(prediction, &guess);
        kept.map_err(|error| cannot(workbook.folder(), &error))?;
    }
    say(&told(prediction, &guess, &came));
    Ok(match guess == came {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn named<'p>(all: &'p [Prediction], name: &str) -> Result<&'p Prediction, Failure> {
    if let Some(found) = all.iter().find(|prediction| prediction.id == name) {
        return Ok(found);
    }
    let names = all
        .iter()
        .map(|prediction| (&*prediction.id, &*prediction.title));
    let advice = match meant(name, names) {
        Some(id) => format!("Did you mean {id}?"),
        None => "`cargo course predict --list` shows all of them.".into(),
    };
    Err(Failure::new(
        format!("there is no question `{name}`"),
        advice,
    ))
}

/// What the learner says; none where there is nobody to say it.
fn guess(asked: &Asked, prediction: &Prediction) -> Option<Answer> {
    if !asked.guess.is_empty() {
        return Some(prediction.kind.read(&asked.guess.join(" ")));
    }
    let Prediction {
        id,
        title,
        chapter,
        server,
        asked,
        sent,
        kind,
        ..
    } = prediction;
    let sent: Vec<String> = sent.lines().map(|line| format!("  {line}\n")).collect();
    let (server, sent, written) = (server.join(" "), sent.concat(), kind.written());
    say(&format!(
        "{STRONG}{title}{STRONG:#}, with chapter {chapter}\n\n{asked}\n\n\
         {DIM}What is sent to {server}; `a>` sends on connection a, `a.` says that no more will come,\n\
         `a?` waits for an answer:{DIM:#}\n{sent}\nYour prediction is {written}.\n"
    ));
    if !is_attended() {
        say(&format!("Type it: cargo course predict {id} …\n"));
        return None;
    }
    ask("> ").map(|line| kind.read(&line))
}

fn told(prediction: &Prediction, guess: &Answer, came: &Answer) -> String {
    let verdict = match guess == came {
        true => format!("{GOOD}As you said: {came}{GOOD:#}\n"),
        false => format!("{BAD}You said   {guess}\nIt was     {came}{BAD:#}\n"),
    };
    let Prediction { chapter, why, .. } = prediction;
    format!("{verdict}\n{why}\n\n{DIM}Chapter {chapter} tells more.{DIM:#}\n")
}

fn list(all: &[Prediction], workbook: &Workbook) {
    for prediction in all {
        let mark = match workbook.predicted(prediction) {
            Some(guess) if guess == prediction.truth => format!("{GOOD}✓{GOOD:#}"),
            Some(_) => format!("{BAD}✗{BAD:#}"),
            None => format!("{DIM}·{DIM:#}"),
        };
        let Prediction {
            id, title, chapter, ..
        } = prediction;
        say(&format!(
            "  {mark} {id:20} {title:36} {DIM}chapter {chapter}{DIM:#}\n"
        ));
    }
}

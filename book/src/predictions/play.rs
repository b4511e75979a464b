//! Asking: a server is started for it, and gone after it.

use super::{Act, Answer, Kind, Prediction, step_of};
use check::binary;
use check::grader::{self, Problem, Subject, Tree};
use check::{Asked, Client, Heard, Trouble};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use std::{io, iter};

/// How long one waits for a person: longer than any server of the course thinks.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// One look at a connection, where there are several.
const LOOK: Duration = Duration::from_millis(10);

/// The files that are served, for any number of conversations.
#[derive(Debug)]
pub struct Lab {
    tree: Tree,
    /// For what is sure to come.
    patience: Duration,
    /// For what may not come at all.
    moment: Duration,
}

impl Lab {
    /// Writes the files. What is sure to come is waited for as long as `patience`, what may not come
    /// for a quarter of it.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn new(patience: Duration) -> io::Result<Lab> {
        Ok(Lab {
            tree: Tree::new()?,
            patience,
            moment: patience / 4,
        })
    }

    /// Who is asked.
    fn subject(server: &[String]) -> Result<Subject, String> {
        let (name, words) = server.split_first().ok_or("nobody is asked")?;
        let mut all = match name.strip_prefix("step") {
            Some(number) => {
                let number = number.parse().map_err(|_| format!("`{name}` is no step"))?;
                grader::binary(number)?.words
            }
            None => {
                let step = step_of(name).ok_or_else(|| format!("there is no rung `{name}`"))?;
                let program = binary::example(step, name)?;
                vec![program.to_string_lossy().into_owned(), "{addr}".into()]
            }
        };
        all.extend(words.iter().cloned());
        Ok(Subject::words(all))
    }
}

/// Asks a server of its own, and tells what is to be predicted of what came back.
///
/// # Errors
/// One sentence when the server cannot be built or started, or does not take what is sent.
pub fn play(prediction: &Prediction, lab: &Lab) -> Result<Answer, String> {
    let subject = Lab::subject(&prediction.server)?;
    let mut came = Err("nobody was asked".to_owned());
    let judged = subject.judged(&lab.tree, |server| {
        came = converse(prediction, server.addr(), lab);
        Ok(())
    });
    match judged {
        Ok(()) => came,
        Err(Problem::NotServing(why) | Problem::NotJudged(why)) => Err(why),
        Err(Problem::Wrong(finding)) => Err(finding.to_string()),
    }
}

fn converse(prediction: &Prediction, addr: SocketAddr, lab: &Lab) -> Result<Answer, String> {
    let mut talk = Talk::new(addr, lab);
    talk.play(&prediction.acts)
        .map_err(|trouble| trouble.to_string())?;
    let kind = &prediction.kind;
    if *kind == Kind::Order {
        return Ok(talk.order());
    }
    let asked = match prediction.acts.first() {
        Some(Act::Send(_, octets)) if octets.starts_with(b"HEAD ") => Asked::Head,
        Some(_) | None => Asked::Other,
    };
    let client = talk.clients.get_mut(&'a');
    let client = client.ok_or("connection `a` was never opened")?;
    Ok(match kind {
        Kind::Octets => Answer(heard(client, lab)),
        Kind::Status | Kind::Content | Kind::Field(_) | Kind::Order => told(kind, client, asked),
    })
}

/// Everything that comes, until it ends or is silent.
fn heard(client: &mut Client, lab: &Lab) -> Vec<u8> {
    let mut all = Vec::new();
    let mut patience = lab.patience;
    while let Ok(Heard::Octets) = client.listen(patience) {
        // They are there, so nothing is waited for.
        all.extend(client.read_piece().unwrap_or_default());
        patience = lab.moment;
    }
    all
}

/// What `kind` asks for, of the answers that come.
fn told(kind: &Kind, client: &mut Client, asked: Asked) -> Answer {
    // The last one is followed by the end, or by a silence as long as the client's patience.
    let answers: Vec<_> = iter::from_fn(|| client.read_answer(asked).ok()).collect();
    let last = answers.last();
    match kind {
        Kind::Status | Kind::Order | Kind::Octets => {
            let all: Vec<String> = answers.iter().map(|a| a.status.to_string()).collect();
            Answer(all.join(" ").into_bytes())
        }
        Kind::Content => Answer(
            last.map(|answer| answer.content.clone())
                .unwrap_or_default(),
        ),
        Kind::Field(name) => {
            let value = last.and_then(|answer| answer.field(name));
            Answer(value.unwrap_or_default().to_vec())
        }
    }
}

/// Connections by name, and who has heard something so far.
struct Talk<'l> {
    addr: SocketAddr,
    lab: &'l Lab,
    clients: BTreeMap<char, Client>,
    /// In the order in which they did.
    have_heard: Vec<char>,
}

impl Talk<'_> {
    fn new(addr: SocketAddr, lab: &Lab) -> Talk<'_> {
        Talk {
            addr,
            lab,
            clients: BTreeMap::new(),
            have_heard: Vec::new(),
        }
    }

    fn play(&mut self, acts: &[Act]) -> Result<(), Trouble> {
        for act in acts {
            match act {
                Act::Send(name, octets) => self.client(*name)?.send(octets)?,
                Act::End(name) => self.client(*name)?.close_write()?,
                Act::Await(name) => {
                    self.wait(self.lab.moment, |talk| talk.have_heard.contains(name))
                }
            }
        }
        Ok(())
    }

    fn client(&mut self, name: char) -> Result<&mut Client, Trouble> {
        if !self.clients.contains_key(&name) {
            let client = Client::connect_with(self.addr, self.lab.patience)?;
            self.clients.insert(name, client);
        }
        Ok(self.clients.get_mut(&name).expect("it was opened"))
    }

    /// Who hears first, and who next, when all have heard or nobody does for long.
    fn order(&mut self) -> Answer {
        self.wait(self.lab.patience, |talk| {
            talk.have_heard.len() == talk.clients.len()
        });
        let names = self.have_heard.iter().flat_map(|name| [' ', *name]).skip(1);
        Answer(names.collect::<String>().into_bytes())
    }

    fn wait(&mut self, patience: Duration, is_enough: impl Fn(&Talk<'_>) -> bool) {
        let until = Instant::now() + patience;
        while !is_enough(self) && Instant::now() < until {
            for (name, client) in &mut self.clients {
                let is_new = !self.have_heard.contains(name);
                if is_new && matches!(client.listen(LOOK), Ok(Heard::Octets)) {
                    self.have_heard.push(*name);
                }
            }
        }
    }
}

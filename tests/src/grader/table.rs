//! A check: what it is called, which chapter it belongs to, what it needs, whose rule it is.

use crate::grader::checks::CHECKS;
use crate::grader::course;
use crate::grader::subject::Subject;
use crate::grader::tree::Tree;
use crate::grader::verdict::{Problem, Verdict};
use std::fmt;

/// Whose rule a check holds a server to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// nginx and Apache agree: every server does it so.
    Agreed,
    /// One of them does otherwise, or both do, or cannot be asked; an RFC decides.
    Rfc,
    /// The same, and no RFC decides: a rule of the course.
    Course,
}

/// What a subject has to do so that a check has something to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// It prints the address on which it listens.
    Address,
    /// What is sent comes back.
    Echoes,
    /// Each line is answered with a line, and `bye` with a long good-bye and the end.
    Lines,
    /// What is sent comes back, unless nothing is sent for a second: then it is over.
    Patience,
    /// `GET /` is answered 200, and what is not there 404.
    Pages,
    /// Moreover, `POST /echo` is answered with the content that was sent, when all of it has come.
    PagesAndEcho,
    /// The files of `{root}` are served.
    Files,
    /// The same, to many clients at once.
    Company,
    /// Moreover, `GET /slow` is answered after 200 ms in which somebody works on it.
    Slow,
    /// Moreover, whoever handles `GET /panic` crashes.
    Panics,
    /// All of that from one thread, and both of the last two.
    Executor,
    /// The files of `{root}` are served, and `GET /limited` to each address ten times at once, and
    /// five times a second after that; more are answered 429.
    Limited,
    /// The files of `{root}` are served, and thousands of clients who say nothing cost nothing.
    Quiet,
    /// The programs in `{cgi}` are run for `/cgi/` and their name.
    Programs,
    /// Who comes in is told a line; a line from one guest goes to all the others.
    Chat,
    /// As [`Needs::PagesAndEcho`], to several at once; moreover `POST /upload` takes up to a MiB of
    /// content, and `GET /progress` is answered with the number of octets of content that uploads
    /// have brought so far.
    Uploads,
    /// Requests for `/fastcgi/` are asked of the application at `{fastcgi}`, over FastCGI.
    FastCgi,
    /// Moreover, those for `/scgi/` of the one at `{scgi}`, and those for `/uwsgi/` at `{uwsgi}`; and
    /// the programs in `{cgi}` are run.
    Wires,
    /// Requests for `/wsgi/` are answered by the callable `application` of the Python module `app` in
    /// the folder `{wsgi}`.
    Wsgi,
    /// Requests for `/api/` are handed on to the HTTP servers `{upstream}` and `{other}`.
    Proxy,
    /// The files of `{root}` are served, and folders without an index are listed in the order that
    /// `?sort=name`, `size` or `time` and `&order=desc` ask for.
    Sorted,
    /// The files of `{root}` are served, and for errors the pages of `{root}/errors`, such as
    /// `404.html`. Moreover `/down` is answered 503, with `Retry-After: 30` and once all content has
    /// come, `/broken` 500 with the line `out of order`, and `/gone` 410 with `sold in spring`.
    ErrorPages,
    /// The files of `{root}` are served, and `GET /count/N` is an application's answer: the lines `1`
    /// to `N`, each written by itself, and 404 where that is no number. Each of its answers leaves a
    /// line on standard error: method, target, status and octets of content.
    Counted,
    /// The files of `{root}` are served, those below `/kept/` to `reader` with `open: sésame` alone.
    Guarded,
    /// The programs in `{cgi}` are run, and one that answers with `X-Sendfile` and a name has that
    /// file of `{root}` sent.
    Sendfile,
    /// Requests for `/api/` are handed on, and answers are kept as long as they say that they are good.
    Cached,
    /// The files of `{root}` are served, and requests for `/api/` are handed on to those of `{upstream}`
    /// and `{other}` that answer `GET /health` with 200; each is asked that at least once a second.
    Examined,
    /// As [`Needs::Proxy`], and a request there that asks for WebSocket is handed on with the question:
    /// if the answer is 101, octets go both ways.
    Tunnels,
}

impl Needs {
    /// Whether a server that does this can be asked for that, too.
    pub fn covers(self, other: Needs) -> bool {
        let less = match self {
            Needs::Address | Needs::Echoes | Needs::Lines | Needs::Chat | Needs::Pages => None,
            Needs::Patience => Some(Needs::Echoes),
            Needs::Uploads => Some(Needs::PagesAndEcho),
            Needs::PagesAndEcho | Needs::Files => Some(Needs::Pages),
            Needs::Company | Needs::Programs | Needs::FastCgi | Needs::Wsgi | Needs::Proxy => {
                Some(Needs::Files)
            }
            Needs::Sorted | Needs::ErrorPages => Some(Needs::Files),
            // Of an executor, what makes it one is asked by its own check alone.
            Needs::Executor | Needs::Limited | Needs::Quiet => Some(Needs::Files),
            Needs::Counted | Needs::Guarded | Needs::Examined => Some(Needs::Files),
            Needs::Sendfile => Some(Needs::Programs),
            Needs::Cached | Needs::Tunnels => Some(Needs::Proxy),
            Needs::Wires => Some(Needs::FastCgi),
            Needs::Slow | Needs::Panics => Some(Needs::Company),
        };
        self == other || less.is_some_and(|less| less.covers(other))
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Needs::Address => "the address it listens on is printed, for any free port (0) too",
            Needs::Echoes => "what is sent comes back",
            Needs::Lines => "a line for each line; after `bye`, many octets and the end",
            Needs::Patience => "what is sent comes back; after a second without a word, the end",
            Needs::Pages => "GET / is 200, anything unknown 404",
            Needs::PagesAndEcho => "the same, and POST /echo sends back its content, once complete",
            Needs::Files => "the files of {root}",
            Needs::Company => "the files of {root}, to many clients at once",
            Needs::Slow => "the same, and GET /slow is answered after 200 ms of work",
            Needs::Panics => "the same, and GET /panic crashes its handler",
            Needs::Executor => "the same, and GET /slow, all from one thread",
            Needs::Limited => {
                "the files of {root}; GET /limited from one address ten times at once and five \
                 times a second, then 429"
            }
            Needs::Quiet => "the files of {root}, at no cost for those who say nothing",
            Needs::Programs => "the programs in {cgi}, run for /cgi/NAME",
            Needs::Chat => "a line for who comes in; a line from one guest goes to all the others",
            Needs::Uploads => {
                "as for 2e, to several at once; POST /upload takes up to 1 MiB, and GET /progress is \
                 how many octets of content uploads have brought so far"
            }
            Needs::FastCgi => "/fastcgi/… is asked of {fastcgi}",
            Needs::Wires => "the same; /scgi/… of {scgi}, /uwsgi/… of {uwsgi}, /cgi/NAME of {cgi}",
            Needs::Wsgi => "/wsgi/… is answered by app:application in {wsgi}",
            Needs::Proxy => "/api/… is handed on to {upstream} and {other}",
            Needs::Sorted => "the files of {root}; listings as ?sort=size&order=desc asks for",
            Needs::ErrorPages => {
                "the files of {root}, with {root}/errors/404.html and the like for errors; /down \
                 is 503 with Retry-After: 30, /broken 500 (`out of order`), /gone 410 (`sold in \
                 spring`)"
            }
            Needs::Counted => {
                "the files of {root}; GET /count/N is an application's: the lines 1 to N, and on \
                 standard error a line for each answer: GET /count/3 200 6"
            }
            Needs::Guarded => "the files of {root}; below /kept/, reader with `open: sésame` alone",
            Needs::Cached => "/api/… is handed on, and what may be kept is kept",
            Needs::Tunnels => "/api/… is handed on, and what asks for WebSocket may get it",
            Needs::Examined => "/api/… is handed on to who is well: GET /health, once a second",
            Needs::Sendfile => "the programs in {cgi}, which may name a file of {root}: X-Sendfile",
        })
    }
}

/// One acceptance check.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The step's number and a letter.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// The chapter that it belongs to.
    pub chapter: &'static str,
    /// Whose rule it is.
    pub label: Label,
    /// What it asks for.
    pub needs: Needs,
    /// Judges a subject.
    pub run: fn(&Subject, &Tree) -> Verdict,
}

impl Check {
    /// The course's own server that it can be held against.
    ///
    /// # Errors
    /// [`Problem::NotJudged`] where that is a program, and it cannot be built.
    pub fn reference(&self) -> Result<Subject, Problem> {
        course::subject(self.needs)
    }

    /// The checks before it that whoever passes it should pass as well.
    pub fn earlier(&self) -> impl Iterator<Item = Check> {
        let (id, needs) = (self.id, self.needs);
        let before = CHECKS.into_iter().take_while(move |check| check.id != id);
        before.filter(move |check| needs.covers(check.needs))
    }

    /// Whether it needs the machine for itself, so that nothing else is to be judged beside it.
    pub fn is_alone(&self) -> bool {
        // A drip feed takes nothing but time.
        self.step() == 4 && self.id != "4g"
    }

    /// The step it belongs to.
    pub fn step(&self) -> u8 {
        self.id.as_bytes()[0] - b'0'
    }
}

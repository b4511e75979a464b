//! The course's front door, open: the book on its own server.

use crate::program::{Program, within};
use crate::{cargo, root};
use check::{Asked, Client, TempFolder};
use std::net::SocketAddr;
use std::path::PathBuf;

/// For the book to be built and served, and for the server to end.
pub(crate) const FRONT_DOOR_SECONDS: u64 = 60;

/// The front door, open.
pub(crate) struct FrontDoor {
    pub(crate) program: Program,
    pub(crate) addr: SocketAddr,
    folder: TempFolder,
}

impl FrontDoor {
    /// Builds the book and opens the door, with a workbook of its own.
    pub(crate) fn open() -> FrontDoor {
        cargo("cargo build -q -p book");
        let folder = TempFolder::new().expect("a temporary folder can be made");
        let line = format!(
            "exec cargo run -q -p book -- read --listen 127.0.0.1:0 --out {0}/pages --workbook {0}/workbook",
            folder.path().display()
        );
        let program = Program::start(&line, root()).expect("bash starts");
        let addr = program.wait_for(within(FRONT_DOOR_SECONDS), |lines| {
            let line = lines.iter().find(|line| line.contains("http://"))?;
            line.split("http://")
                .nth(1)?
                .split('/')
                .next()?
                .parse()
                .ok()
        });
        let printed = program.lines();
        FrontDoor {
            addr: addr.unwrap_or_else(|| panic!("no address: {printed:?}")),
            program,
            folder,
        }
    }

    /// The folder of the learner's exercises, as far as the door knows.
    pub(crate) fn workbook(&self) -> PathBuf {
        self.folder.path().join("workbook")
    }

    /// The folder of the pages.
    pub(crate) fn pages(&self) -> PathBuf {
        self.folder.path().join("pages")
    }

    /// The status and the content of a page.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut client = Client::connect(self.addr).expect("the front door is open");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.addr);
        client
            .send(request.as_bytes())
            .expect("the front door takes a request");
        let answer = client
            .read_answer(Asked::Other)
            .expect("the front door answers");
        (
            answer.status,
            String::from_utf8_lossy(&answer.content).into_owned(),
        )
    }
}

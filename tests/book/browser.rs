//! A real browser, driven by the W3C WebDriver protocol over a plain socket.
//!
//! Values in answers are picked out as text; the suite asks only for strings and numbers, so no
//! JSON library is needed. Waiting is the browser's: an element that is not there yet is waited
//! for by the driver, with a deadline.

use crate::program::{Program, within};
use check::{Asked, Client, TempFolder};
use std::net::SocketAddr;
use std::time::Duration;

/// For the browser to start, and for each thing that is asked of it.
const PATIENCE_SECONDS: u64 = 30;
/// For an element to appear in a page.
const ELEMENT_MS: u32 = 10_000;
/// How an element is called in WebDriver's answers (WebDriver §12, "web element identifier").
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Headless, with nothing that talks to anybody but us. Chromium refuses to run as root inside
/// its sandbox, and CI runs as root.
pub(crate) const ARGUMENTS: [&str; 6] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--window-size=1280,1000",
];

/// A browser window. The driver and every process of the browser end with it.
pub(crate) struct Browser {
    driver: SocketAddr,
    session: String,
    _program: Program,
    _profile: TempFolder,
}

impl Browser {
    /// Starts a driver and opens a window.
    pub(crate) fn open() -> Result<Browser, String> {
        let profile = TempFolder::new().map_err(|error| error.to_string())?;
        let program = Program::start("exec chromedriver --port=0", profile.path())
            .map_err(|error| error.to_string())?;
        let port = program
            .wait_for(within(PATIENCE_SECONDS), |lines| {
                let line = lines
                    .iter()
                    .find(|line| line.contains("started successfully on port"))?;
                line.trim_end_matches('.').rsplit(' ').next()?.parse().ok()
            })
            .ok_or_else(|| format!("no driver: {:?}", program.lines()))?;
        let mut browser = Browser {
            driver: SocketAddr::from(([127, 0, 0, 1], port)),
            session: String::new(),
            _program: program,
            _profile: profile,
        };
        let mut arguments: Vec<String> = ARGUMENTS.map(quoted).to_vec();
        let folder = browser._profile.path().display();
        arguments.push(quoted(&format!("--user-data-dir={folder}/profile")));
        let wish = format!(
            r#"{{"capabilities":{{"alwaysMatch":{{"goog:chromeOptions":{{"args":[{}]}},"timeouts":{{"implicit":{ELEMENT_MS}}}}}}}}}"#,
            arguments.join(",")
        );
        let answer = browser.send("POST", "/session", &wish)?;
        browser.session = string(&answer, "sessionId").ok_or(answer)?;
        Ok(browser)
    }

    /// Goes to an address and waits until its page is loaded.
    pub(crate) fn go(&self, url: &str) -> Result<(), String> {
        self.ask("url", &format!(r#"{{"url":{}}}"#, quoted(url)))?;
        Ok(())
    }

    /// The title of the page.
    pub(crate) fn title(&self) -> Result<String, String> {
        let answer = self.send("GET", &format!("/session/{}/title", self.session), "")?;
        string(&answer, "value").ok_or(answer)
    }

    /// Clicks the first element a CSS selector finds.
    pub(crate) fn click(&self, selector: &str) -> Result<(), String> {
        let element = self.find(selector)?;
        self.ask(&format!("element/{element}/click"), "{}")?;
        Ok(())
    }

    /// Types into the first element a CSS selector finds.
    pub(crate) fn type_into(&self, selector: &str, text: &str) -> Result<(), String> {
        let element = self.find(selector)?;
        let text = format!(r#"{{"text":{}}}"#, quoted(text));
        self.ask(&format!("element/{element}/value"), &text)?;
        Ok(())
    }

    /// The text of the first element a CSS selector finds.
    pub(crate) fn text(&self, selector: &str) -> Result<String, String> {
        let element = self.find(selector)?;
        let path = format!("/session/{}/element/{element}/text", self.session);
        let answer = self.send("GET", &path, "")?;
        string(&answer, "value").ok_or(answer)
    }

    /// What a script of the page returns, as a string.
    pub(crate) fn script(&self, script: &str) -> Result<String, String> {
        let body = format!(r#"{{"script":{},"args":[]}}"#, quoted(script));
        let answer = self.ask("execute/sync", &body)?;
        string(&answer, "value").ok_or(answer)
    }

    /// What a script hands to `done`, as a string; the driver waits for it, with a deadline.
    pub(crate) fn script_later(&self, script: &str) -> Result<String, String> {
        let script = format!("const done = arguments[0]; {script}");
        let body = format!(r#"{{"script":{},"args":[]}}"#, quoted(&script));
        let answer = self.ask("execute/async", &body)?;
        string(&answer, "value").ok_or(answer)
    }

    /// Makes the window so large, in pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) -> Result<(), String> {
        let size = format!(r#"{{"width":{width},"height":{height}}}"#);
        self.ask("window/rect", &size).map(drop)
    }

    fn find(&self, selector: &str) -> Result<String, String> {
        let wish = format!(r#"{{"using":"css selector","value":{}}}"#, quoted(selector));
        let answer = self.ask("element", &wish)?;
        string(&answer, ELEMENT).ok_or(answer)
    }

    fn ask(&self, what: &str, body: &str) -> Result<String, String> {
        self.send("POST", &format!("/session/{}/{what}", self.session), body)
    }

    /// One request on a connection of its own: the driver keeps connections open whatever it is
    /// asked, so the answer ends where its length says.
    fn send(&self, method: &str, path: &str, body: &str) -> Result<String, String> {
        let patience = Duration::from_secs(PATIENCE_SECONDS);
        let mut client =
            Client::connect_with(self.driver, patience).map_err(|trouble| trouble.to_string())?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.driver,
            body.len()
        );
        client
            .send(request.as_bytes())
            .map_err(|trouble| trouble.to_string())?;
        let answer = client
            .read_answer(Asked::Other)
            .map_err(|trouble| trouble.to_string())?;
        let text = String::from_utf8_lossy(&answer.content).into_owned();
        match answer.status {
            200 => Ok(text),
            status => Err(format!("{method} {path}: {status} {text}")),
        }
    }
}

/// A JSON string; what we send has no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The string a JSON text holds under a name.
fn string(json: &str, name: &str) -> Option<String> {
    let (_, value) = json.split_once(&format!("{}:\"", quoted(name)))?;
    let mut text = String::new();
    let mut octets = value.chars();
    loop {
        match octets.next()? {
            '"' => return Some(text),
            '\\' => match octets.next()? {
                'n' => text.push('\n'),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_picked_out_of_json() {
        assert_eq!(
            string(r#"{"value":"a\"b\\c\nd"}"#, "value").unwrap(),
            "a\"b\\c\nd"
        );
        assert_eq!(string(r#"{"value":7}"#, "value"), None);
    }
}

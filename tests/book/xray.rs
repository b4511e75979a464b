//! The x-ray in a real browser: a connection that somebody opens appears as a lane.

use crate::browser::Browser;
use check::needs;
use concurrency::{Xray, event_loop};
use socket::Stop;
use static_files::{Config, Request, Response};
use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// For the page to show what has happened.
const DRAWN: Duration = Duration::from_secs(20);

#[test]
fn the_xray_draws_a_lane_for_a_connection_and_names_its_calls() {
    if needs::is_missing("the x-ray's test", &["chromium", "chromedriver"]) {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let hello = |_: &Request| Response::text("hello\n");
    let handler = Xray::new(&hello);
    let (config, stop) = (Config::default(), Stop::new());
    thread::scope(|scope| {
        scope.spawn(|| event_loop(&listener, &handler, &config, &stop).unwrap());
        let _ending = StopOnDrop(&stop);
        look(addr).unwrap();
    });
}

struct StopOnDrop<'s>(&'s Stop);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn look(addr: SocketAddr) -> Result<(), Box<dyn Error>> {
    let browser = Browser::open()?;
    browser.go(&format!("http://{addr}/.xray/"))?;
    // The page is being told things as soon as it has the head of the answer that tells them.
    browser.script_later(
        "const listening = () => document.querySelector('.xray').dataset.listening === 'yes'\
               ? done('') : setTimeout(listening, 20); listening()",
    )?;

    let mut client = TcpStream::connect(addr)?;
    client.set_read_timeout(Some(DRAWN))?;
    client.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    client.read_to_end(&mut Vec::new())?;
    drop(client);
    check_what_is_drawn(&browser)
}

fn check_what_is_drawn(browser: &Browser) -> Result<(), Box<dyn Error>> {
    // Every event that can be reached by the keyboard, in its own words.
    let said = browser
        .script_later(
            "const canvas = document.querySelector('.xray canvas');\
             const says = document.querySelector('.xray-says');\
             const press = key => canvas.dispatchEvent(new KeyboardEvent('keydown', { key }));\
             const said = new Set();\
             const look = () => {\
               for (let i = 0; i < 200; i += 1) { press('ArrowRight'); said.add(says.textContent); }\
               const all = [...said].join('\\n');\
               all.includes('close(2)') ? done(all) : setTimeout(look, 50);\
             }; look()",
        )
        ?;
    for call in [
        "accept(2)",
        "read(2): 18 octets",
        "write(2)",
        "epoll_wait(2)",
    ] {
        assert!(said.contains(call), "no {call} in {said}");
    }
    let lanes = browser.script("return document.querySelector('.xray').dataset.lanes")?;
    assert!(lanes.parse::<u32>()? >= 2, "{lanes} lanes");

    let paused = browser.script(
        "document.querySelector('.xray canvas')\
             .dispatchEvent(new KeyboardEvent('keydown', { key: ' ' }));\
             return document.querySelector('.xray button').textContent",
    )?;
    assert_eq!(paused, "Go on");
    Ok(())
}

//! What the book can do while its own server serves it, in a real browser; and that it is a book all
//! the same when another server does.

use crate::browser::Browser;
use crate::door::FrontDoor;
use check::exercise::record;
use check::{Served, needs};
use concurrency::event_loop;
use static_files::{Config, Files};
use std::error::Error;
use std::sync::Arc;

/// Waits until a condition holds in the page.
fn until(browser: &Browser, condition: &str) -> Result<(), String> {
    let script =
        format!("const look = () => ({condition}) ? done('') : setTimeout(look, 20); look()");
    browser.script_later(&script).map(drop)
}

#[test]
fn a_reader_types_octets_sees_ticks_and_watches_the_server() {
    if needs::is_missing("the live book's test", &["chromium", "chromedriver"]) {
        return;
    }
    let door = FrontDoor::open();
    record(&door.workbook(), "1b", true).unwrap();
    let browser = Browser::open().unwrap();
    types_octets(&browser, &door).unwrap();
    sees_ticks(&browser, &door).unwrap();
    watches_the_server(&browser, &door).unwrap();
}

fn types_octets(browser: &Browser, door: &FrontDoor) -> Result<(), Box<dyn Error>> {
    browser.go(&format!("http://{}/step02/2-1-bytes.html", door.addr))?;
    until(
        browser,
        "document.querySelector('.octets-says[data-told=\"2\"]')",
    )?;
    let said = browser.text(".octets-says")?;
    assert!(said.contains("after 28: a head: GET /a HTTP/1.1"), "{said}");

    // One octet before the last one, nothing is known.
    let said = browser.script(
        "const slider = document.querySelector('.octets-bar input');\
         slider.value = 27; slider.dispatchEvent(new Event('input'));\
         return document.querySelector('.octets-says').textContent",
    )?;
    assert_eq!(said, "Nothing yet: it needs more.");

    browser.script(
        "const text = document.querySelector('.live-octets textarea');\
         text.value = 'GET / HTTP/1.1\\\\r\\\\nHost : b\\\\r\\\\n';\
         text.dispatchEvent(new Event('input')); return ''",
    )?;
    until(browser, "document.querySelector('li.says-refused')")?;
    let said = browser.text("li.says-refused")?;
    assert!(said.contains("400"), "{said}");
    for width in [360, 1280] {
        browser.resize(width, 900)?;
        let over =
            browser.script("return String(document.scrollingElement.scrollWidth - innerWidth)")?;
        assert!(
            over.parse::<i32>()? <= 0,
            "{over} pixels too wide at {width}"
        );
    }
    Ok(())
}

fn sees_ticks(browser: &Browser, door: &FrontDoor) -> Result<(), Box<dyn Error>> {
    browser.go(&format!("http://{}/step01/1-2-echo.html", door.addr))?;
    assert_eq!(browser.text(".exercise .exercise-state")?, "✓ solved");
    until(
        browser,
        "document.querySelector('a[href$=\"1-2-echo.html\"] .chapter-state')",
    )?;
    Ok(())
}

fn watches_the_server(browser: &Browser, door: &FrontDoor) -> Result<(), Box<dyn Error>> {
    browser.go(&format!("http://{}/step04/4-5-epoll.html", door.addr))?;
    until(
        browser,
        "document.querySelector('.live-xray .xray[data-listening=\"yes\"]')",
    )?;
    assert_eq!(door.get("/").0, 200);
    until(
        browser,
        "Number(document.querySelector('.live-xray .xray').dataset.lanes) >= 2",
    )?;
    Ok(())
}

#[test]
fn a_published_book_asks_for_nothing_that_is_not_there() {
    if needs::is_missing("the published book's test", &["chromium", "chromedriver"]) {
        return;
    }
    let door = FrontDoor::open();
    let files = Arc::new(Files::new(&door.pages()).unwrap());
    let pages = Served::start(event_loop, files, Config::default()).unwrap();
    let browser = Browser::open().unwrap();
    browser
        .go(&format!("http://{}/step02/2-1-bytes.html", pages.addr()))
        .unwrap();
    // Whatever the page asked for has been answered before this.
    browser
        .script_later("fetch('/.live/progress').then(() => setTimeout(() => done(''), 50))")
        .unwrap();
    let shown = browser
        .script(
            "return String(document.querySelector('.live-octets').childElementCount)\
               + document.documentElement.classList.contains('is-live')",
        )
        .unwrap();
    assert_eq!(shown, "0false");
}

/// What a reader gets who runs no scripts: the page as it is sent.
#[test]
fn a_page_needs_no_script_to_be_read() {
    let door = FrontDoor::open();
    let (status, page) = door.get("/step02/2-1-bytes.html");
    assert_eq!(status, 200);
    assert!(page.contains("What real servers do"), "{page}");
    let (_, place) = page.split_once("class=\"live-octets\"").expect("its place");
    let (_, inside) = place.split_once('>').expect("a tag has an end");
    assert!(inside.starts_with("</div>"), "{inside}");
}

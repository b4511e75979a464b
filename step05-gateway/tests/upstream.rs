//! Several servers behind one address: who is asked, who waits, and who is asked again.

mod common;

use common::{Answer, Application, BOTH, DEADLINE, Line, Server, eventually, noise, while_asked};
use gateway::{Capacity, Keeping, Words};
use static_files::Config;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

const POST: &str = "POST /app HTTP/1.1\r\nContent-Length: 1";
const GET: &str = "GET /app HTTP/1.1";

fn capacity(in_flight: usize, queue: usize) -> Capacity {
    Capacity {
        in_flight,
        behind: 0,
        queue,
        connect: DEADLINE,
        keeping: Keeping::UnlessAwaited,
    }
}

fn start(name: &str, capacity: Capacity, addresses: &[String]) -> Server {
    let words = (Words::FastCgi, capacity);
    Server::asking(name, Config::default(), words, addresses)
}

/// An address at which nobody listens.
fn nowhere() -> String {
    Application::new().address()
}

fn answer_one(application: &Application, text: &str) -> Line {
    let mut line = application.accept();
    line.request().expect("a request");
    line.answer(text);
    line
}

#[test]
fn nobody_there_is_502_as_often_as_it_is_asked() {
    for name in BOTH {
        let server = start(name, capacity(1, 9), &[nowhere(), nowhere()]);
        for head in [GET, GET, POST] {
            assert_eq!(server.ask(head, b"x").status, 502, "{name}: {head}");
        }
        let missing = "unix:/nowhere/at.all".to_owned();
        let server = start(name, capacity(1, 9), &[missing]);
        assert_eq!(server.get("/app").status, 502);
    }
}

#[test]
fn one_that_is_down_costs_no_request_not_even_a_post() {
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(9, 9), &[nowhere(), application.address()]);
        for head in [POST, GET, POST, GET] {
            let answer = while_asked(&server, head, b"x", || {
                answer_one(&application, "here").hang_up();
            });
            assert_eq!(answer.text(), "here", "{name}: {head}");
        }
    }
}

/// Keeps a connection, has the application close it, and asks again on it.
fn on_a_stale_connection(name: &str, head: &str, close: impl FnOnce(Line)) -> (Answer, bool) {
    let application = Application::new();
    let server = start(name, capacity(9, 9), &[application.address()]);
    let mut kept = None;
    while_asked(&server, GET, b"", || {
        kept = Some(answer_one(&application, "1"))
    });
    let kept = kept.expect("it was kept");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let again = scope.spawn(|| {
            let mut line = None;
            eventually("a second connection, or none", || {
                line = application.try_accept();
                line.is_some() || is_over.load(Ordering::Relaxed)
            });
            let mut line = line?;
            line.request()?;
            line.answer("2");
            Some(())
        });
        let client = scope.spawn(|| server.ask(head, b"x"));
        close(kept);
        let answer = client.join().expect("it is answered");
        is_over.store(true, Ordering::Relaxed);
        (answer, again.join().expect("it ends").is_some())
    })
}

#[test]
fn a_kept_connection_that_was_closed_costs_a_get_nothing_and_sends_no_post_twice() {
    for name in BOTH {
        // It takes the request, and hangs up: nobody knows what it has done.
        let close = |mut line: Line| {
            line.request().expect("the second request");
            line.hang_up();
        };
        let (answer, asked_again) = on_a_stale_connection(name, GET, close);
        assert_eq!((answer.text().as_str(), asked_again), ("2", true));
        let (answer, asked_again) = on_a_stale_connection(name, POST, close);
        assert_eq!((answer.status, asked_again), (502, false), "{name}");
    }
}

#[test]
fn a_get_is_asked_again_once_and_not_for_ever() {
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(9, 9), &[application.address()]);
        let mut kept = None;
        while_asked(&server, GET, b"", || {
            kept = Some(answer_one(&application, "1"))
        });
        let answer = while_asked(&server, GET, b"", || {
            let mut kept = kept.expect("it was kept");
            kept.request().expect("the second request");
            kept.hang_up();
            let mut line = application.accept();
            line.request().expect("again");
            line.hang_up();
        });
        assert_eq!(answer.status, 502, "{name}");
        assert!(application.try_accept().is_none());
    }
}

#[test]
fn a_connection_closed_while_idle_is_not_used_for_a_post() {
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(9, 9), &[application.address()]);
        while_asked(&server, GET, b"", || {
            answer_one(&application, "1").hang_up()
        });
        let answer = while_asked(&server, POST, b"x", || {
            answer_one(&application, "2");
        });
        assert_eq!(answer.text(), "2", "{name}");
    }
}

/// As a php-fpm with one child: it takes a connection when the one it has is closed.
#[test]
fn a_process_that_a_kept_connection_holds_is_freed_for_who_waits() {
    const CLIENTS: usize = 4;
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(9, 9), &[application.address()]);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut answered = 0;
                while answered < CLIENTS {
                    let mut line = application.accept();
                    while answered < CLIENTS && line.request().is_some() {
                        line.answer("one after the other");
                        answered += 1;
                    }
                }
            });
            for _ in 0..CLIENTS {
                scope.spawn(|| assert_eq!(server.get("/app").status, 200, "{name}"));
            }
        });
    }
}

#[test]
fn words_that_come_unasked_on_a_kept_connection_answer_nobody() {
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(9, 9), &[application.address()]);
        let mut kept = None;
        while_asked(&server, GET, b"", || {
            kept = Some(answer_one(&application, "1"))
        });
        let mut kept = kept.expect("it was kept");
        kept.answer("smuggled");
        let answer = while_asked(&server, GET, b"", || {
            answer_one(&application, "2");
        });
        assert_eq!(answer.text(), "2", "{name}");
    }
}

#[test]
fn forty_at_once_over_two_workers_are_answered_two_at_a_time() {
    const CLIENTS: usize = 40;
    for name in BOTH {
        let workers = [Application::new(), Application::new()];
        let addresses = workers.each_ref().map(Application::address);
        let server = start(name, capacity(1, CLIENTS), &addresses);
        let (busy, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (busy, most) = (&busy, &most);
        thread::scope(|scope| {
            for worker in &workers {
                scope.spawn(move || {
                    let mut line = worker.accept();
                    while line.request().is_some() {
                        let now = busy.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::park_timeout(Duration::from_millis(2));
                        busy.fetch_sub(1, Ordering::SeqCst);
                        line.answer("served");
                    }
                    assert!(worker.try_accept().is_none(), "one connection is enough");
                });
            }
            thread::scope(|clients| {
                for _ in 0..CLIENTS {
                    clients.spawn(|| assert_eq!(server.get("/app").text(), "served"));
                }
            });
            drop(server);
        });
        assert!(most.load(Ordering::SeqCst) <= 2, "{name}");
    }
}

#[test]
fn who_finds_the_queue_full_is_503_and_the_others_are_answered() {
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(1, 1), &[application.address()]);
        thread::scope(|scope| {
            let (tell, told) = channel();
            let first = scope.spawn(|| server.get("/app"));
            let mut line = application.accept();
            line.request().expect("the first request");
            // One of these waits, and one is refused; which one is up to the machine.
            for _ in 0..2 {
                let (tell, server) = (tell.clone(), &server);
                scope.spawn(move || tell.send(server.get("/app")));
            }
            let refused = told.recv_timeout(DEADLINE).expect("one is refused");
            assert_eq!(refused.status, 503);
            assert!(refused.head.contains("Retry-After: 1"));
            line.answer("first");
            line.request().expect("the one that waited");
            line.answer("second");
            assert_eq!(first.join().expect("it is answered").text(), "first");
            let waited = told.recv_timeout(DEADLINE).expect("it is answered");
            assert_eq!(waited.text(), "second");
        });
    }
}

#[test]
fn a_client_that_leaves_costs_no_connection_and_keeps_no_place() {
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(1, 9), &[application.address()]);
        let mut gone = server.connect();
        gone.write_all(b"GET /app HTTP/1.1\r\nHost: a\r\n\r\n")
            .expect("it is connected");
        let mut line = application.accept();
        line.request().expect("a request");
        concurrency::sys::reset_on_close(&gone).expect("it can be");
        drop(gone);
        let answer = while_asked(&server, GET, b"", || {
            // The answer nobody wants is heard out, and the next request comes behind it.
            line.answer("for nobody");
            line.request().expect("the next request");
            line.answer("for you");
        });
        assert_eq!(answer.text(), "for you", "{name}");
        assert!(application.try_accept().is_none());
    }
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_content_is_not_taken_for_a_whole_request() {
    let body = noise(200_000);
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(1, 9), &[application.address()]);
        let mut gone = server.connect();
        gone.write_all(b"POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
            .and_then(|()| gone.write_all(&body))
            .expect("it is connected");
        let mut line = application.accept();
        line.head().expect("a request");
        drop(gone);
        let mut octets = 0;
        while let Some(record) = line.record() {
            assert!(!record.content.is_empty(), "the content ends well");
            octets += record.content.len();
        }
        assert!(octets <= body.len(), "{name}");
    }
}

#[test]
fn a_slow_form_holds_no_worker() {
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(1, 0), &[application.address()]);
        let mut slow = server.connect();
        slow.write_all(b"POST /app HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
            .expect("it is connected");
        let mut line = None;
        let answer = while_asked(&server, GET, b"", || {
            line = Some(answer_one(&application, "quick"));
        });
        assert_eq!(answer.text(), "quick");
        slow.write_all(b"lo").expect("it is connected");
        let mut line = line.expect("it was kept");
        assert_eq!(line.request().expect("the form").stdin, b"hello");
        line.answer("slow");
        assert_eq!(Answer::read(&slow, b"POST").text(), "slow");
    }
}

#[test]
fn a_thousand_requests_leave_no_descriptor() {
    for name in BOTH {
        let application = Application::new();
        let server = start(name, capacity(2, 9), &[application.address()]);
        let is_over = AtomicBool::new(false);
        let (application, is_over) = (&application, &is_over);
        thread::scope(|scope| {
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let Some(mut line) = application.try_accept() else {
                        thread::park_timeout(Duration::from_millis(1));
                        continue;
                    };
                    scope.spawn(move || {
                        // Every now and then one ends without a word.
                        for number in 1.. {
                            if line.request().is_none() || number % 50 == 0 {
                                return line.hang_up();
                            }
                            line.answer("x");
                        }
                    });
                }
            });
            let ask = |count| (0..count).for_each(|_| drop(server.get("/app")));
            let descriptors = || std::fs::read_dir("/proc/self/fd").expect("Linux").count();
            ask(100);
            let before = descriptors();
            ask(1000);
            // Other tests of this program open some, too.
            eventually("descriptors are closed", || descriptors() <= before + 40);
            is_over.store(true, Ordering::Relaxed);
            drop(server);
        });
    }
}

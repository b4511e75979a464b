//! Is our event loop faster than nginx at what both do: a small file, over kept connections?
//!
//! `cargo bench -p check --bench serve`
//!
//! Each server is a process with one worker. Rounds are interleaved, so that whatever else the machine
//! does falls on all of them; a ratio is taken within a round, and shown with its spread. Before
//! anything is measured every server has to answer with the right octets, and our own load
//! generator compares every single answer: if one is wrong, no ratio is printed.
//!
//! Two figures for each: answers in a second, which is what a client gets, and answers in a second of the
//! *server's* processor time, which does not depend on how quick the client is. Where a server
//! was not busy all the time, the client was the bottleneck, and the first figure is a
//! lower bound.
//!
//! It says nothing of large files, of many cores, or of the time a single answer takes.

use check::binary::{Profile, gateway};
use check::load::{Load, Until};
use check::{Asked, Client, Executable, TempFolder, needs, process};
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Rounds, unless `CHECK_ROUNDS` says otherwise; odd, so that the median is one of them.
const ROUNDS: usize = 7;

/// Length of a measurement.
const MEASURED: Duration = Duration::from_secs(1);

/// Octets of the file.
const FILE_BYTES: usize = 1024;

/// Clock ticks in a second: what `sysconf(_SC_CLK_TCK)` has been on Linux for ever.
const TICKS: f64 = 100.0;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A server, and what it did in each round.
struct Contender {
    name: &'static str,
    server: Executable,
    /// By our own load generator: answers in a second; answers in a second of its own time; how busy.
    rates: Vec<f64>,
    efficiency: Vec<f64>,
    busy: Vec<f64>,
    /// By wrk.
    wrk: Vec<f64>,
}

fn main() -> ExitCode {
    // `cargo test --benches` and the like only want to know that this starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    if needs::is_missing("the comparison", &["nginx"]) {
        return ExitCode::SUCCESS;
    }
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("no comparison: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Outcome<()> {
    let folder = TempFolder::new()?;
    folder.write("root/kibibyte.bin", "x".repeat(FILE_BYTES))?;
    let mut contenders = start(&folder)?;
    for contender in &contenders {
        check_answer(contender.server.addr())
            .map_err(|error| format!("{}: {error}", contender.name))?;
    }
    let rounds = std::env::var("CHECK_ROUNDS").map_or(Ok(ROUNDS), |text| text.parse())?;
    let with_wrk = needs::find("wrk").is_some();
    println!(
        "{rounds} rounds of {MEASURED:?}, {FILE_BYTES} octets, 64 kept connections, one worker each"
    );
    for round in 0..rounds {
        // Nobody is always the first after whatever the machine did between two rounds.
        let first = round % contenders.len();
        contenders.rotate_left(first);
        for contender in &mut contenders {
            contender.measure()?;
            if with_wrk {
                contender.wrk.push(wrk(contender.server.addr())?);
            }
        }
        contenders.rotate_right(first);
    }
    report(&contenders, with_wrk);
    Ok(())
}

fn start(folder: &TempFolder) -> Outcome<Vec<Contender>> {
    let ours = gateway(Profile::Release)?;
    let ours = ours.to_str().ok_or("a path that is no text")?;
    let nginx = "nginx";
    let words = [
        ours,
        "{root}/root",
        "--listen",
        "{addr}",
        "--server",
        "epoll",
    ];
    let mut contenders = vec![Contender::start("ours", &words, folder.path())?];
    let variants = [
        ("nginx as packaged", PACKAGED),
        ("nginx, no access log", QUIET),
        ("nginx, cached descriptors", CACHED),
    ];
    for (number, (name, settings)) in variants.into_iter().enumerate() {
        // The port is known only when it starts, so it is the shell that writes it down.
        let conf = folder.write(
            &format!("nginx{number}.in"),
            CONFIGURATION.replace("SETTINGS", settings),
        )?;
        let script = format!(
            "sed 's|ADDR|{{addr}}|; s|ROOT|{{root}}|' {} > {{root}}/nginx{number}.conf && \
             exec {nginx} -p {{root}} -c {{root}}/nginx{number}.conf",
            conf.display()
        );
        contenders.push(Contender::start(
            name,
            &["sh", "-c", &script],
            folder.path(),
        )?);
    }
    Ok(contenders)
}

/// What all variants share. Its own temporary folders, so that it runs without privileges, and as
/// many requests on a connection as are asked: nginx closes after 1,000 otherwise.
const CONFIGURATION: &str = "\
daemon off;
worker_processes 1;
pid ROOT/nginx.pid;
error_log ROOT/error.log;
events { worker_connections 1024; }
http {
    types { application/octet-stream bin; }
    client_body_temp_path ROOT/temp;
    proxy_temp_path ROOT/temp;
    fastcgi_temp_path ROOT/temp;
    uwsgi_temp_path ROOT/temp;
    scgi_temp_path ROOT/temp;
    keepalive_requests 1000000000;
    sendfile on;
    tcp_nopush on;
    SETTINGS
    server { listen ADDR; root ROOT/root; }
}
";

/// As Debian ships it, with one worker.
const PACKAGED: &str = "gzip on; access_log ROOT/access.log;";

/// Without a line for each request.
const QUIET: &str = "access_log off;";

/// With open files kept, and looked after once a second: as stale as ours may be.
const CACHED: &str = "access_log off; open_file_cache max=1000; open_file_cache_valid 1s;";

impl Contender {
    fn start(name: &'static str, words: &[&str], folder: &Path) -> Outcome<Contender> {
        let server =
            Executable::start(words, folder, None).map_err(|error| format!("{name}: {error}"))?;
        Ok(Contender {
            name,
            server,
            rates: Vec::new(),
            efficiency: Vec::new(),
            busy: Vec::new(),
            wrk: Vec::new(),
        })
    }

    fn measure(&mut self) -> Outcome<()> {
        let before = self.ticks()?;
        let outcome = Load::get("/kibibyte.bin")
            .run(self.server.addr(), Until::Elapsed(MEASURED))
            .map_err(|error| format!("{}: {error}", self.name))?;
        let own = (self.ticks()? - before) / TICKS;
        let seconds = outcome.elapsed.as_secs_f64();
        self.rates.push(outcome.rate());
        self.efficiency.push(outcome.rate() * seconds / own);
        self.busy.push(own / seconds);
        Ok(())
    }

    /// Processor time of the server and its worker.
    #[expect(clippy::cast_precision_loss, reason = "a few seconds of ticks")]
    fn ticks(&self) -> Outcome<f64> {
        let mut ticks = process::cpu_ticks(self.server.pid())?;
        for child in process::children(self.server.pid())? {
            ticks += process::cpu_ticks(child)?;
        }
        Ok(ticks as f64)
    }
}

fn check_answer(addr: SocketAddr) -> Outcome<()> {
    let mut client = Client::connect(addr)?;
    client.send(b"GET /kibibyte.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let answer = client.read_answer(Asked::Other)?;
    if answer.status == 200 && answer.content == "x".repeat(FILE_BYTES).as_bytes() {
        return Ok(());
    }
    Err(format!("a wrong answer, of status {}", answer.status).into())
}

fn wrk(addr: SocketAddr) -> Outcome<f64> {
    let url = format!("http://{addr}/kibibyte.bin");
    let time = format!("-d{}s", MEASURED.as_secs());
    let output = Command::new("wrk")
        .args(["-t1", "-c64", &time, &url])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("wrk had wrong answers: {text}").into());
    }
    let rate = text
        .split_once("Requests/sec:")
        .ok_or("wrk printed no rate")?
        .1;
    Ok(rate.split_whitespace().next().unwrap_or_default().parse()?)
}

fn report(contenders: &[Contender], with_wrk: bool) {
    println!(
        "{:28}{:>12}{:>8}{:>22}{:>12}",
        "", "answers/s", "busy", "per second of its own", "wrk"
    );
    for contender in contenders {
        let wrk = if with_wrk {
            format!("{:.0}", median(&contender.wrk))
        } else {
            "-".into()
        };
        println!(
            "{:28}{:>12.0}{:>7.0}%{:>22.0}{wrk:>12}",
            contender.name,
            median(&contender.rates),
            100.0 * median(&contender.busy),
            median(&contender.efficiency),
        );
    }
    let Some((ours, others)) = contenders.split_first() else {
        return;
    };
    println!("\nours against …, median of the rounds' ratios (least to most)");
    for other in others {
        let mut line = format!(
            "{:28}{}   own time {}",
            other.name,
            ratio(&ours.rates, &other.rates),
            ratio(&ours.efficiency, &other.efficiency)
        );
        if with_wrk {
            line += &format!("   wrk {}", ratio(&ours.wrk, &other.wrk));
        }
        println!("{line}");
    }
}

fn ratio(ours: &[f64], theirs: &[f64]) -> String {
    let mut ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
    ratios.sort_by(f64::total_cmp);
    let (least, most) = (ratios.first(), ratios.last());
    format!(
        "{:.2} ({:.2} to {:.2})",
        median(&ratios),
        least.copied().unwrap_or(f64::NAN),
        most.copied().unwrap_or(f64::NAN)
    )
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

//! The clients of the world against the finished server: each fetches, and every octet is compared.

use check::{Executable, Place, TempFolder, needs};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Seconds after which a client is ended that would wait for ever.
const PATIENCE: &str = "60";

/// A page that names everything else there is, as pages do.
const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Tree</title>\n\
     <link rel=\"stylesheet\" href=\"style.css\"><script src=\"app.js\" defer></script></head>\n\
     <body><h1>A tree of files</h1><p id=\"said\">nothing yet</p>\n\
     <a href=\"deep/\">deep</a> <a href=\"a%20b.txt\">a name with a space</a>\n\
     <a href=\"large.bin\">large</a> <a href=\"%C3%BC.txt\">ü</a></body></html>\n";

const SCRIPT: &str = "fetch('deep/leaf.txt').then(answer => answer.text())\n\
     .then(text => { document.getElementById('said').textContent = text.trim(); });\n";

/// The files of the tree, below `tree`.
fn files() -> [(&'static str, Vec<u8>); 8] {
    let large = (0..=250).cycle().take(300_001).collect();
    [
        ("index.html", PAGE.into()),
        ("style.css", "h1 { color: green }\n".into()),
        ("app.js", SCRIPT.into()),
        ("a b.txt", "a b\n".into()),
        ("ü.txt", "u with two dots\n".into()),
        ("large.bin", large),
        ("deep/index.html", "<a href=\"leaf.txt\">leaf</a>\n".into()),
        ("deep/leaf.txt", "said by a leaf\n".into()),
    ]
}

/// The finished server over the tree, and a folder for what a client fetches.
struct Scene {
    place: Place,
    server: Executable,
    out: TempFolder,
}

impl Scene {
    fn new() -> Scene {
        let place = Place::new().expect("a site");
        for (name, content) in files() {
            let file = place.site.root().join("tree").join(name);
            fs::create_dir_all(file.parent().expect("it is in a folder")).expect("room");
            fs::write(file, content).expect("room");
        }
        Scene {
            server: place.serve("epoll").expect("it starts"),
            place,
            out: TempFolder::new().expect("a folder"),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.addr())
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.place.site.root().join("tree").join(name)).expect("it is there")
    }

    fn fetched(&self, name: &str) -> Vec<u8> {
        let file = self.out.path().join(name);
        fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// Runs a client in the folder for what it fetches.
    #[track_caller]
    fn run(&self, words: &[&str]) -> Output {
        let mut client = client(words, self.out.path());
        let output = client.stdin(Stdio::null()).output().expect("it starts");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {complaint}");
        output
    }

    /// Types into a client, piece by piece, listens until it has shown `last`, and leaves.
    fn type_into(&self, words: &[&str], pieces: &[&str], last: &str) -> String {
        let mut client = client(words, self.out.path());
        let client = client.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = client.stderr(Stdio::null()).spawn().expect("it starts");
        let mut keyboard = child.stdin.take().expect("it is piped");
        for piece in pieces {
            keyboard.write_all(piece.as_bytes()).expect("it listens");
            keyboard.flush().expect("it listens");
        }
        let mut said = Vec::new();
        let mut screen = child.stdout.take().expect("it is piped");
        let mut octet = [0];
        while !said.ends_with(last.as_bytes()) && screen.read(&mut octet).expect("it speaks") > 0 {
            said.extend(octet);
        }
        // Some clients leave when nobody types any more, whatever is still to come.
        drop(keyboard);
        screen.read_to_end(&mut said).expect("it speaks");
        child.wait().expect("it ends");
        String::from_utf8_lossy(&said).into_owned()
    }
}

fn client(words: &[&str], folder: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", PATIENCE]).args(words);
    command.current_dir(folder).env("HOME", folder);
    command.env("LC_ALL", "C.UTF-8");
    command
}

#[test]
fn wget_mirrors_a_tree_octet_by_octet() {
    if needs::is_missing("a mirror", &["wget"]) {
        return;
    }
    let scene = Scene::new();
    let words = ["wget", "-q", "-m", "-np", "-nH", "--local-encoding=UTF-8"];
    let url = scene.url("/tree/");
    scene.run(&[words.as_slice(), &[&url]].concat());
    for (name, content) in files() {
        assert_eq!(scene.fetched(&format!("tree/{name}")), content, "{name}");
    }
    // Asked again, the mirror is told that nothing has changed.
    let log = scene.out.path().join("log").display().to_string();
    scene.run(&[
        "wget",
        "-m",
        "-np",
        "-nH",
        "-o",
        &log,
        &scene.url("/tree/large.bin"),
    ]);
    let log = String::from_utf8_lossy(&scene.fetched("log")).into_owned();
    assert!(log.contains("304 Not Modified"), "{log}");
}

#[test]
fn wget_goes_on_where_a_file_was_cut_off() {
    if needs::is_missing("a resumed file", &["wget"]) {
        return;
    }
    let scene = Scene::new();
    let whole = scene.file("large.bin");
    fs::write(scene.out.path().join("large.bin"), &whole[..123_457]).expect("room");
    let output = scene.run(&["wget", "-c", "-S", &scene.url("/tree/large.bin")]);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        log.contains(" 206 ") && log.contains("bytes 123457-"),
        "{log}"
    );
    assert!(scene.fetched("large.bin") == whole);
}

#[test]
fn curl_goes_on_where_a_file_was_cut_off() {
    if needs::is_missing("a resumed file", &["curl"]) {
        return;
    }
    let scene = Scene::new();
    let whole = scene.file("large.bin");
    fs::write(scene.out.path().join("part"), &whole[..1]).expect("room");
    let url = scene.url("/tree/large.bin");
    let words = ["curl", "-sS", "-C", "-", "-o", "part", "-w", "%{http_code}"];
    let output = scene.run(&[words.as_slice(), &[&url]].concat());
    assert_eq!(output.stdout, b"206");
    assert!(scene.fetched("part") == whole);
}

#[test]
fn curl_fetches_as_in_1996() {
    if needs::is_missing("HTTP/1.0", &["curl"]) {
        return;
    }
    let scene = Scene::new();
    let (one, other) = (scene.url("/tree/large.bin"), scene.url("/tree/a%20b.txt"));
    scene.run(&[
        "curl",
        "-sSf",
        "--http1.0",
        "-o",
        "1",
        &one,
        "-o",
        "2",
        &other,
    ]);
    assert!(scene.fetched("1") == scene.file("large.bin"));
    assert_eq!(scene.fetched("2"), b"a b\n");
}

#[test]
fn curl_uploads_with_a_length_and_without() {
    if needs::is_missing("an upload", &["curl"]) {
        return;
    }
    let scene = Scene::new();
    let (whole, url) = (scene.file("large.bin"), scene.url("/cgi/cat"));
    let from = scene.place.site.root().join("tree/large.bin");
    let from = from.to_str().expect("a path of UTF-8");
    scene.run(&["curl", "-sSf", "-T", from, "-o", "counted", &url]);
    assert!(scene.fetched("counted") == whole);
    // Standard input has no length, so it goes in chunks.
    let pipe = format!("curl -sSf -T - -o chunked {url} < {from}");
    scene.run(&["sh", "-c", &pipe]);
    assert!(scene.fetched("chunked") == whole);
}

#[test]
fn lynx_shows_a_page_and_its_links() {
    if needs::is_missing("a browser for terminals", &["lynx"]) {
        return;
    }
    let scene = Scene::new();
    let output = scene.run(&["lynx", "-dump", &scene.url("/tree/")]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("A tree of files"), "{shown}");
    let link = format!("{}tree/deep/", scene.url("/"));
    assert!(shown.contains(&link), "{shown}");
}

#[test]
fn ab_is_answered_on_connections_that_stay() {
    if needs::is_missing("ab", &["ab"]) {
        return;
    }
    let scene = Scene::new();
    let url = scene.url("/tree/deep/leaf.txt");
    let output = scene.run(&["ab", "-q", "-k", "-n", "2000", "-c", "8", &url]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let figure = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name));
        let word = line.and_then(|line| line.split_whitespace().last());
        word.and_then(|word| word.parse::<u32>().ok())
    };
    assert_eq!(figure("Complete requests:"), Some(2000), "{said}");
    assert_eq!(figure("Failed requests:"), Some(0), "{said}");
    assert_eq!(figure("Keep-Alive requests:"), Some(2000), "{said}");
    assert!(!said.contains("Non-2xx"), "{said}");
}

#[test]
fn a_request_typed_into_nc_is_answered() {
    if needs::is_missing("nc", &["nc"]) {
        return;
    }
    let scene = Scene::new();
    let port = scene.server.addr().port().to_string();
    let typed = [
        "GET /tree/deep/",
        "leaf.txt HTTP/1.1\r\nHo",
        "st: a\r\n",
        "Connection: close\r\n\r",
        "\n",
    ];
    let said = scene.type_into(&["nc", "127.0.0.1", &port], &typed, "leaf\n");
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
    assert!(said.ends_with("\r\n\r\nsaid by a leaf\n"), "{said}");
}

#[test]
fn a_request_typed_into_telnet_is_answered() {
    if needs::is_missing("telnet", &["telnet"]) {
        return;
    }
    let scene = Scene::new();
    let port = scene.server.addr().port().to_string();
    // Telnet sends CR LF for each line that is entered.
    let typed = ["GET /tree/deep/leaf.txt HTTP/1.0\n", "\n"];
    let said = scene.type_into(&["telnet", "127.0.0.1", &port], &typed, "leaf\n");
    assert!(said.contains("HTTP/1.1 200 OK"), "{said}");
    assert!(said.contains("said by a leaf"), "{said}");
}

#[test]
fn chromium_loads_a_page_with_all_that_belongs_to_it() {
    if needs::is_missing("a browser", &["chromium"]) {
        return;
    }
    let scene = Scene::new();
    let profile = format!("--user-data-dir={}", scene.out.path().display());
    let words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu"];
    let rest = ["--virtual-time-budget=10000", "--dump-dom"];
    let url = scene.url("/tree/");
    let output = scene.run(&[&words[..], &[&profile], &rest, &[&url]].concat());
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(page.contains("<p id=\"said\">said by a leaf</p>"), "{page}");
}

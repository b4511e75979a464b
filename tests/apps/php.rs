//! PHP: scripts of the site, run by php-fpm over FastCGI.

use super::{Response, ask, gateway, get};
use check::needs::{find, is_missing};
use check::{Executable, TempFolder};
use std::fs;

const PAGES: [(&str, &str); 9] = [
    (
        "info.php",
        "<?php foreach (['SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'REQUEST_URI', 'SCRIPT_FILENAME',
         'DOCUMENT_ROOT', 'HTTP_AUTHORIZATION', 'HTTP_PROXY'] as $name)
         echo $name, '=', $_SERVER[$name] ?? '-', \"\\n\";",
    ),
    (
        "session.php",
        "<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; echo $_SESSION['n'];",
    ),
    (
        "upload.php",
        "<?php $f = $_FILES['f']; echo $f['name'], ' ', $f['size'], ' ', $_POST['word'];",
    ),
    (
        "raw.php",
        "<?php $in = file_get_contents('php://input'); echo strlen($in), ' ', crc32($in);",
    ),
    ("shop/index.php", "<?php echo 'shop ', $_SERVER['SCRIPT_NAME'];"),
    ("moved.php", "<?php header('Location: https://shop.example/new'); setcookie('a', 'b');"),
    ("exit.php", "<?php echo 'whole'; exit(3);"),
    ("fatal.php", "<?php error_log('oh no'); nowhere();"),
    ("photo.jpg", "<?php echo 'broken into';"),
];

/// A folder of pages, php-fpm with two children, and the finished server in front.
struct Shop {
    folder: TempFolder,
    _fpm: Executable,
    server: Executable,
}

impl Shop {
    /// `None` where there is no php-fpm.
    fn open(test: &str) -> Option<Shop> {
        let program = ["php-fpm8.2", "php-fpm8.4", "php-fpm"]
            .into_iter()
            .find(|program| find(program).is_some())
            .unwrap_or("php-fpm8.2");
        if is_missing(test, &[program]) {
            return None;
        }
        let folder = TempFolder::new().expect("a folder can be made");
        for (name, page) in PAGES {
            folder
                .write(&format!("site/{name}"), page)
                .expect("pages can be written");
        }
        fs::create_dir(folder.path().join("sessions")).expect("a folder can be made");
        let here = folder.path().display();
        let pool = "user = root\ngroup = root\npm = static\npm.max_children = 2\n";
        let config = format!(
            "[global]\nerror_log = {here}/fpm.log\n\
             [port]\nlisten = ADDRESS\n{pool}\
             php_admin_value[session.save_path] = {here}/sessions\n\
             [socket]\nlisten = {here}/php.sock\n{pool}\
             php_admin_value[session.save_path] = {here}/sessions\n"
        );
        folder.write("fpm.conf", config).expect("it can be written");
        // The port is known only when it runs.
        let start = format!(
            "sed s/ADDRESS/{{addr}}/ {{root}}/fpm.conf >{{root}}/own.conf \
             && exec {program} --nodaemonize --allow-to-run-as-root --fpm-config {{root}}/own.conf"
        );
        let fpm = Executable::start(&["sh", "-c", &start], folder.path(), None);
        let fpm = fpm.expect("php-fpm starts");
        let rule = format!("*.php=unix:{here}/php.sock,{}", fpm.addr());
        let server = gateway(&folder.path().join("site"), &["--fastcgi", &rule]);
        Some(Shop {
            server: server.expect("the server starts"),
            _fpm: fpm,
            folder,
        })
    }

    #[track_caller]
    fn get(&self, path: &str) -> Response {
        get(self.server.addr(), path)
    }
}

#[test]
fn php_is_told_where_its_script_is_and_what_comes_behind() {
    let Some(shop) = Shop::open("php_is_told") else {
        return;
    };
    let head =
        "GET /info.php/a%20b?q=1 HTTP/1.1\r\nAuthorization: Basic eA==\r\nProxy: http://evil/";
    let seen = ask(shop.server.addr(), head, b"").text;
    let root = shop.folder.path().join("site");
    let root = root.display();
    let expected = format!(
        "SCRIPT_NAME=/info.php\nPATH_INFO=/a b\nQUERY_STRING=q=1\nREQUEST_URI=/info.php/a%20b?q=1\n\
         SCRIPT_FILENAME={root}/info.php\nDOCUMENT_ROOT={root}\nHTTP_AUTHORIZATION=Basic eA==\n\
         HTTP_PROXY=-\n"
    );
    assert_eq!(seen, expected);
    assert_eq!(shop.get("/shop/").text, "shop /shop/index.php");
}

#[test]
fn php_runs_no_file_that_is_not_called_so() {
    let Some(shop) = Shop::open("php_runs_no_file") else {
        return;
    };
    for path in [
        "/photo.jpg/x.php",
        "/photo.jpg/.php",
        "/none.php",
        "/none.php/info.php",
        "/shop/none.php",
        "/.php",
        "/photo.jpg%2Fx.php",
        "/photo.jpg%00.php",
    ] {
        let answer = shop.get(path);
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text.contains("broken into"), "{path}");
    }
    // A picture is shown as it is, a script never.
    assert!(shop.get("/photo.jpg").text.contains("<?php"));
    assert!(!shop.get("/info.PHP").text.contains("<?php"));
}

#[test]
fn php_keeps_sessions_over_both_children_and_both_ways_in() {
    let Some(shop) = Shop::open("php_keeps_sessions") else {
        return;
    };
    let first = shop.get("/session.php");
    let cookie = first
        .head
        .split("Set-Cookie: ")
        .nth(1)
        .and_then(|rest| rest.split(';').next())
        .expect("a session has a cookie");
    assert_eq!(first.text, "1");
    for number in 2..8 {
        let head = format!("GET /session.php HTTP/1.1\r\nCookie: {cookie}");
        assert_eq!(ask(shop.server.addr(), &head, b"").text, number.to_string());
    }
}

#[test]
fn php_takes_forms_uploads_and_content_in_chunks() {
    let Some(shop) = Shop::open("php_takes_forms") else {
        return;
    };
    let file = "x".repeat(300_000);
    let part = "--cut\r\nContent-Disposition: form-data; name=";
    let form = format!(
        "{part}\"word\"\r\n\r\nhello\r\n{part}\"f\"; filename=\"a.txt\"\r\n\r\n{file}\r\n--cut--\r\n"
    );
    let head = format!(
        "POST /upload.php HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=cut\r\n\
         Content-Length: {}",
        form.len()
    );
    assert_eq!(
        ask(shop.server.addr(), &head, form.as_bytes()).text,
        "a.txt 300000 hello"
    );
    let head = "POST /raw.php HTTP/1.1\r\nTransfer-Encoding: chunked";
    let body = b"5\r\n12345\r\n4\r\n6789\r\n0\r\n\r\n";
    // The check value of CRC-32 is that of these nine digits.
    assert_eq!(
        ask(shop.server.addr(), head, body).text,
        format!("9 {}", 0xCBF4_3926_u32)
    );
    let mebibyte = format!("100000\r\n{}\r\n", "x".repeat(1 << 20));
    let body = format!("{mebibyte}0\r\n\r\n");
    let counted = ask(shop.server.addr(), head, body.as_bytes()).text;
    assert!(counted.starts_with("1048576 "), "{counted}");
    let body = format!("{mebibyte}1\r\nx\r\n0\r\n\r\n");
    assert_eq!(ask(shop.server.addr(), head, body.as_bytes()).status, 411);
}

#[test]
fn php_answers_end_as_they_are_meant() {
    let Some(shop) = Shop::open("php_answers_end") else {
        return;
    };
    let moved = shop.get("/moved.php");
    assert_eq!(moved.status, 302);
    assert!(moved.head.contains("Location: https://shop.example/new"));
    assert!(moved.head.contains("Set-Cookie: a=b"));
    assert_eq!(shop.get("/exit.php").text, "whole");
    assert_eq!(shop.get("/fatal.php").status, 500);
    let head = ask(shop.server.addr(), "HEAD /exit.php HTTP/1.0", b"");
    assert_eq!(head.status, 200);
}

#[test]
fn php_with_two_children_serves_sixteen_clients() {
    let Some(shop) = Shop::open("php_with_two_children") else {
        return;
    };
    let server = shop.server.addr();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(move || {
                for _ in 0..10 {
                    assert_eq!(get(server, "/exit.php").text, "whole");
                }
            });
        }
    });
}

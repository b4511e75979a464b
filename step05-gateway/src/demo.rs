//! The bundled demo site: a page, and three kinds of programs behind it.

use gateway::{
    App, Failure, Invocation, Mistake, Offload, Options, Pool, Responder, Routes, parse, routes,
};
use http_parse::{ResponseHead, Status};
use static_files::Request;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where the demo is: in the source of this program.
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo");

/// The command line of the demo, for a command line that names no folder: an empty one, or one that
/// says where to listen.
pub(crate) fn arguments(typed: &[OsString]) -> Option<Vec<OsString>> {
    let is_demo = match typed {
        [] => true,
        [option, _address] => option == "--listen",
        _ => false,
    };
    if !is_demo || !PathBuf::from(DEMO).is_dir() {
        return None;
    }
    let mut words = vec![DEMO.to_owned(), format!("--cgi=/cgi={DEMO}/cgi")];
    if has_python() {
        words.push("--wsgi=/wsgi=hello".to_owned());
        words.push(format!("--wsgi-path={DEMO}/wsgi"));
    }
    let words = words.into_iter().map(OsString::from);
    Some(words.chain(typed.iter().cloned()).collect())
}

/// Understands a command line, the demo's included; the flag tells which it is.
///
/// # Errors
/// As [`parse`].
pub(crate) fn understand(typed: &[OsString]) -> Result<(Invocation, Site), Mistake> {
    match arguments(typed) {
        Some(words) => Ok((parse(words)?, Site::Demo)),
        None => Ok((parse(typed.to_vec())?, Site::Given)),
    }
}

/// Which site is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    Given,
    Demo,
}

impl Site {
    /// Its handlers.
    ///
    /// # Errors
    /// As [`routes`].
    pub(crate) fn routes(self, options: &Options) -> Result<Routes, Failure> {
        let mut routes = routes(options)?;
        if self == Site::Demo {
            let app = Offload::new(Hello, Pool::default()).map_err(Failure::System)?;
            routes.mount("/app".parse().expect("a prefix"), app);
        }
        Ok(routes)
    }
}

/// Without Python, the demo has one program less.
fn has_python() -> bool {
    let mut python = Command::new("python3");
    python.arg("--version").stdin(Stdio::null());
    python.stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// The application in Rust.
struct Hello;

impl App for Hello {
    fn call(&self, request: &Request, _: &mut dyn Read, respond: Responder<'_>) -> io::Result<()> {
        let mut head = ResponseHead::new(Status::OK);
        head.fields
            .push("Content-Type", "text/plain; charset=utf-8");
        let path = request.path().escape_ascii();
        let text = format!(
            "Hello from a thread of process {}, the server itself.\n\n{} {path}\n",
            std::process::id(),
            request.method().as_str()
        );
        respond.start(&head)?.write_all(text.as_bytes())
    }
}

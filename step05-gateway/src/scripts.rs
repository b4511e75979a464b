//! Files of the site that an interpreter elsewhere runs: `*.php`.
//!
//! ```text
//!     /shop/cart.php/item/7        SCRIPT_FILENAME  /srv/site/shop/cart.php
//!     folder script  PATH_INFO     and it is there, and it is called so: looked up here
//! ```
//!
//! An interpreter that is handed a path walks it up until it finds a file. Then `/photo.jpg/x.php` is
//! a photo that somebody has uploaded, run as a program. So the script is found *here*, as the
//! first name that is a file, and must be called as the rule says; so must the file that a
//! symbolic link leads to. What is called so is never shown as a file, its source least of all.

use crate::environ::{Authorization, Environ, Mount};
use crate::fastcgi::Chunks;
use crate::path::Segments;
use crate::protocol::Protocol;
use crate::remote::{Words, bad_path, check_method};
use crate::script::{self, NoScript, Script};
use crate::upstream::Upstream;
use static_files::{Reply, Request, Response};
use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Answers for the scripts of one extension.
pub(crate) struct Scripts {
    /// In lower case, without the dot.
    extension: Box<str>,
    /// Without links, so that files can be compared with it.
    root: PathBuf,
    words: Words,
    upstream: Arc<Upstream>,
}

impl Scripts {
    /// Has the scripts below `root`, which has been canonicalised, run by `upstream`.
    pub(crate) fn new(
        extension: &str,
        root: &Path,
        words: Words,
        upstream: &Arc<Upstream>,
    ) -> Scripts {
        Scripts {
            extension: extension.into(),
            root: root.to_path_buf(),
            words,
            upstream: Arc::clone(upstream),
        }
    }

    /// The script that stands for a folder without `index.html`.
    fn index(&self, path: &Segments<'_>) -> Option<Vec<u8>> {
        if !path.ends_in_slash() {
            return None;
        }
        let mut folder = self.root.clone();
        for name in path.names() {
            folder.push(script::plain(name)?);
        }
        if folder.join("index.html").exists() {
            return None;
        }
        let index = format!("index.{}", self.extension);
        folder.join(&index).is_file().then(|| index.into_bytes())
    }

    fn is_called_so(&self, name: &[u8]) -> bool {
        let mut parts = name.rsplitn(2, |octet| *octet == b'.');
        let (last, first) = (parts.next(), parts.next());
        let is_same = |last: &[u8]| last.eq_ignore_ascii_case(self.extension.as_bytes());
        first.is_some() && last.is_some_and(is_same)
    }

    /// Answers if the path is for a script: some name in it is called so, or it is that of a folder
    /// which has one to show itself by.
    pub(crate) fn handle(&self, request: &Request, path: &Segments<'_>) -> Option<Reply> {
        let index = self.index(path);
        let mut names = path.names().iter();
        if index.is_none() && !names.any(|name| self.is_called_so(name)) {
            return None;
        }
        Some(match self.protocol(request, path, index) {
            Ok(protocol) => self.upstream.ask(request, protocol),
            Err(response) => Reply::Ready(response),
        })
    }

    fn protocol(
        &self,
        request: &Request,
        path: &Segments<'_>,
        index: Option<Vec<u8>>,
    ) -> Result<Box<dyn Protocol>, Response> {
        check_method(request)?;
        let environ = self.environ(request, path, index)?;
        self.words.of(environ, request, Chunks::Counted)
    }

    fn environ(
        &self,
        request: &Request,
        path: &Segments<'_>,
        index: Option<Vec<u8>>,
    ) -> Result<Environ, Response> {
        let mut names: Vec<Cow<'_, [u8]>> = path.names().to_vec();
        names.extend(index.clone().map(Cow::Owned));
        let Script { file, depth } = script::find_file(&self.root, &names)?;
        let file_name = file.file_name().unwrap_or_default().as_bytes();
        if !self.is_called_so(&names[depth - 1]) || !self.is_called_so(file_name) {
            return Err(NoScript::Missing.into());
        }
        let path_info = match index {
            Some(_) => Vec::new(),
            None => path.after(depth).map_err(|_| bad_path())?,
        };
        let script_name = [b"/", names[..depth].join(&b'/').as_slice()].concat();
        let mount = Mount {
            script_name: &script_name,
            path_info: &path_info,
            document_root: &self.root,
            script_filename: &file,
        };
        Ok(Environ::new(request, &mount, Authorization::Passed))
    }
}

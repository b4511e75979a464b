//! Links between the pages of a folder, read from their HTML.
//!
//! This finds attributes, not meaning: enough for pages that were made by a program, whose
//! attributes are all in double quotes and whose code samples are all escaped.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// What one page names, and what can be named in it.
#[derive(Debug, Default)]
struct Page {
    anchors: BTreeSet<String>,
    links: Vec<Link>,
}

#[derive(Debug)]
struct Link {
    tag: String,
    target: String,
}

/// Everything wrong with the links of the pages below `folder`: one that leads nowhere, and one
/// that makes a browser load something from elsewhere.
pub(crate) fn faults(folder: &Path) -> io::Result<Vec<String>> {
    let mut files = BTreeSet::new();
    collect(folder, Path::new(""), &mut files)?;
    let mut pages = BTreeMap::new();
    let mut faults = Vec::new();
    for file in &files {
        let extension = file.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("html") => {
                let page = page(&fs::read_to_string(folder.join(file))?);
                pages.insert(file.clone(), page);
            }
            Some("css") => {
                let text = fs::read_to_string(folder.join(file))?;
                if text.contains("url(http")
                    || text.contains("url(\"http")
                    || text.contains("@import")
                {
                    faults.push(format!("{}: loads from elsewhere", file.display()));
                }
            }
            _ => {}
        }
    }
    for (file, page) in &pages {
        for link in &page.links {
            if let Some(fault) = fault(file, link, &files, &pages) {
                faults.push(format!(
                    "{}: <{}> {}: {fault}",
                    file.display(),
                    link.tag,
                    link.target
                ));
            }
        }
    }
    Ok(faults)
}

fn collect(root: &Path, below: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.insert(path);
        }
    }
    Ok(())
}

fn page(html: &str) -> Page {
    let mut page = Page::default();
    for tag in html.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or(tag);
        let name = tag.split_whitespace().next().unwrap_or("");
        if let Some(anchor) = attribute(tag, "id") {
            page.anchors.insert(anchor.to_owned());
        }
        for kind in ["href", "src"] {
            if let Some(target) = attribute(tag, kind) {
                page.links.push(Link {
                    tag: name.to_owned(),
                    target: target.to_owned(),
                });
            }
        }
    }
    page
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split('"').next()
}

fn fault(
    file: &Path,
    link: &Link,
    files: &BTreeSet<PathBuf>,
    pages: &BTreeMap<PathBuf, Page>,
) -> Option<&'static str> {
    let target = link.target.as_str();
    if target.contains("://") || target.starts_with("//") {
        return (link.tag != "a").then_some("is loaded from elsewhere");
    }
    if target.starts_with("data:")
        || target.starts_with("mailto:")
        || target.starts_with("javascript:")
    {
        return None;
    }
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    let path = path.split('?').next().unwrap_or(path);
    let led = match path {
        "" => file.to_path_buf(),
        _ => match resolve(file.parent().unwrap_or(Path::new("")), path) {
            Some(led) => led,
            None => return Some("leads out of the book"),
        },
    };
    if !files.contains(&led) {
        return Some("leads to no file");
    }
    match anchor {
        None | Some("") => None,
        Some(anchor) => {
            let known = pages
                .get(&led)
                .is_some_and(|page| page.anchors.contains(anchor));
            (!known).then_some("leads to no anchor")
        }
    }
}

/// Follows `path` from `folder`; `None` when it climbs above the root.
fn resolve(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut led = folder.to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => led.push(name),
            Component::CurDir => {}
            Component::ParentDir if led.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    if path.ends_with('/') {
        led.push("index.html");
    }
    Some(led)
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::TempFolder;

    #[track_caller]
    fn check(html: &str, expected: &[&str]) {
        let folder = TempFolder::new().unwrap();
        folder.write("sub/page.html", html).unwrap();
        folder.write("index.html", "<h1 id=\"top\">x</h1>").unwrap();
        let found = faults(folder.path()).unwrap();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.ends_with(expected), "{found}");
        }
    }

    #[test]
    fn good_links_are_good() {
        check(
            "<a href=\"../index.html#top\">x</a><a id=\"here\" href=\"#here\">y</a>\
             <a href=\"https://example.org/\">z</a><img src=\"../index.html?a\">",
            &[],
        );
    }

    #[test]
    fn broken_links_are_found() {
        check("<a href=\"none.html\">x</a>", &["leads to no file"]);
        check(
            "<a class=\"b\" href=\"../index.html#none\">x</a>",
            &["leads to no anchor"],
        );
        check(
            "<a href=\"../../index.html\">x</a>",
            &["leads out of the book"],
        );
        check("<a href=\"#none\">x</a>", &["leads to no anchor"]);
    }

    #[test]
    fn what_is_loaded_from_elsewhere_is_found() {
        check(
            "<script src=\"https://example.org/x.js\">",
            &["is loaded from elsewhere"],
        );
        check(
            "<link rel=\"stylesheet\" href=\"//example.org/x.css\">",
            &["is loaded from elsewhere"],
        );
    }
}

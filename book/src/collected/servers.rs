//! For each real server, what the chapters tell of it.
//!
//! A paragraph under `## What real servers do` that begins with a name in bold is about that server;
//! one after it that begins with It or Its goes on about the same.

use super::Page;
use std::collections::BTreeMap;

const SECTION: &str = "\n## What real servers do\n";

pub(super) fn listed(pages: &[Page]) -> String {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for page in pages {
        for (server, text) in paragraphs(page) {
            told.entry(server).or_default().push(text);
        }
    }
    // Who is told of most is looked for most.
    let mut told: Vec<_> = told.into_iter().collect();
    told.sort_by_key(|(_, texts)| usize::MAX - texts.len());
    let sections = told
        .iter()
        .map(|(server, texts)| format!("## {server}\n\n{}\n", texts.join("\n\n")));
    sections.collect::<Vec<_>>().join("\n")
}

/// The servers a chapter tells of, and in which words.
fn paragraphs(page: &Page) -> Vec<(String, String)> {
    let Some((_, section)) = page.text.split_once(SECTION) else {
        return Vec::new();
    };
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut told: Vec<(String, String)> = Vec::new();
    let mut goes_on = false;
    for paragraph in section.trim().split("\n\n") {
        let name = paragraph
            .strip_prefix("**")
            .and_then(|rest| rest.split_once("**"));
        let same = paragraph.starts_with("It ") || paragraph.starts_with("Its ");
        match (name, told.last_mut()) {
            (Some((name, _)), _) => {
                let text = format!("{}: {}", page.link(), moved(paragraph, &page.file));
                told.push((known_as(name).to_owned(), text));
                goes_on = true;
            }
            (None, Some((_, text))) if same && goes_on => {
                text.push_str("\n\n");
                text.push_str(&moved(paragraph, &page.file));
            }
            (None, _) => goes_on = false,
        }
    }
    told
}

/// One name for each server.
fn known_as(name: &str) -> &str {
    let name = name.strip_suffix("'s").unwrap_or(name);
    name.strip_suffix(" httpd").unwrap_or(name)
}

/// The same text for a page in another folder: links to neighbours go through their folder.
fn moved(text: &str, file: &str) -> String {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut moved = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("](") {
        moved.push_str(before);
        moved.push_str("](");
        let is_near = !link.starts_with("../") && !link.contains("://") && !link.starts_with('#');
        if is_near || link.starts_with('#') {
            moved.push_str("../");
            moved.push_str(if link.starts_with('#') { file } else { folder });
            if is_near {
                moved.push('/');
            }
        }
        rest = link;
    }
    moved + rest
}

#[cfg(test)]
mod tests {
    use super::super::made;
    use super::*;

    #[test]
    fn each_server_has_what_is_told_of_it() {
        let text = "# A\n\n**nginx** elsewhere.\n\n## What real servers do\n\nMany differ.\n\n\
            **Apache's** way is [here](1-2.md).\n\nIts other way.\n\n**nginx** too.\n\n## Next\n\n**No.**\n";
        let second = "\n## What real servers do\n\n**nginx** again.\n";
        let listed = listed(&[made("1.1", text), made("1.2", second)]);
        assert_eq!(
            listed,
            "## nginx\n\n[1.1](../step/1.1.md): **nginx** too.\n\n[1.2](../step/1.2.md): **nginx** again.\n\n\
             ## Apache\n\n[1.1](../step/1.1.md): **Apache's** way is [here](../step/1-2.md).\n\nIts other way.\n"
        );
    }
}

//! The glossary, held against the chapters: a word is printed bold where it is explained, once.

use std::collections::BTreeMap;

/// Everything that is wrong with the glossary's text, given each chapter's number and text.
pub(crate) fn faults(glossary: &str, chapters: &[(String, String)]) -> Vec<String> {
    let mut bold: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (number, text) in chapters {
        let prose: String = text.split("```").step_by(2).collect();
        for word in prose.split("**").skip(1).step_by(2) {
            bold.entry(word.to_lowercase()).or_default().push(number);
        }
    }
    let mut faults = Vec::new();
    let mut last = String::new();
    for line in glossary.lines() {
        let Some((word, rest)) = line
            .strip_prefix("- **")
            .and_then(|l| l.split_once("** (["))
        else {
            continue;
        };
        let number = rest.split(']').next().unwrap_or_default();
        let key = word.to_lowercase();
        let plural = format!("{key}s");
        let places: Vec<&str> = [&key, &plural]
            .into_iter()
            .flat_map(|key| bold.get(key).cloned().unwrap_or_default())
            .collect();
        if places != [number] {
            faults.push(format!(
                "{word} is bold in {places:?}, not in {number} alone"
            ));
        }
        if key < last {
            faults.push(format!("{word} stands behind {last}"));
        }
        last = key;
    }
    faults
}

#[test]
fn a_word_that_is_explained_twice_or_elsewhere_is_noticed() {
    let chapters = [
        ("1.1", "A **socket**."),
        ("1.2", "**Sockets** and **ends**.\n```\n**ends**\n```\n"),
    ];
    let chapters = chapters.map(|(number, text)| (number.to_owned(), text.to_owned()));
    let right = faults("- **end** ([1.2](x)): a thing", &chapters);
    assert_eq!(right, [""; 0]);
    let wrong = "- **socket** ([1.1](x)): b\n- **end** ([1.1](x)): c\n- **fin** ([1.1](x)): d";
    assert_eq!(faults(wrong, &chapters).len(), 4);
}

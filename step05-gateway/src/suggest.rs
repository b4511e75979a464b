//! What somebody may have meant who mistyped a word.

/// Changes of one letter that still count as a slip of the fingers.
const SLIPS: usize = 2;

/// The word of `known` that is nearest to `typed`, if any is near.
pub(crate) fn nearest<'k>(
    typed: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let near = known.into_iter().map(|word| (distance(typed, word), word));
    let near = near.filter(|(distance, word)| *distance <= SLIPS && *distance < word.len());
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many letters must be put in, taken out or changed to turn one word into the other
/// (the distance of Levenshtein), one row of the table at a time.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (taken, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], taken + 1);
        for at in 0..to.len() {
            let changed = diagonal + usize::from(to[at] != letter);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_single_letters() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "ac", 1),
            ("ac", "abc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), expected, "{from} → {to}");
        }
    }

    #[test]
    fn only_near_words_are_suggested() {
        let known = ["--listen", "--listing", "--cgi"];
        assert_eq!(nearest("--lisen", known), Some("--listen"));
        assert_eq!(nearest("--listings", known), Some("--listing"));
        assert_eq!(nearest("--gci", known), Some("--cgi"));
        assert_eq!(nearest("--frobnicate", known), None);
        assert_eq!(nearest("", ["a"]), None);
    }
}

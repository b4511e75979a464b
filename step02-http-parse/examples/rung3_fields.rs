//! Chapter 2.3, fields: a map from names to values, as one would write it on the first evening.

use std::collections::BTreeMap;
use std::io::{self, Read};

fn main() -> io::Result<()> {
    let mut head = String::new();
    io::stdin().read_to_string(&mut head)?;
    for (name, value) in fields(&head) {
        println!("{name} = {value}");
    }
    Ok(())
}

// ANCHOR: fields
fn fields(head: &str) -> BTreeMap<String, String> {
    head.lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .collect()
}
// ANCHOR_END: fields

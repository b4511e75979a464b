//! What strace counted.
//!
//! Source: strace(1), option `-c`

use std::collections::BTreeMap;

/// Calls by name, from the table that `strace -c` writes; its line of totals is left out.
pub fn calls(table: &str) -> BTreeMap<String, u64> {
    table.lines().filter_map(row).collect()
}

/// `% time  seconds  usecs/call  calls  [errors]  syscall`
fn row(line: &str) -> Option<(String, u64)> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let [percent, _, _, calls, .., name] = columns[..] else {
        return None;
    };
    percent.parse::<f64>().ok()?;
    let counted = name != "total";
    counted.then_some((name.to_owned(), calls.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_with_and_without_errors() {
        let table = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000012           4         3           sendto
 40.00    0.000008           1         8         2 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.000020           1        11         2 total
";
        let expected = [("recvfrom".to_owned(), 8), ("sendto".to_owned(), 3)];
        assert_eq!(calls(table), BTreeMap::from(expected));
    }
}

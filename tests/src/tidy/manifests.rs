//! What the manifests promise: steps need no package, and no step needs a later one.
//!
//! Reads as much TOML as Cargo manifests of this workspace use: tables, and one entry a line.

/// One entry of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The table it stands in.
    pub table: String,
    /// The name the code uses.
    pub name: String,
    /// The folder it comes from; `None` for a package from a registry.
    pub path: Option<String>,
}

/// Reads every dependency of a manifest, of whatever kind and target.
pub fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut table = String::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            header.trim_matches(['[', ']']).clone_into(&mut table);
            // `[dependencies.name]` is an entry that is a table of its own.
            if let Some(name) = named_entry(&table) {
                found.push(Dependency {
                    table: table.clone(),
                    name: name.into(),
                    path: None,
                });
            }
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim();
        if is_dependency_table(&table) && !name.starts_with('#') {
            found.push(Dependency {
                table: table.clone(),
                name: name.into(),
                path: path_in(value),
            });
        } else if named_entry(&table).is_some() && name == "path" {
            let path = value.trim().trim_matches('"');
            if let Some(entry) = found.last_mut() {
                entry.path = Some(path.into());
            }
        }
    }
    found
}

/// The number of a step's folder; `None` for `book` and `tests`.
pub fn step_number(folder: &str) -> Option<u32> {
    folder.strip_prefix("step")?.get(..2)?.parse().ok()
}

/// Says what a step's manifest may not contain.
pub fn wrong_dependencies(folder: &str, manifest: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for dependency in dependencies(manifest) {
        let (name, table) = (&dependency.name, &dependency.table);
        let Some(path) = &dependency.path else {
            wrong.push(format!("{folder}: [{table}] {name} comes from a registry"));
            continue;
        };
        let needed = path.strip_prefix("../").and_then(step_number);
        if needed.is_none() || needed >= step_number(folder) {
            wrong.push(format!("{folder}: [{table}] {name} is no earlier step"));
        }
    }
    wrong
}

fn is_dependency_table(table: &str) -> bool {
    let kind = table.rsplit('.').next().unwrap_or(table);
    kind == "dependencies" || kind == "dev-dependencies" || kind == "build-dependencies"
}

fn named_entry(table: &str) -> Option<&str> {
    let (parent, name) = table.rsplit_once('.')?;
    is_dependency_table(parent).then_some(name)
}

/// The value of `path` in an inline table.
fn path_in(value: &str) -> Option<String> {
    let after = value.split_once("path")?.1.split_once('"')?.1;
    Some(after.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(manifest: &str, expected: &[&str]) {
        assert_eq!(wrong_dependencies("step03-static", manifest), expected);
    }

    #[test]
    fn earlier_steps_by_path_are_allowed() {
        check(
            "[package]\nname = \"x\"\n[dependencies]\nsocket = { package = \"a\", path = \"../step01-socket\" }\n",
            &[],
        );
        check("[dependencies.socket]\npath = \"../step01-socket\"\n", &[]);
    }

    #[test]
    fn packages_are_found_in_every_table() {
        let registry = |table| format!("step03-static: [{table}] a comes from a registry");
        for table in [
            "dependencies",
            "dev-dependencies",
            "build-dependencies",
            "target.'cfg(unix)'.dependencies",
        ] {
            check(&format!("[{table}]\na = \"1\"\n"), &[&registry(table)]);
            check(
                &format!("[{table}]\na = {{ version = \"1\" }}\n"),
                &[&registry(table)],
            );
        }
        check(
            "[dependencies.a]\nversion = \"1\"\n",
            &[&registry("dependencies.a")],
        );
    }

    #[test]
    fn a_later_step_is_refused_and_so_is_the_same() {
        let sentence = "step03-static: [dependencies] a is no earlier step";
        for path in [
            "../step04-concurrency",
            "../step03-static",
            "../tests",
            "/x",
        ] {
            check(
                &format!("[dependencies]\na = {{ path = \"{path}\" }}\n"),
                &[sentence],
            );
        }
    }
}

//! The stack is strict: which crate may use which, and what each is called.

use std::env;
use std::path::Path;
use std::process::Command;

use serde_json_1::Value;

/// One row of the table: the directory below `crates/`, and the directories whose crates it may use.
type Floor = (&'static str, &'static [&'static str]);

/// What `docs/architecture.md` draws. A crate that is not here does not belong to the stack.
const STACK: &[Floor] = &[
    ("events", &[]),
    ("derive", &[]),
    ("sql-expression", &["events", "derive"]),
    ("driver", &["sql-expression"]),
    ("driver-sqlite", &["sql-expression", "driver"]),
    ("driver-postgres", &["sql-expression", "driver"]),
    ("driver-mysql", &["sql-expression", "driver"]),
    ("engine-pool", &["events", "derive", "sql-expression", "driver"]),
    ("orm-session", &["events", "derive", "sql-expression", "driver", "engine-pool"]),
    ("migrate", &["events", "derive", "sql-expression", "driver", "engine-pool"]),
    (
        "aludel",
        &[
            "events",
            "derive",
            "sql-expression",
            "driver",
            "driver-sqlite",
            "driver-postgres",
            "driver-mysql",
            "engine-pool",
            "orm-session",
            "migrate",
        ],
    ),
    (
        "conformance",
        &["events", "derive", "sql-expression", "driver", "engine-pool", "orm-session", "migrate"],
    ),
];

/// Packages that are never published, and so stand beside the stack; they may use all of it.
const BESIDE: &[&str] = &["crates/bench", "tests", "tests/fuzz", "examples"];

#[test]
fn every_edge_between_our_crates_is_allowed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json_1::from_slice(&output.stdout).unwrap();
    let packages: Vec<_> = metadata["packages"].as_array().unwrap().iter().map(Package::read).collect();
    assert!(packages.len() >= 11, "cargo metadata lists only {} packages", packages.len());
    let problems = problems(&packages);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// A package of the workspace, as far as the stack is concerned.
#[derive(Clone)]
struct Package {
    name: String,
    /// Relative to the root of the repository.
    directory: String,
    published: bool,
    dependencies: Vec<Dependency>,
}

#[derive(Clone)]
struct Dependency {
    name: String,
    kind: Kind,
    requirement: String,
    by_path: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Normal,
    Build,
    Development,
}

impl Package {
    fn read(package: &Value) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let directory = manifest.parent().unwrap().strip_prefix(root).unwrap();
        Self {
            name: package["name"].as_str().unwrap().to_owned(),
            directory: directory.to_str().unwrap().replace('\\', "/"),
            // Without a `publish` key it is null; `publish = false` is an empty list of registries.
            published: package["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
            dependencies: package["dependencies"].as_array().unwrap().iter().map(Dependency::read).collect(),
        }
    }
}

impl Dependency {
    fn read(dependency: &Value) -> Self {
        Self {
            name: dependency["name"].as_str().unwrap().to_owned(),
            kind: match dependency["kind"].as_str() {
                None => Kind::Normal,
                Some("build") => Kind::Build,
                Some("dev") => Kind::Development,
                Some(other) => {
                    panic!("cargo metadata knows a kind of dependency that this test does not: {other}")
                }
            },
            requirement: dependency["req"].as_str().unwrap().to_owned(),
            by_path: dependency["path"].is_string(),
        }
    }

    fn is_ours(&self) -> bool {
        self.name == "aludel" || self.name.starts_with("aludel-")
    }
}

fn package_name(directory: &str) -> String {
    if directory == "aludel" { directory.to_owned() } else { format!("aludel-{directory}") }
}

fn problems(packages: &[Package]) -> Vec<String> {
    packages.iter().flat_map(problems_of).collect()
}

fn problems_of(package: &Package) -> Vec<String> {
    let Package { name, directory, .. } = package;
    if BESIDE.contains(&directory.as_str()) {
        return if package.published {
            vec![format!("{name} in {directory} stands beside the stack: it needs `publish = false`")]
        } else {
            Vec::new()
        };
    }
    let listed =
        directory.strip_prefix("crates/").and_then(|folder| STACK.iter().find(|row| row.0 == folder));
    let Some((folder, allowed)) = listed else {
        return vec![format!(
            "{name} in {directory} has no floor: add a row to the stack, or take the crate out"
        )];
    };
    let mut problems = Vec::new();
    if *name != package_name(folder) {
        problems.push(format!("the package in {directory} is called {name}, not {}", package_name(folder)));
    }
    for dependency in package.dependencies.iter().filter(|dependency| dependency.is_ours()) {
        problems.extend(problem_of_edge(name, allowed, dependency));
    }
    problems
}

fn problem_of_edge(from: &str, allowed: &[&str], dependency: &Dependency) -> Option<String> {
    let Dependency { name: to, requirement, .. } = dependency;
    if dependency.kind == Kind::Development {
        // With a version, a cycle through tests would keep both crates from being published.
        return (!dependency.by_path || requirement != "*").then(|| {
            format!(
                "{from} -> {to}: a dev-dependency of ours is by path only (`{to} = {{ path = \"..\" }}`), \
                 this one asks for version {requirement}"
            )
        });
    }
    if !allowed.iter().any(|directory| package_name(directory) == *to) {
        let allowed: Vec<_> = allowed.iter().map(|directory| package_name(directory)).collect();
        let allowed = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
        return Some(format!("{from} -> {to}: the stack does not allow this edge; {from} may use {allowed}"));
    }
    // Generated code calls its runtime's hidden items, so that the two have to be of one release.
    (to == "aludel-derive" && !requirement.starts_with('='))
        .then(|| format!("{from} -> {to}: pinned with `=`, not {requirement}"))
}

// The check itself ----------------------------------------------------------------------------------

fn package(directory: &str, dependencies: &[Dependency]) -> Package {
    let name = package_name(directory.rsplit('/').next().unwrap());
    Package { name, directory: directory.to_owned(), published: true, dependencies: dependencies.to_vec() }
}

fn edge(name: &str) -> Dependency {
    Dependency { name: name.to_owned(), kind: Kind::Normal, requirement: "^0.1.0".to_owned(), by_path: true }
}

#[track_caller]
fn assert_problem(package: Package, part: &str) {
    let problems = problems(&[package]);
    assert!(problems.len() == 1 && problems[0].contains(part), "expected {part:?}, got {problems:?}");
}

#[test]
fn an_edge_upwards_is_named() {
    let upwards = package("crates/driver", &[edge("aludel-engine-pool")]);
    assert_problem(upwards, "aludel-driver -> aludel-engine-pool: the stack does not allow this edge");
    let sideways = package("crates/migrate", &[edge("aludel-orm-session")]);
    assert_problem(sideways, "aludel-migrate -> aludel-orm-session");
    let to_a_backend = package("crates/engine-pool", &[edge("aludel-driver-sqlite")]);
    assert_problem(to_a_backend, "aludel-engine-pool -> aludel-driver-sqlite");
    let beside = package("crates/aludel", &[edge("aludel-bench")]);
    assert_problem(beside, "aludel -> aludel-bench");
}

#[test]
fn build_dependencies_are_edges() {
    let build = Dependency { kind: Kind::Build, ..edge("aludel-sql-expression") };
    assert_problem(package("crates/events", &[build]), "aludel-events -> aludel-sql-expression");
}

#[test]
fn dev_dependencies_of_ours_are_by_path_only() {
    let with_version = Dependency { kind: Kind::Development, ..edge("aludel-driver-sqlite") };
    let by_path = Dependency { requirement: "*".to_owned(), ..with_version.clone() };
    assert_problem(package("crates/engine-pool", &[with_version]), "by path only");
    assert_eq!(problems(&[package("crates/engine-pool", &[by_path])]), [""; 0]);
}

#[test]
fn derive_is_pinned() {
    let pinned = Dependency { requirement: "=0.1.0".to_owned(), ..edge("aludel-derive") };
    assert_eq!(problems(&[package("crates/orm-session", &[pinned])]), [""; 0]);
    assert_problem(package("crates/orm-session", &[edge("aludel-derive")]), "pinned with `=`");
}

#[test]
fn unlisted_and_misnamed_crates_are_named() {
    assert_problem(package("crates/utilities", &[]), "aludel-utilities in crates/utilities has no floor");
    assert_problem(package("extras", &[]), "has no floor");
    let misnamed = Package { name: "aludel-core".to_owned(), ..package("crates/driver", &[]) };
    assert_problem(misnamed, "is called aludel-core, not aludel-driver");
    assert_problem(package("crates/bench", &[]), "publish = false");
}

//! Writes the circle of 400 models that `cycle/main.rs` compiles.

use std::{env, fmt::Write, fs, path::Path};

/// How many models lead to each other in the circle.
const MODELS: usize = 400;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut code = String::new();
    for index in 0..MODELS {
        model(&mut code, index).expect("a String takes any text");
    }
    let models: Vec<String> = (0..MODELS).map(|index| format!("Model{index}::mapper")).collect();
    writeln!(code, "pub static MAPPERS: [fn() -> &'static Mapper; {MODELS}] = [{}];", models.join(", "))
        .expect("a String takes any text");
    let directory = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&directory).join("cycle.rs"), code).expect("OUT_DIR can be written");
}

/// A model of twelve columns that leads to the next one, and back from the previous one.
fn model(code: &mut String, index: usize) -> std::fmt::Result {
    let next = (index + 1) % MODELS;
    let previous = (index + MODELS - 1) % MODELS;
    write!(
        code,
        "#[derive(Mapped, Clone, Debug, Default)]
pub struct Model{index} {{
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 120, index)]
    pub name: String,
    pub email: Option<String>,
    pub born: i32,
    pub height: f64,
    pub active: bool,
    pub picture: Option<Vec<u8>>,
    pub note: String,
    #[column(unique)]
    pub code: String,
    pub rank: Option<i16>,
    #[column(version_id)]
    pub version: i64,
    #[column(foreign_key = Model{next}::id, on_delete = \"cascade\")]
    pub next_id: Option<i64>,
    #[relationship(back_populates = Model{next}::previous)]
    pub next: One<Model{next}>,
    #[relationship(back_populates = Model{previous}::next, cascade = \"all, delete-orphan\")]
    pub previous: Many<Model{previous}>,
}}
"
    )
}

use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    name: String,
    known: bool,
}

fn main() {
    let _ = select(sum(Author::name));
    let _ = select(avg(Author::known));
    let _ = select(lower(Author::id));
}

use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    name: String,
}

fn main() {
    let _ = select(Author::id).union(select(Author::name));
}

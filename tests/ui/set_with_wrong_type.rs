use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    name: String,
}

fn rename(author: &Instance<Author>) {
    author.set(Author::name, 5);
}

fn main() {}

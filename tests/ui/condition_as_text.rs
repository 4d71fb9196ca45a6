use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
}

fn main() {
    let _ = select(Author).filter("id = 1");
}

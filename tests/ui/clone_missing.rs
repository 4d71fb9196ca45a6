use aludel::prelude::*;

#[derive(Mapped)]
struct Author {
    #[column(primary_key)]
    id: i64,
}

fn main() {}

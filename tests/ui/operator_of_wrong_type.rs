use aludel::prelude::*;
use aludel::sql::extract;
use aludel::sql::expression::DateField;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    name: String,
}

fn main() {
    let _ = select(Author).filter(Author::id.like("1%"));
    let _ = select(Author).filter(Author::id.contains("1"));
    let _ = select(Author::name + 1);
    let _ = select(extract(DateField::Year, Author::name));
}

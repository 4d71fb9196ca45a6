use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    name: String,
    age: Option<i32>,
}

fn main() {
    let _ = update(Author).set(Author::age, "fifty");
    let _ = insert(Author).value(Author::name, 5);
    let _ = select(Author).filter(Author::id.in_(["one", "two"]));
    let _ = select(Author).filter(Author::age.between("young", "old"));
}

use aludel::prelude::*;

#[derive(Mapped, Clone)]
#[table(named = "author")]
struct Author {
    #[column(primary_key, lenght = 5)]
    id: i64,
    #[column(length = "long")]
    name: String,
    #[column(length = 120)]
    born: i32,
    #[column(name = "name")]
    email: String,
    #[column(on_delete = "cascade")]
    editor_id: i64,
    #[column(foreign_key = "author.id")]
    friend_id: i64,
    #[column(foreign_key = Author::id, on_delete = "drop")]
    boss_id: i64,
    default: i64,
    #[column(default = 5)]
    shelf: i64,
    #[relationship(lazy = "dynamic", cascade = "delete-orphan", back_populates = "author")]
    friends: Many<Author>,
    #[relationship(back_populates = Author::boss)]
    boss: Vec<Author>,
}

fn main() {
    let _ = select(Author).filter(Author::name.eq("x"));
}

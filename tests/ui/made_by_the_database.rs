use aludel::prelude::*;

fn now() -> i64 {
    1
}

#[derive(Mapped, Clone)]
struct Position {
    #[column(primary_key)]
    id: i64,
    #[column(computed = "price * 2", server_default = "1")]
    total: Option<i64>,
    #[column(version_id_generator = now)]
    price: i64,
}

#[derive(Mapped, Clone)]
struct Page {
    #[column(primary_key)]
    id: i64,
    #[column(version_id, version_id_generator = true)]
    version: i64,
    #[column(version_id)]
    title: String,
}

fn count(page: &Instance<Page>) {
    page.set(Page::title, Page::id + 1);
}

fn main() {}

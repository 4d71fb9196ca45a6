use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    name: String,
}

async fn both_at_once(mut session: Session) {
    let first = session.get(Author, 1);
    let second = session.get(Author, 2);
    let _ = (first.await, second.await);
}

async fn two_tasks(mut session: Session) {
    let first = async { session.get(Author, 1).await };
    let second = async { session.get(Author, 2).await };
    drop((first, second));
}

fn main() {}

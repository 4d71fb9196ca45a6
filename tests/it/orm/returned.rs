//! What INSERT, UPDATE and DELETE give back through `scalars` and `scalar`.

use aludel::{orm::State, prelude::*, sql::Executable as _};

use super::{Stage, models::Tag};
use crate::database::{Database, on_every_database};

async fn changes_give_scalars(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let rows = ["a", "b"].map(|label| Tag { label: label.into(), ..default() });
    let tags = session.scalars(insert(Tag).values_many(rows).returning(Tag)).all().await.unwrap();
    assert_eq!(tags.iter().map(|tag| tag.read().label.clone()).collect::<Vec<_>>(), ["a", "b"]);
    let id = tags[0].read().id;
    assert_eq!(session.get(Tag, id).await.unwrap().as_ref(), Some(&tags[0]));
    let one = Tag { label: "c".into(), ..default() };
    let label = session.scalar(insert(Tag).values(one).returning(Tag::label)).await.unwrap();
    assert_eq!(label.as_deref(), Some("c"));
    if !database.is_mysql() {
        let changed = update(Tag).set(Tag::label, "aa").filter(Tag::id.eq(id)).returning(Tag);
        let changed = session.scalars(changed).one().await.unwrap();
        assert_eq!((&changed, changed.read().label.as_str()), (&tags[0], "aa"));
    }
    let gone = session.scalars(delete(Tag).filter(Tag::id.eq(id)).returning(Tag)).one().await.unwrap();
    assert_eq!((&gone, gone.state()), (&tags[0], State::Deleted));
    // A statement with options is a statement all the same.
    let options = aludel::sql::StatementOptions::new().timeout(std::time::Duration::from_secs(9));
    let configured = select(Tag).order_by(Tag::id).execution_options(options);
    assert_eq!(session.scalars(configured).all().await.unwrap().len(), 2);
    session.rollback().await.unwrap();
    assert_eq!(tags[0].state(), State::Transient);
}
on_every_database!(changes_give_scalars);

//! Rows that refer to each other.

use aludel::{orm::State, prelude::*};

use super::{Stage, models::Node};
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "mutual_a")]
struct A {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = B::id)]
    b_id: Option<i64>,
    #[relationship(foreign_key = A::b_id)]
    b: One<B>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "mutual_b")]
struct B {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = A::id)]
    a_id: Option<i64>,
    #[relationship(foreign_key = B::a_id)]
    a: One<A>,
}

/// The same, where one of the two keys is written afterwards.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "posted_c")]
struct C {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = D::id)]
    d_id: Option<i64>,
    #[column(version_id)]
    version: i32,
    #[relationship(foreign_key = C::d_id, post_update)]
    d: One<D>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "posted_d")]
struct D {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = C::id)]
    c_id: Option<i64>,
    #[relationship(foreign_key = D::c_id)]
    c: One<C>,
}

async fn case_059_mutual_references_are_refused(database: &Database) {
    let stage = Stage::of(database, MetaData::of((A, B))).await;
    let mut session = stage.sessions.open();
    let (a, b) = (session.add(A::default()), session.add(B::default()));
    a.set(A::b, &b);
    b.set(B::a, &a);
    stage.sent();
    let refused = session.flush().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CircularDependency);
    assert!(refused.message().contains("post_update"), "{refused}");
    assert_eq!(stage.sent().len(), 0, "before anything is sent");
    session.rollback().await.unwrap();
    // Where the objects form no circle, the tables may.
    let chain: Vec<_> = (0..3).map(|_| (session.add(A::default()), session.add(B::default()))).collect();
    for (position, (a, b)) in chain.iter().enumerate() {
        a.set(A::b, b);
        if let Some((next, _)) = chain.get(position + 1) {
            b.set(B::a, next);
        }
    }
    session.commit().await.unwrap();
    assert_eq!(stage.verbs().len(), 6, "each waits for the one that it refers to");
    for (a, b) in &chain {
        assert_eq!(a.read().b_id, Some(b.read().id));
    }
    // Put in one after the other, they may refer to each other; both can go, since one key can become NULL.
    chain[2].1.set(B::a, &chain[0].0);
    session.commit().await.unwrap();
    for (a, b) in &chain {
        session.delete(a).unwrap();
        session.delete(b).unwrap();
    }
    session.commit().await.unwrap();
    assert_eq!(session.scalar(select(count(A::id))).await.unwrap(), Some(0));
    assert_eq!(session.scalar(select(count(B::id))).await.unwrap(), Some(0));
}
on_every_database!(case_059_mutual_references_are_refused);

async fn case_059_post_update_breaks_the_circle(database: &Database) {
    let stage = Stage::of(database, MetaData::of((C, D))).await;
    let mut session = stage.sessions.open();
    let (c, d) = (session.add(C::default()), session.add(D::default()));
    c.set(C::d, &d);
    d.set(D::c, &c);
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT posted_c", "INSERT posted_d", "UPDATE posted_c"]);
    assert_eq!((c.read().d_id, d.read().c_id), (Some(d.read().id), Some(c.read().id)));
    let stored: Vec<(Option<i64>, i32)> = session.execute(select((C::d_id, C::version))).all().await.unwrap();
    assert_eq!(stored, [(Some(d.read().id), c.read().version)], "the UPDATE counts as one");
    assert!(!c.is_modified() && !d.is_modified());
    // Another one, and none.
    let second = session.add(D::default());
    c.set(C::d, &second);
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT posted_d", "UPDATE posted_c"]);
    c.set(C::d, &d);
    session.delete(&second).unwrap();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE posted_c", "DELETE posted_d"]);
    session.delete(&c).unwrap();
    session.delete(&d).unwrap();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE posted_c", "DELETE posted_d", "DELETE posted_c"]);
    // Rolled back, nothing of it is left.
    let (c, d) = (session.add(C::default()), session.add(D::default()));
    c.set(C::d, &d);
    session.flush().await.unwrap();
    session.rollback().await.unwrap();
    assert_eq!((c.state(), c.read().d_id, c.read().id), (State::Transient, None, 0));
}
on_every_database!(case_059_post_update_breaks_the_circle);

/// Inside a table that refers to itself the objects are ordered one by one.
async fn case_059_objects_of_one_table_in_the_order_of_their_references(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let node = |name: &str| Node { name: name.into(), ..default() };
    let nodes = session.add_all(["leaf", "middle", "root"].map(node));
    nodes[0].set(Node::parent, &nodes[1]);
    nodes[1].set(Node::parent, &nodes[2]);
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT node", "INSERT node", "INSERT node"]);
    assert_eq!(nodes[0].read().parent_id, Some(nodes[1].read().id));
    // Turned upside down, in one UPDATE or one for each.
    nodes[1].edit(|node| node.parent.clear());
    nodes[2].set(Node::parent, &nodes[1]);
    nodes[1].set(Node::parent, &nodes[0]);
    nodes[0].edit(|node| node.parent.clear());
    session.commit().await.unwrap();
    let parents: Vec<Option<i64>> =
        session.scalars(select(Node::parent_id).order_by(Node::name)).all().await.unwrap();
    assert_eq!(parents, [None, Some(nodes[0].read().id), Some(nodes[1].read().id)]);
    // A new parent takes the place of a deleted one, with a deleted child in between.
    let root = session.add(node("new"));
    nodes[2].set(Node::parent, &root);
    session.delete(&nodes[1]).unwrap();
    session.delete(&nodes[0]).unwrap();
    session.commit().await.unwrap();
    let names: Vec<String> = session.scalars(select(Node::name).order_by(Node::name)).all().await.unwrap();
    assert_eq!(names, ["new", "root"]);
    assert_eq!(nodes[2].read().parent_id, Some(root.read().id));
}
on_every_database!(case_059_objects_of_one_table_in_the_order_of_their_references);

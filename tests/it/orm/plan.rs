//! `session.plan()` says what the flush then sends.

use aludel::{orm::Plan, prelude::*, sql::upper};

use super::{
    Stage,
    models::{Address, Author, Book, Node, Profile, Seat, Tag, User},
};
use crate::database::{Database, on_every_database};

/// What is written of a statement and its parameters, as the echo shows it.
fn line(statement: &aludel::orm::PlannedStatement) -> String {
    match statement.parameters() {
        "" => statement.sql().to_owned(),
        parameters => format!("{}  {parameters}", statement.sql()),
    }
}

/// Statements that write.
fn written(stage: &Stage) -> Vec<String> {
    stage.sent().into_iter().filter(|line| !line.starts_with("SELECT")).collect()
}

/// Plans twice, flushes, and compares. Gives the plan.
async fn check(stage: &Stage, session: &mut Session) -> Plan {
    stage.sent();
    let changes = session.pending_changes();
    let plan = session.plan().await.unwrap();
    assert_eq!(written(stage), Vec::<String>::new(), "planning wrote something");
    assert_eq!(session.pending_changes(), changes, "planning changed the session");
    assert_eq!(session.plan().await.unwrap().to_string(), plan.to_string(), "a plan changes nothing");
    stage.sent();
    session.flush().await.unwrap();
    let sent = written(stage);
    // What is asked for what the database made is a part of the plan, too.
    let writes = || plan.statements().iter().filter(|statement| !statement.sql().starts_with("SELECT"));
    let planned: Vec<String> = writes().map(line).collect();
    let planned_sql: Vec<&str> = writes().map(|statement| statement.sql()).collect();
    let sent_sql: Vec<&str> = sent.iter().map(|line| line.split("  [").next().unwrap()).collect();
    assert_eq!(planned_sql, sent_sql);
    for (planned, sent) in planned.iter().zip(&sent) {
        // Keys that the database made are not known to the plan, and show their place in it.
        if planned.contains(" of new ") {
            assert_eq!(planned.matches(", ").count(), sent.matches(", ").count(), "{planned}\n{sent}");
        } else {
            assert_eq!(planned, sent);
        }
    }
    assert!(session.plan().await.unwrap().is_empty(), "everything is written");
    plan
}

fn rows(plan: &Plan) -> usize {
    plan.statements().iter().map(|statement| statement.rows()).sum()
}

async fn a_plan_is_what_is_sent(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    assert!(session.plan().await.unwrap().is_empty());
    // Levels: authors, their books, and what links books with tags.
    let tags = session.add_all(["a", "b", "c"].map(|label| Tag { label: label.into(), ..default() }));
    let authors: Vec<_> = (0..3)
        .map(|number| {
            let book = |title: &str| Book { title: title.into(), tags: Many::from([&tags[0]]), ..default() };
            session.add(Author {
                name: format!("author {number}"),
                books: Many::from([book("one"), book("two")]),
                ..default()
            })
        })
        .collect();
    let plan = check(&stage, &mut session).await;
    assert_eq!(rows(&plan), 3 + 3 + 6 + 6, "{plan}");
    assert_eq!(plan.round_trips(), 3, "{plan}");
    assert!(plan.to_string().contains("<id of new Author 1>"), "{plan}");
    // Keys that are known, updates of two shapes, and a moved book.
    session.add(Seat { hall: "main".into(), number: 7, guest: Some("x".into()) });
    session.add(Seat { hall: "main".into(), number: 8, guest: None });
    authors[0].set(Author::name, "other");
    authors[1].set(Author::name, "another");
    authors[2].edit(|author| author.email = Some("a@b".into()));
    let moved = authors[0].read().books.iter().unwrap().next().unwrap();
    moved.set(Book::author, &authors[1]);
    check(&stage, &mut session).await;
    // Links come and go.
    moved.edit(|book| {
        book.tags.remove(&tags[0]);
        book.tags.push(&tags[1]);
        book.tags.push(Tag { label: "new".into(), ..default() });
    });
    check(&stage, &mut session).await;
    session.commit().await.unwrap();
    // What hangs on a deleted author is looked up, by the plan too.
    let mut other = stage.sessions.open();
    let author = other.get_one(Author, authors[1].read().id).await.unwrap();
    other.delete(&author).unwrap();
    let plan = check(&stage, &mut other).await;
    assert!(plan.to_string().contains("DELETE FROM"), "{plan}");
    assert_eq!(author.state(), aludel::orm::State::Deleted);
    other.commit().await.unwrap();
}
on_every_database!(a_plan_is_what_is_sent);

async fn a_plan_of_trees_and_replaced_objects(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let leaf = |name: &str| Node { name: name.into(), ..default() };
    let branch = Node { children: Many::from([leaf("c"), leaf("d")]), ..leaf("b") };
    let root = session.add(Node { children: Many::from([branch, leaf("e")]), ..leaf("a") });
    let plan = check(&stage, &mut session).await;
    assert_eq!((rows(&plan), plan.round_trips()), (5, 3), "{plan}");
    // A child becomes a root, and the rest is deleted: children first.
    let child = root.read().children.iter().unwrap().next().unwrap();
    root.edit(|root| root.children.remove(&child));
    check(&stage, &mut session).await;
    session.delete(&root).unwrap();
    check(&stage, &mut session).await;
    // A unique value is passed on.
    let user = session.add(User {
        profile: One::from(Profile { motto: "old".into(), ..default() }),
        addresses: Many::from([Address::default()]),
        ..default()
    });
    check(&stage, &mut session).await;
    user.set(User::profile, Profile { motto: "new".into(), ..default() });
    check(&stage, &mut session).await;
    session.delete(&user).unwrap();
    check(&stage, &mut session).await;
    session.rollback().await.unwrap();
    assert!(session.plan().await.unwrap().is_empty());
}
on_every_database!(a_plan_of_trees_and_replaced_objects);

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "planned_page")]
struct Page {
    #[column(primary_key)]
    id: i32,
    #[column(length = 50)]
    title: String,
    #[column(version_id)]
    version: i64,
}

async fn a_plan_of_versions(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Page,))).await;
    let mut session = stage.sessions.open();
    let pages = session.add_all(["a", "b"].map(|title| Page { title: title.into(), ..default() }));
    check(&stage, &mut session).await;
    assert_eq!(pages[0].read().version, 1);
    pages.iter().for_each(|page| page.set(Page::title, "c"));
    let plan = check(&stage, &mut session).await;
    assert_eq!(rows(&plan), 2);
    assert_eq!(pages[1].read().version, 2);
    session.delete(&pages[0]).unwrap();
    check(&stage, &mut session).await;
    session.commit().await.unwrap();
}
on_every_database!(a_plan_of_versions);

/// The database makes two of its values.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "planned_sale")]
struct Sale {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    name: String,
    price: i64,
    #[column(computed = "price * 2")]
    double: Option<i64>,
    #[column(length = 20, server_default = "'new'")]
    state: Option<String>,
}

async fn a_plan_of_what_the_database_makes(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Sale, Page))).await;
    let mut session = stage.sessions.open();
    let sale = |name: &str, price| Sale { name: name.into(), price, ..default() };
    // Two shapes, for some have a state of their own; and one row with an expression in it.
    let mut sales: Vec<Sale> = (1..=8).map(|price| sale("many", price)).collect();
    sales[3].state = Some("sold".into());
    sales[6].state = Some("sold".into());
    let sales = session.add_all(sales);
    let computed = session.add(sale("one", 1));
    computed.set(Sale::name, upper(aludel::sql::literal("computed".to_owned())));
    let plan = check(&stage, &mut session).await;
    assert_eq!(rows(&plan), 9, "{plan}");
    assert!(plan.to_string().contains("upper("), "{plan}");
    assert_eq!(computed.read().name, "COMPUTED");
    assert!(sales.iter().all(|sale| sale.read().double == Some(2 * sale.read().price)));
    // Expressions one by one, plain changes together; what the database made of them comes back.
    sales[0].set(Sale::price, Sale::price + 10);
    sales[1].set(Sale::price, Sale::price * 3);
    sales.iter().skip(4).for_each(|sale| sale.edit(|sale| sale.price = 100));
    let plan = check(&stage, &mut session).await;
    let lines: Vec<&str> = plan.statements().iter().map(|statement| statement.sql()).collect();
    let asks = lines.iter().filter(|line| line.starts_with("SELECT")).count();
    assert_eq!(asks, if database.is_mysql() { 3 } else { 0 }, "{plan}");
    assert_eq!(lines.iter().filter(|line| line.contains("price + ") || line.contains("price * ")).count(), 2);
    assert_eq!(
        (sales[0].read().price, sales[1].read().double, sales[7].read().double),
        (11, Some(12), Some(200))
    );
    session.commit().await.unwrap();
    // Statements of many rows flush first: just what the plan says, and then their own.
    sales[2].set(Sale::price, Sale::price + 1);
    session.add(Page { title: "waits".into(), ..default() });
    let plan = session.plan().await.unwrap();
    stage.sent();
    assert_eq!(session.bulk_insert(vec![sale("bulk", 1), sale("bulk", 2)]).await.unwrap(), 2);
    let sent = stage.sent();
    let planned: Vec<String> = plan.statements().iter().map(line).collect();
    assert_eq!(sent[..planned.len()], planned, "{plan}");
    assert_eq!(sent.len(), planned.len() + 1, "{sent:?}");
    sales[2].set(Sale::price, Sale::price + 1);
    let plan = session.plan().await.unwrap();
    stage.sent();
    let many = update(Sale).set(Sale::price, Sale::price + 1).filter(Sale::name.eq("bulk"));
    session.execute(many).await.unwrap();
    let sent = stage.sent();
    let planned: Vec<String> = plan.statements().iter().map(line).collect();
    assert_eq!(sent[..planned.len()], planned, "{plan}");
    assert_eq!(sales[2].read().price, 5);
    session.commit().await.unwrap();
}
on_every_database!(a_plan_of_what_the_database_makes);

async fn a_plan_keeps_secrets_and_reports_mistakes(database: &Database) {
    let stage = Stage::new(database).await;
    let engine = database.engine_with(|builder| builder.hide_parameters(true));
    let mut session = SessionMaker::new(&engine).open();
    session.add(Seat { hall: "secret".into(), number: 1, guest: None });
    let plan = session.plan().await.unwrap();
    assert_eq!(plan.statements().len(), 1);
    assert!(!plan.to_string().contains("secret"), "{plan}");
    assert!(!format!("{plan:?}").contains("secret"), "{plan:?}");
    // What the flush would refuse, the plan refuses, and the session goes on.
    let twice = session.add(Seat { hall: "secret".into(), number: 1, guest: None });
    assert_eq!(session.plan().await.unwrap_err().kind(), ErrorKind::Flush);
    session.expunge(&twice).unwrap();
    session.commit().await.unwrap();
    drop(stage);
}
on_every_database!(a_plan_keeps_secrets_and_reports_mistakes);

//! Lists of operations that once failed: what a hunt finds and what is mended comes here.

use super::{
    handle::Eager,
    operation::{
        Meant, New,
        Operation::{
            self, Add, AddAgain, BeginNested, Close, Commit, Compute, Delete, DeleteRows, ExpireAll, Expunge,
            ExpungeAll, Flush, ForeignKey, Get, Join, Key, Load, Merge, MergeNew, MergeWithItems, Nest, Note,
            Outside, Part, Query, QueryLinked, Refresh, Relate, Release, Replace, Rollback, RollbackNested,
            SetNotes, Stream, Text, Unrelate,
        },
        Side::{Child, Parent},
        blank,
    },
    run::Ground,
    schema::{Kind, Link, Web},
};
use crate::database::{Database, on_every_database};

/// The lists, each with what was wrong.
fn lists() -> Vec<(&'static str, Vec<Operation>)> {
    let owner = || New { kind: Kind::Owner, text: 1, ..blank() };
    let child = |kind| New { kind, text: 2, ..blank() };
    let seat = |key| New { kind: Kind::Seat, key, ..blank() };
    let with_owner = || New { parent: vec![(Link::Items, owner())], ..child(Kind::Item) };
    let linked_again = |then: Vec<Operation>| {
        let linked = vec![
            Add(New { web: vec![(Web::Marks, child(Kind::Mark))], ..with_owner() }),
            Commit,
            ExpungeAll,
            Query(Kind::Item),
            Query(Kind::Mark),
            Join(Web::Marks, 0, 0, Child),
        ];
        linked.into_iter().chain(then).collect()
    };
    let with = |link: Link| New { children: vec![(link, child(link.child()))], ..owner() };
    vec![
        (
            "a foreign key that was set to NULL in the transaction of its INSERT left the collection as it was",
            vec![Add(with(Link::Loans)), Flush, ForeignKey(Link::Loans, 0, None), Flush],
        ),
        (
            "a refresh wrote the changes that it should throw away",
            vec![Add(New { kind: Kind::Page, text: 1, ..blank() }), Commit, Text(0, 3), Refresh(0)],
        ),
        (
            "a key that an object gives up was refused to a new one",
            vec![Add(seat(5)), Flush, Key(0, 0), Add(seat(5)), Commit],
        ),
        (
            "merging found the old key of an object whose new one was not written yet",
            vec![Add(seat(2)), Flush, Key(0, 4), Merge(Kind::Seat, 0, 6, Some(4)), Commit],
        ),
        (
            "merging left an expired object expired when one of its links was changed",
            vec![
                Add(with(Link::Items)),
                BeginNested,
                Unrelate(Link::Items, 0, Parent),
                ExpireAll,
                Merge(Kind::Owner, 0, 6, Some(3)),
                Commit,
            ],
        ),
        (
            "who was given the parent that it had already contradicted a foreign key that was set by hand",
            vec![
                Add(with(Link::Sheets)),
                Flush,
                Relate(Link::Sheets, 0, 0, Child),
                Flush,
                ForeignKey(Link::Sheets, 0, None),
                Get(Kind::Owner, 9),
                Commit,
            ],
        ),
        (
            "MariaDB did not delete a row that refers to itself",
            vec![
                Add(New { kind: Kind::Node, text: 5, ..blank() }),
                Flush,
                ForeignKey(Link::Children, 0, Some(0)),
                Commit,
                Delete(0),
                Commit,
            ],
        ),
        (
            "the foreign key of a new row that is written afterwards was written before its key was known",
            vec![
                Add(New { parent: vec![(Link::Covers, child(Kind::Photo))], ..child(Kind::Album) }),
                Commit,
                Nest(Link::Covers, 0, child(Kind::Album)),
                Flush,
            ],
        ),
        (
            "a refresh wrote the expression that it should throw away",
            vec![Add(New { kind: Kind::Page, text: 1, ..blank() }), Commit, Compute(0, 4), Refresh(0)],
        ),
        (
            "a flush of nothing went well after a statement had failed",
            vec![Add(with(Link::Items)), Flush, DeleteRows(Kind::Owner, Meant::All, true), Flush],
        ),
        (
            "what the database deletes along with a set of rows stayed in the session",
            vec![Add(with(Link::Sheets)), Commit, DeleteRows(Kind::Owner, Meant::Row(0), false), Commit],
        ),
        (
            "what is deleted and comes back by a rollback is itself",
            vec![
                Add(with(Link::Items)),
                Commit,
                Delete(0),
                BeginNested,
                Query(Kind::Item),
                Rollback,
                Get(Kind::Item, 0),
                AddAgain(0),
            ],
        ),
        (
            "an expired object that a merge put elsewhere stayed where it was, too",
            vec![
                Add(with(Link::Items)),
                Add(New { kind: Kind::Owner, text: 7, ..blank() }),
                Commit,
                ExpireAll,
                MergeWithItems(9, 2, vec![(0, 2)], None),
            ],
        ),
        (
            "what was loaded again after all objects were let go kept its links through a rollback",
            vec![
                Add(New { kind: Kind::Node, text: 5, ..blank() }),
                Commit,
                Relate(Link::Children, 9, 3, Child),
                QueryLinked(Link::Children, Child, Eager::Joined),
                ExpungeAll,
                QueryLinked(Link::Children, Parent, Eager::Selectin),
                Rollback,
                Query(Kind::Node),
            ],
        ),
        (
            "a merged value that named its owner by key and by link could not be put elsewhere by the link alone",
            vec![
                Add(New { kind: Kind::Owner, text: 7, ..blank() }),
                Add(with(Link::Items)),
                Commit,
                MergeWithItems(0, 7, vec![(0, 4)], None),
                Replace(Link::Items, 1, vec![0]),
                Commit,
            ],
        ),
        (
            "new objects lost their links to each other when they were loaded again before the rollback",
            vec![
                Add(with(Link::Sheets)),
                BeginNested,
                Text(1, 7),
                BeginNested,
                Refresh(0),
                Release,
                Load(Link::Sheets, 0, Parent),
                Rollback,
                AddAgain(0),
            ],
        ),
        (
            "a child under a new parent, to which the old one gives its key up, was thought to go with the old one",
            vec![
                Add(New {
                    kind: Kind::Member,
                    text: 4,
                    parent: vec![(Link::Members, New { kind: Kind::Team, text: 4, key: 3, ..blank() })],
                    ..blank()
                }),
                Flush,
                Key(0, 1),
                Add(New { kind: Kind::Team, text: 2, key: 3, ..blank() }),
                Relate(Link::Members, 1, 0, Parent),
                Commit,
            ],
        ),
        (
            "an object that left during a transaction went back to what was before it in a later one",
            vec![
                Add(New { kind: Kind::Seat, text: 1, ..blank() }),
                Commit,
                SetNotes(Kind::Seat, Meant::All, Some(7), true),
                Note(0, None),
                Expunge(0),
                Rollback,
                AddAgain(0),
                Rollback,
                Get(Kind::Seat, 0),
                Note(0, Some(2)),
                Flush,
                Rollback,
            ],
        ),
        (
            "an object that left and came back was not rolled back",
            vec![
                Add(New { kind: Kind::Seat, text: 1, ..blank() }),
                Commit,
                BeginNested,
                SetNotes(Kind::Seat, Meant::All, Some(7), true),
                Expunge(0),
                RollbackNested,
                AddAgain(0),
                Rollback,
            ],
        ),
        (
            "a single child that was moved by its foreign key was not known to its new parent",
            vec![
                Add(with(Link::Badge)),
                Add(owner()),
                Flush,
                ForeignKey(Link::Badge, 0, Some(1)),
                Flush,
                Unrelate(Link::Badge, 0, Parent),
            ],
        ),
        (
            "what was linked with something that the same flush deletes went on leading there",
            vec![
                Add(New { parent: vec![(Link::Covers, child(Kind::Photo))], ..child(Kind::Album) }),
                Add(child(Kind::Photo)),
                Flush,
                Replace(Link::Covers, 1, vec![0]),
                Delete(2),
                Flush,
                Rollback,
                AddAgain(0),
            ],
        ),
        (
            "a new child of what is deleted was written, where the database deletes the others along",
            vec![
                Add(with(Link::Sheets)),
                Flush,
                ExpungeAll,
                Stream(Kind::Owner),
                Delete(0),
                Nest(Link::Sheets, 0, child(Kind::Sheet)),
                Flush,
            ],
        ),
        (
            "an object whose row a rollback took away stood in the way of a new one",
            vec![Add(seat(2)), Flush, Expunge(0), MergeNew(2, 7), Rollback, AddAgain(0), Flush],
        ),
        (
            "a COMMIT behind a statement that failed ended more than the nested transaction",
            vec![BeginNested, MergeNew(1, 1), Add(seat(1)), Commit, RollbackNested, Commit],
        ),
        (
            "a deleted object's row kept what somebody else wrote, when a new object took it over",
            vec![
                Add(New { kind: Kind::Team, text: 3, key: 1, ..blank() }),
                Commit,
                Outside(Kind::Team, 0, 1),
                Delete(0),
                Add(New { kind: Kind::Team, text: 3, key: 1, ..blank() }),
                Flush,
            ],
        ),
        (
            "who let go of an owner that is not in the session was no orphan",
            vec![
                Add(with(Link::Items)),
                Commit,
                Close,
                Stream(Kind::Item),
                Add(owner()),
                Replace(Link::Items, 0, vec![0]),
                Unrelate(Link::Items, 0, Child),
                Commit,
            ],
        ),
        ("two were linked that were linked already, which nobody had looked up", linked_again(vec![Commit])),
        (
            "two were linked that were linked already, and parted again, which left them linked",
            linked_again(vec![Part(Web::Marks, 0, Parent), Commit]),
        ),
        (
            "what was deleted was no more among the children of an owner that was loaded anew, after a rollback",
            vec![
                Add(with(Link::Items)),
                Flush,
                Text(0, 7),
                Flush,
                Refresh(0),
                Delete(1),
                Load(Link::Items, 0, Parent),
                Rollback,
                AddAgain(0),
            ],
        ),
        (
            "an object whose row a rollback took away kept the key that another one changed to",
            vec![
                Add(seat(1)),
                BeginNested,
                ExpungeAll,
                Merge(Kind::Seat, 0, 0, None),
                Rollback,
                Add(seat(5)),
                Flush,
                Key(1, 1),
                Query(Kind::Seat),
                Key(0, 1),
                Query(Kind::Seat),
            ],
        ),
    ]
}

async fn what_once_failed(database: &Database) {
    let mut ground = Ground::new(database).await;
    for (wrong, operations) in lists() {
        if let Err(failure) = ground.run(&operations).await {
            panic!("{wrong}, and does so again: {}", failure.complaint);
        }
    }
    ground.end().await;
}
on_every_database!(what_once_failed);

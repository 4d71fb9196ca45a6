//! The warning about rows that meet without a condition.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aludel_sql_expression::{Executable, select};
use tracing::{Event, Metadata, Subscriber, span};

use crate::fixture::{Library, render, sqlite};

/// Counts warnings.
struct Counter(Arc<AtomicUsize>);

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN && metadata.target() == "aludel::sql"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn warnings(statement: &impl Executable) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    tracing::subscriber::with_default(Counter(count.clone()), || {
        render(statement, &sqlite()).expect("the statement compiles");
    });
    count.load(Ordering::Relaxed)
}

#[test]
fn a_cartesian_product_is_warned_about() {
    let Library { author, book, loan } = Library::new();
    let both = || select((author.c("id"), book.c("id")));
    assert_eq!(warnings(&both()), 1);
    assert_eq!(warnings(&both().filter(author.c("id").eq(1)).filter(book.c("id").eq(2))), 1);
    assert_eq!(warnings(&both().filter(author.c("id").eq(book.c("author_id")))), 0);
    assert_eq!(warnings(&both().cross_join(&book)), 0, "it was asked for");
    assert_eq!(warnings(&both().join(&book)), 0);
    let linked = both()
        .filter(loan.c("lender_id").eq(author.c("id")).and(loan.c("borrower_id").eq(book.c("author_id"))));
    assert_eq!(warnings(&linked), 0);
}

//! Statements that are built once.

use aludel_sql_expression::{
    CompiledCache, Executable, Value,
    schema::{Column, Table},
    select,
    statement::{Parameter, Reused, reusable},
    types::Integer,
};

use crate::fixture::{Library, postgres, sqlite};

/// What is shown of a reusable statement; none where it has to be rendered.
fn shown(cache: &CompiledCache, reused: &Reused<'_>) -> Option<(String, Vec<Value>)> {
    let dialect = sqlite();
    let mut seen = None;
    let is_shown = cache
        .show_reused(reused, &dialect, &mut |shown| {
            seen = Some((shown.sql.to_string(), shown.parameters.to_vec()));
            true
        })
        .unwrap();
    assert_eq!(is_shown, seen.is_some());
    seen
}

#[test]
fn it_is_the_statement_that_would_be_written_in_place() {
    let Library { author, .. } = Library::new();
    let (id, name) = (author.c("id"), author.c("name"));
    let both = reusable(move |(key, called): (Parameter<i64>, Parameter<String>)| {
        select(id.clone()).filter(name.clone().eq(called)).filter(id.clone().gt(key))
    });
    let in_place = select(author.c("id")).filter(author.c("name").eq("Ada")).filter(author.c("id").gt(5_i64));
    for dialect in [sqlite(), postgres()] {
        let sql = both.with((5, "Ada".into())).to_sql(&*dialect).unwrap();
        assert_eq!(sql, in_place.to_sql(&*dialect).unwrap());
    }
}

#[test]
fn values_go_to_their_places_between_constants() {
    let Library { author, .. } = Library::new();
    let cache = CompiledCache::default();
    let statement = reusable(move |(key, called): (Parameter<i64>, Parameter<String>)| {
        select(author.c("id"))
            .filter(author.c("age").ne(7))
            .filter(author.c("name").eq(called))
            .filter(author.c("id").gt(key.clone()))
            .filter(author.c("id").ne(key))
    });
    for (key, name) in [(1, "a"), (2, "b")] {
        let filled = statement.with((key, name.into()));
        let (sql, parameters) = shown(&cache, &filled.reused().unwrap()).unwrap();
        let rendered = cache.render(&filled.node(), &sqlite()).unwrap().parts.remove(0);
        assert_eq!(sql, *rendered.sql);
        assert_eq!(rendered.parameters, parameters);
        let expected = [Value::I64(7), Value::Text(name.into()), Value::I64(key), Value::I64(key)];
        assert_eq!(parameters, expected);
    }
}

#[test]
fn a_changed_table_is_compiled_again() {
    let cache = CompiledCache::default();
    let table = Table::unregistered("t").column(Column::new("a", Integer));
    let column = table.c("a");
    let statement = reusable(move |a: Parameter<i32>| select(column.clone()).filter(column.clone().eq(a)));
    for _ in 0..3 {
        shown(&cache, &statement.with(1).reused().unwrap()).unwrap();
    }
    assert_eq!(cache.statistics().misses, 1);
    let _ = table.column(Column::new("b", Integer));
    let dialect = sqlite();
    for _ in 0..3 {
        cache.show_reused(&statement.with(1).reused().unwrap(), &dialect, &mut |_| true).unwrap();
    }
    assert_eq!(cache.statistics().misses, 2);
}

#[test]
fn a_list_whose_length_changes_the_text_is_rendered() {
    let Library { author, .. } = Library::new();
    let cache = CompiledCache::default();
    let statement = reusable(move |id: Parameter<i64>| {
        select(author.c("id")).filter(author.c("id").in_([1, 2])).filter(author.c("id").ne(id))
    });
    assert_eq!(shown(&cache, &statement.with(1).reused().unwrap()), None);
}

#[test]
fn what_does_not_compile_says_so() {
    let Library { author, .. } = Library::new();
    let statement =
        reusable(move |id: Parameter<i64>| select(author.c("nothing")).filter(author.c("id").eq(id)));
    let (filled, dialect) = (statement.with(1), sqlite());
    let failed =
        CompiledCache::default().show_reused(&filled.reused().unwrap(), &dialect, &mut |_| true).unwrap_err();
    assert!(failed.to_string().contains("nothing"), "{failed}");
}

#[test]
fn debug_shows_no_values() {
    let Library { author, .. } = Library::new();
    let statement =
        reusable(move |name: Parameter<String>| select(author.c("id")).filter(author.c("name").eq(name)));
    assert!(!format!("{:?}", statement.with("hush".into())).contains("hush"));
}

//! The cache of compiled statements.

use aludel_sql_expression::{
    CompiledCache, Executable, Value,
    schema::{Column, Table},
    select,
    types::Integer,
};

use crate::fixture::{Library, postgres, sqlite};

#[test]
fn values_are_no_part_of_the_key() {
    let Library { author, .. } = Library::new();
    let cache = CompiledCache::default();
    for name in ["a", "b", "c"] {
        let node = select(author.c("id")).filter(author.c("name").eq(name)).node();
        let rendered = cache.render(&node, &sqlite()).unwrap();
        assert_eq!(rendered.parts[0].parameters, [Value::Text(name.into())]);
        assert!(rendered.returns_rows);
    }
    assert_eq!((cache.statistics().hits, cache.statistics().misses), (2, 1));
}

#[test]
fn an_expression_used_twice_is_not_taken_for_two_equal_ones() {
    let Library { author, .. } = Library::new();
    let older = |years: i32| author.c("age").of::<i32>() + years;
    let once = || select(older(5)).order_by(older(5)).node();
    let other = || select(older(5)).order_by(older(6)).node();
    for (dialect, repeated) in [(sqlite(), 2), (postgres(), 1)] {
        let cache = CompiledCache::default();
        for _ in 0..2 {
            let rendered = cache.render(&once(), &dialect).unwrap();
            assert_eq!(rendered.parts[0].parameters.len(), repeated);
            let rendered = cache.render(&other(), &dialect).unwrap();
            assert_eq!(rendered.parts[0].parameters, [Value::I64(5), Value::I64(6)]);
        }
        assert_eq!((cache.statistics().misses, cache.statistics().hits), (2, 2));
    }
}

#[test]
fn a_changed_table_is_another_structure() {
    let cache = CompiledCache::default();
    let table = Table::unregistered("t").column(Column::new("a", Integer));
    let node = select(table.c("a")).node();
    cache.render(&node, &sqlite()).unwrap();
    let table = table.column(Column::new("b", Integer));
    assert_eq!(table.columns().len(), 2);
    cache.render(&node, &sqlite()).unwrap();
    assert_eq!(cache.statistics().misses, 2);
}

#[test]
fn tables_of_one_name_are_told_apart() {
    let cache = CompiledCache::default();
    let with = Table::unregistered("t").column(Column::new("a", Integer));
    let without = Table::unregistered("t").column(Column::new("b", Integer));
    cache.render(&select(with.c("a")).node(), &sqlite()).unwrap();
    assert!(cache.render(&select(without.c("a")).node(), &sqlite()).is_err());
}

#[test]
fn the_oldest_goes() {
    let Library { author, .. } = Library::new();
    let cache = CompiledCache::new(2);
    let nodes = ["id", "name", "age"].map(|name| select(author.c(name)).node());
    for node in nodes.iter().chain([&nodes[2], &nodes[1], &nodes[0]]) {
        cache.render(node, &postgres()).unwrap();
    }
    let statistics = cache.statistics();
    assert_eq!((statistics.hits, statistics.misses, statistics.size), (2, 4, 2));
    let none = CompiledCache::new(0);
    none.render(&nodes[0], &postgres()).unwrap();
    none.render(&nodes[0], &postgres()).unwrap();
    assert_eq!((none.statistics().hits, none.statistics().size), (0, 0));
}

#[test]
fn equal_texts_have_equal_keys() {
    let Library { author, .. } = Library::new();
    let one = CompiledCache::default().render(&select(author.c("id")).node(), &sqlite()).unwrap();
    let two = CompiledCache::default().render(&select(author.c("id")).node(), &sqlite()).unwrap();
    assert_eq!(one.parts[0].key, two.parts[0].key);
}

#[test]
fn a_list_is_one_parameter_where_there_are_arrays() {
    let Library { author, .. } = Library::new();
    let cache = CompiledCache::default();
    for length in [0_i64, 1, 3] {
        let node = select(author.c("id")).filter(author.c("id").in_(0..length)).node();
        let rendered = cache.render(&node, &postgres()).unwrap();
        assert_eq!(&*rendered.parts[0].sql, "SELECT author.id FROM author WHERE author.id = ANY ($1)");
        let [Value::Array(array)] = &rendered.parts[0].parameters[..] else { panic!("one array") };
        assert_eq!(array.values.len(), length as usize);
        assert_eq!(array.element, aludel_sql_expression::SqlType::BigInteger);
        assert!(rendered.parts[0].cacheable);
    }
}

#[test]
fn too_many_parameters_are_an_error_that_says_so() {
    let Library { author, .. } = Library::new();
    let node = select(author.c("id")).filter(author.c("id").in_(0..40_000)).node();
    let failed = CompiledCache::default().render(&node, &sqlite()).unwrap_err();
    assert!(failed.to_string().contains("40000 parameters, but sqlite takes at most 32766"), "{failed}");
}

#[test]
fn what_a_thread_found_before_goes_with_the_cache() {
    let Library { author, .. } = Library::new();
    let (cache, other) = (CompiledCache::default(), CompiledCache::default());
    let node = select(author.c("id")).filter(author.c("id").eq(1)).node();
    let dialect = sqlite();
    for _ in 0..3 {
        cache.render(&node, &dialect).unwrap();
    }
    assert_eq!((cache.statistics().hits, cache.statistics().misses), (2, 1));
    // Another cache, and one that was cleared, know nothing of it.
    other.render(&node, &dialect).unwrap();
    assert_eq!((other.statistics().hits, other.statistics().misses), (0, 1));
    cache.clear();
    cache.render(&node, &dialect).unwrap();
    assert_eq!((cache.statistics().hits, cache.statistics().misses), (2, 2));
    // Nor is a statement of another dialect taken for it.
    let sql = cache.render(&node, &postgres()).unwrap().parts.remove(0).sql;
    assert!(sql.ends_with("= $1"), "{sql}");
}

#[test]
fn a_cache_of_any_size_can_be_made() {
    let Library { author, .. } = Library::new();
    let cache = CompiledCache::new(usize::MAX);
    cache.render(&select(author.c("id")).node(), &sqlite()).unwrap();
    assert_eq!(cache.statistics().size, 1);
}

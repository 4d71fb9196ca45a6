//! What building and compiling statements costs: a small select against sea-query, which constructs and builds it, and 1000
//! rows against a string builder written by hand. No database is asked.

use std::{fmt::Write as _, hint::black_box, sync::Arc};

use aludel::{
    prelude::*,
    sql::{
        CompiledCache, Dialect, Executable, Few, StatementNode, Value,
        compile::Ready,
        dialect::{MySqlDialect, PostgresDialect, SqliteDialect},
    },
};
use sea_query::{
    Expr, ExprTrait, MysqlQueryBuilder, Order, PostgresQueryBuilder, Query, SelectStatement,
    SqliteQueryBuilder,
};

use crate::{
    Outcome,
    arguments::Arguments,
    contest::median,
    effort::{Effort, allocations_of},
    model::Reader,
};

/// How often a select is built in a round.
const SELECTS: usize = 20_000;
/// How often the rows are rendered in a round.
const INSERTS: usize = 40;
/// How many rows there are.
const ROWS: i64 = 1000;

/// What the word on the command line stands for.
pub(crate) const NAME: &str = "compile: select and insert";

/// What is measured, and how many times as long as the other side it may take; none: it is only shown.
struct Trial<'t> {
    name: &'t str,
    target: Option<f64>,
    times: usize,
    ours: &'t mut dyn FnMut(i64) -> usize,
    theirs: &'t mut dyn FnMut(i64) -> usize,
}

/// Measures all of it, and prints how many times as long ours takes.
pub(crate) fn measure(arguments: &Arguments) -> Outcome<()> {
    let dialects: [(&str, Arc<dyn Dialect>); 3] = [
        ("sqlite", Arc::new(SqliteDialect::default())),
        ("postgres", Arc::new(PostgresDialect::default())),
        ("mysql", Arc::new(MySqlDialect::default())),
    ];
    let table = Table::unregistered("reader")
        .column(Column::new("id", BigInteger).primary_key())
        .column(Column::new("name", Varchar(100)).not_null())
        .column(Column::new("city", Varchar(100)))
        .column(Column::new("points", Integer).not_null());
    for (place, (name, dialect)) in dialects.iter().enumerate() {
        let cache = CompiledCache::default();
        let nothing_kept = CompiledCache::new(0);
        let mut trials = [
            Trial {
                name: "select, built and compiled : sea-query",
                target: Some(0.5),
                times: SELECTS,
                ours: &mut |number| ready(&cache, &small(number).node(), dialect),
                theirs: &mut |number| built(place, &theirs(number)),
            },
            Trial {
                name: "1000 rows with parameters : by hand",
                target: Some(1.5),
                times: INSERTS,
                ours: &mut |number| rendered(&cache, &rows(&table, number).node(), dialect),
                theirs: &mut |number| by_hand(place, number),
            },
            Trial {
                name: "1000 rows, nothing kept : by hand",
                target: None,
                times: INSERTS,
                ours: &mut |number| rendered(&nothing_kept, &rows(&table, number).node(), dialect),
                theirs: &mut |number| by_hand(place, number),
            },
            Trial {
                name: "1000 rows written out : by hand",
                target: Some(1.5),
                times: INSERTS,
                ours: &mut |number| rows(&table, number).to_sql(&**dialect).map_or(0, |sql| sql.len()),
                theirs: &mut |number| written_by_hand(number),
            },
        ];
        trials.iter_mut().for_each(|trial| trial.run(name, arguments.rounds));
    }
    Ok(())
}

impl Trial<'_> {
    fn run(&mut self, dialect: &str, count: usize) {
        let mut rounds = Vec::with_capacity(count);
        // The first round fills the cache, and does not count.
        for round in 0..=count {
            let mut turn = |which: usize| {
                let side: &mut dyn FnMut(i64) -> usize = if which == 0 { self.ours } else { self.theirs };
                let times = self.times as i64;
                Effort::of(|| (0..times).map(|number| black_box(side(number))).sum::<usize>()).0
            };
            let pair = if round.is_multiple_of(2) {
                let first = turn(0);
                (first, turn(1))
            } else {
                let first = turn(1);
                (turn(0), first)
            };
            if round > 0 {
                rounds.push(pair);
            }
        }
        let ratios = rounds.iter().map(|(ours, theirs)| ours.cpu.as_secs_f64() / theirs.cpu.as_secs_f64());
        let cpu = median(ratios.collect());
        let (ours, theirs) = (allocations_of(|| (self.ours)(7)).0, allocations_of(|| (self.theirs)(7)).0);
        let verdict = match self.target {
            None => String::new(),
            Some(target) if cpu <= target => format!("<= {target}"),
            Some(target) => format!("ABOVE {target}"),
        };
        println!(
            "compile {dialect:<8} {}, CPU {cpu:.2}, allocations {ours} : {theirs}  {verdict}",
            self.name
        );
    }
}

fn small(number: i64) -> impl Executable {
    select((Reader::id, Reader::name))
        .filter(Reader::id.ge(number))
        .filter(Reader::name.ne("Ada"))
        .order_by(Reader::name.asc())
        .limit(10)
}

fn theirs(number: i64) -> SelectStatement {
    Query::select()
        .columns([("reader", "id"), ("reader", "name")])
        .from("reader")
        .and_where(Expr::col(("reader", "id")).gte(number))
        .and_where(Expr::col(("reader", "name")).ne("Ada"))
        .order_by(("reader", "name"), Order::Asc)
        .limit(10)
        .take()
}

/// A statement as an engine sends it, with its parameters.
fn ready(cache: &CompiledCache, node: &StatementNode, dialect: &Arc<dyn Dialect>) -> usize {
    let mut parameters = Few::<Value, 4>::new();
    match cache.single_or_render(node, dialect, 1000, &mut parameters) {
        Ok(Ready::Single(single)) => single.sql.len() + parameters.len(),
        Ok(Ready::Rendered(rendered)) => rendered.parts[0].sql.len(),
        Err(_) => 0,
    }
}

fn built(place: usize, statement: &SelectStatement) -> usize {
    let (sql, values) = match place {
        0 => statement.build(SqliteQueryBuilder),
        1 => statement.build(PostgresQueryBuilder),
        _ => statement.build(MysqlQueryBuilder),
    };
    sql.len() + values.0.len()
}

const NAMES: [&str; 3] = ["Ada", "Grace O'Malley", "a somewhat longer name of a reader"];

fn name_of(row: i64) -> &'static str {
    NAMES[row.unsigned_abs() as usize % NAMES.len()]
}

fn rows(table: &Table, number: i64) -> impl Executable {
    insert(table).values_many((0..ROWS).map(|row| (number + row, name_of(row), None::<String>, row)))
}

fn rendered(cache: &CompiledCache, node: &StatementNode, dialect: &Arc<dyn Dialect>) -> usize {
    let Ok(rendered) = cache.render(node, dialect) else { return 0 };
    rendered.parts.iter().map(|part| part.sql.len() + part.parameters.len()).sum()
}

/// The text and the values, as one would write them down without any library.
fn by_hand(place: usize, number: i64) -> usize {
    let mut sql = String::from("INSERT INTO reader (id, name, city, points) VALUES ");
    let mut values: Vec<Value> = Vec::with_capacity(4 * ROWS as usize);
    for row in 0..ROWS {
        sql.push_str(if row > 0 { ", (" } else { "(" });
        if place == 1 {
            let number = values.len();
            let _ = write!(sql, "${}, ${}, ${}, ${}", number + 1, number + 2, number + 3, number + 4);
        } else {
            sql.push_str("?, ?, ?, ?");
        }
        sql.push(')');
        values.push(Value::I64(number + row));
        values.push(Value::Text(name_of(row).into()));
        values.push(Value::Null);
        values.push(Value::I64(row));
    }
    black_box(&values);
    sql.len() + values.len()
}

/// The text with the values in it, quotes doubled.
fn written_by_hand(number: i64) -> usize {
    let mut sql = String::from("INSERT INTO reader (id, name, city, points) VALUES ");
    for row in 0..ROWS {
        sql.push_str(if row > 0 { ", (" } else { "(" });
        let _ = write!(sql, "{}, '", number + row);
        for letter in name_of(row).chars() {
            if letter == '\'' {
                sql.push('\'');
            }
            sql.push(letter);
        }
        let _ = write!(sql, "', NULL, {row})");
    }
    sql.len()
}

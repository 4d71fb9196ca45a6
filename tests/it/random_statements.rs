//! Property: what is compiled is understood. Random statements, over joins, subqueries, WITH, set operations, windows and
//! groups, are executed on every database, with their values as parameters and written out. One that the server refuses is a
//! fault, unless compiling it gave an error that says what is wrong.
//!
//! `ALUDEL_TEST_FUZZ` says how many statements there are (default: 300), `ALUDEL_TEST_SEED` where the generator begins.

use std::env;

use aludel::{
    prelude::*,
    sql::{
        Executable, Expression, StatementNode, case, coalesce, count_all, exists,
        expression::{Alias, FrameBound, FrameUnit, Window},
        literal, lower, max, min, not,
        statement::{Locking, Select, conflict, excluded, joined, values},
        sum, trusted, tuple,
        typed::{abs, char_length, lag, row_number, substr, trim},
        upper,
    },
    types::BigInteger,
};

use crate::{
    core_tables::create,
    database::{Database, on_every_database},
    statements::Untyped,
};

/// How many random things a test makes.
pub(crate) fn rounds(usual: u64) -> u64 {
    env::var("ALUDEL_TEST_FUZZ").map_or(usual, |count| count.parse().unwrap())
}

/// Where the generator of a test begins.
pub(crate) fn seed(usual: u64) -> u64 {
    env::var("ALUDEL_TEST_SEED").map_or(usual, |seed| seed.parse().unwrap())
}

type Number = Expression<i64>;
type Words = Expression<String>;
type Truth = Expression<bool>;

/// All selects have one shape, so that they fit together in set operations.
type Shaped = Select<(Number, Words)>;

/// The columns that can be used at a place.
#[derive(Clone, Default)]
struct Scope {
    numbers: Vec<Number>,
    words: Vec<Words>,
}

impl Scope {
    fn with(mut self, other: Self) -> Self {
        self.numbers.extend(other.numbers);
        self.words.extend(other.words);
        self
    }

    /// The same where the row may be missing: each column has a value for that.
    fn optional(self) -> Self {
        Self {
            numbers: self.numbers.into_iter().map(|number| coalesce(number, 0_i64)).collect(),
            words: self.words.into_iter().map(|words| coalesce(words, "")).collect(),
        }
    }
}

/// What a select is made from.
struct From {
    scope: Scope,
    source: Alias,
    is_table: bool,
}

/// Makes statements at random.
struct Maker {
    random: fastrand::Rng,
    tables: [Table; 2],
    next: u32,
}

impl Maker {
    fn new(seed: u64) -> Self {
        let table = |name: &'static str| {
            Table::unregistered(name)
                .column(Column::new("id", BigInteger).primary_key().autoincrement(false))
                .column(Column::new("x", BigInteger).not_null())
                .column(Column::new("y", BigInteger))
                .column(Column::new("s", Varchar(40)).not_null().unique())
                .column(Column::new("t", Varchar(40)))
        };
        Self { random: fastrand::Rng::with_seed(seed), tables: ["fa", "fb"].map(table), next: 0 }
    }

    fn one_in(&mut self, count: u8) -> bool {
        self.random.u8(..count) == 0
    }

    fn name(&mut self, base: &str) -> String {
        self.next += 1;
        format!("{base}{}", self.next)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.random.usize(..from.len())].clone()
    }

    fn columns(alias: &Alias) -> Scope {
        Scope {
            numbers: ["id", "x", "y"].map(|name| alias.c(name).of()).to_vec(),
            words: ["s", "t"].map(|name| alias.c(name).of()).to_vec(),
        }
    }

    fn shaped(alias: &Alias) -> Scope {
        Scope { numbers: vec![alias.c("n").of()], words: vec![alias.c("w").of()] }
    }

    fn number(&mut self, scope: &Scope, depth: u8) -> Number {
        if depth == 0 || self.one_in(4) {
            return match self.one_in(3) || scope.numbers.is_empty() {
                true => literal(self.random.i64(-5..50)),
                false => self.pick(&scope.numbers),
            };
        }
        let below = depth - 1;
        match self.random.u8(..13) {
            0 => self.number(scope, below) + self.number(scope, below),
            1 => self.number(scope, below) - self.number(scope, below),
            2 => self.number(scope, below) * self.number(scope, below),
            3 => -self.number(scope, below),
            4 => abs(self.number(scope, below)),
            5 => coalesce(self.number(scope, below), self.number(scope, below)),
            6 => char_length(self.words(scope, below)),
            7 => {
                let condition = self.truth(scope, below);
                let (a, b) = (self.number(scope, below), self.number(scope, below));
                if self.one_in(2) {
                    case::<i64>().when(condition, a).otherwise(b)
                } else {
                    case::<i64>().when(condition, a).end().type_coerce()
                }
            }
            8 => self.number(scope, below).bitwise_and(self.number(scope, below)),
            9 => self.number(scope, below) % self.number(scope, below),
            10 => {
                let inner = self.select(scope, below, false).subquery(self.name("q"));
                select(max(inner.c("n").of::<i64>())).scalar_subquery().type_coerce()
            }
            11 => self.number(scope, below).bitwise_xor(self.number(scope, below)),
            _ => self.words(scope, below).cast::<i64>(),
        }
    }

    fn words(&mut self, scope: &Scope, depth: u8) -> Words {
        if depth == 0 || self.one_in(4) {
            return match self.one_in(3) || scope.words.is_empty() {
                true => {
                    let texts = ["a", "", "it's", "b\"c", "back\\slash", "per%cent_", ":name ?", "ü🦀"];
                    literal(self.pick(&texts).to_owned())
                }
                false => self.pick(&scope.words),
            };
        }
        let below = depth - 1;
        match self.random.u8(..8) {
            0 => self.words(scope, below).concat(self.words(scope, below)),
            1 => lower(self.words(scope, below)),
            2 => upper(self.words(scope, below)),
            3 => trim(self.words(scope, below)),
            4 => substr(self.words(scope, below), self.random.i32(1..4), self.random.i32(0..4)),
            5 => coalesce(self.words(scope, below), self.words(scope, below)),
            6 => {
                let condition = self.truth(scope, below);
                case::<String>().when(condition, self.words(scope, below)).otherwise(self.words(scope, below))
            }
            _ => self.number(scope, below).cast::<String>(),
        }
    }

    fn truth(&mut self, scope: &Scope, depth: u8) -> Truth {
        let below = depth.saturating_sub(1);
        match self.random.u8(..if depth == 0 { 6 } else { 18 }) {
            0 => self.number(scope, below).eq(self.number(scope, below)),
            1 => self.number(scope, below).lt(self.number(scope, below)),
            2 => self.words(scope, below).ne(self.words(scope, below)),
            3 => self.number(scope, below).is_null(),
            4 => {
                let list: Vec<i64> = (0..self.random.usize(..4)).map(|_| self.random.i64(..9)).collect();
                let number = self.number(scope, below);
                if self.one_in(2) { number.in_(list) } else { number.not_in(list) }
            }
            5 => self.words(scope, below).like("%a_"),
            6 => self.truth(scope, below).and(self.truth(scope, below)),
            7 => self.truth(scope, below).or(self.truth(scope, below)),
            8 => not(self.truth(scope, below)),
            9 => {
                let (number, low, high) =
                    (self.number(scope, below), self.number(scope, below), self.number(scope, below));
                number.between(low, high)
            }
            10 => exists(&self.select(scope, below, false)),
            11 => {
                let inner = self.select(scope, below, false).subquery(self.name("q"));
                self.number(scope, below).in_select(&select(inner.c("n").of::<i64>()))
            }
            12 => self.number(scope, below).is_distinct_from(self.number(scope, below)),
            13 => self.words(scope, below).ilike("%B%"),
            14 => self.words(scope, below).contains("a%"),
            15 => {
                let number = self.number(scope, below);
                tuple((number, self.words(scope, below))).in_([(1_i64, "a"), (2, "b")])
            }
            16 => {
                let words = self.words(scope, below);
                words.in_(["a", "it's"])
            }
            _ => self.truth(scope, below).eq(self.truth(scope, below)),
        }
    }

    /// Something for FROM.
    fn from(&mut self, outer: &Scope, depth: u8) -> From {
        let shaped = |source: Alias| From { scope: Self::shaped(&source), source, is_table: false };
        match self.random.u8(..if depth == 0 { 3 } else { 8 }) {
            3 | 4 => {
                let inner = self.select(&Scope::default(), depth - 1, true);
                shaped(inner.subquery(self.name("d")))
            }
            5 => {
                let inner = self.select(&Scope::default(), depth - 1, true);
                let name = self.name("c");
                shaped(if self.one_in(4) { inner.cte_materialized(name) } else { inner.cte(name) })
            }
            6 => {
                let rows: Vec<(i64, String)> =
                    (0..self.random.usize(1..4)).map(|row| (row as i64, format!("v{row}"))).collect();
                shaped(values(self.name("v"), ["n", "w"], rows))
            }
            7 => {
                let inner = self.select(outer, depth - 1, true);
                shaped(inner.lateral(self.name("l")))
            }
            _ => {
                let source = self.pick(&self.tables.clone()).alias(self.name("t"));
                From { scope: Self::columns(&source), source, is_table: true }
            }
        }
    }

    /// A select of a number and a text. What is inside sees the columns around it, except where it stands in FROM.
    fn select(&mut self, outer: &Scope, depth: u8, in_from: bool) -> Shaped {
        let mut statement = self.core(outer, depth, in_from);
        if depth > 0 && self.one_in(5) {
            let operators: [fn(Shaped, Shaped) -> Shaped; 5] =
                [Shaped::union, Shaped::union_all, Shaped::intersect, Shaped::except, Shaped::except_all];
            for _ in 0..self.random.usize(1..3) {
                let other = self.core(outer, depth - 1, in_from);
                statement = self.pick(&operators)(statement, other);
            }
            if self.one_in(2) {
                statement = statement.order_by(literal(0_i64).label("n").desc());
            }
            if self.one_in(3) {
                statement = statement.limit(self.random.u64(..9));
            }
        }
        statement
    }

    fn core(&mut self, outer: &Scope, depth: u8, in_from: bool) -> Shaped {
        let first = self.from(outer, depth);
        let mut own = first.scope.clone();
        let mut joins: Vec<Box<dyn FnOnce(Shaped) -> Shaped>> = Vec::new();
        let mut is_plain = first.is_table;
        let root = first.source;
        if self.one_in(2) {
            let other = self.from(&own, depth);
            let (source, from) = (other.source.clone(), root.clone());
            let condition = own.numbers[0].clone().eq(other.scope.numbers[0].clone());
            is_plain &= other.is_table;
            let is_lateral = source.name().is_some_and(|name| name.starts_with('l'));
            match self.random.u8(..if is_lateral { 2 } else { 7 }) {
                0 | 1 => {
                    let more = self.truth(&own.clone().with(other.scope.clone()), depth.saturating_sub(1));
                    own = own.with(other.scope);
                    joins.push(Box::new(move |select| select.join_on(&source, condition.and(more))));
                }
                2 => {
                    let other = other.scope.optional();
                    own = own.with(other);
                    is_plain = false;
                    joins.push(Box::new(move |select| select.outerjoin_on(&source, condition)));
                }
                3 => {
                    own = own.optional().with(other.scope.optional());
                    is_plain = false;
                    joins.push(Box::new(move |select| select.full_outerjoin_on(&source, condition)));
                }
                4 => {
                    own = own.optional().with(other.scope);
                    is_plain = false;
                    joins.push(Box::new(move |select| select.right_outerjoin_on(&source, condition)));
                }
                5 => {
                    // What both have is found by its name.
                    let names: &[&str] = match (first.is_table, other.is_table) {
                        (true, true) => &["id", "s"],
                        (false, false) => &["n"],
                        _ => return self.core(outer, depth, in_from),
                    };
                    let kind = self.random.u8(..3);
                    own = own.optional().with(other.scope.optional());
                    is_plain = false;
                    joins.push(Box::new(move |select| match kind {
                        0 => select.outerjoin_using(&source, names.to_vec()),
                        1 => select.right_outerjoin_using(&source, names.to_vec()),
                        _ => select.natural_join(&source),
                    }));
                }
                _ => {
                    let third = self.pick(&self.tables.clone()).alias(self.name("t"));
                    let scope = Self::columns(&third);
                    let inner = scope.numbers[0].clone().eq(other.scope.numbers[0].clone());
                    own = own.with(other.scope.optional()).with(scope.optional());
                    is_plain = false;
                    let kind = self.random.u8(..3);
                    joins.push(Box::new(move |select| {
                        let within = joined(&source);
                        let within = match kind {
                            0 => within.join_on(&third, inner),
                            1 => within.outerjoin_on(&third, inner),
                            _ => within.cross_join(&third),
                        };
                        select.outerjoin_on(within, condition)
                    }));
                }
            }
            let _ = from;
        }
        let scope = if in_from { own.clone() } else { own.clone().with(outer.clone()) };
        let below = depth.saturating_sub(1);
        let join = |mut statement: Shaped| {
            statement = statement.select_from(&root);
            for join in joins {
                statement = join(statement);
            }
            statement
        };
        match self.random.u8(..6) {
            // Groups: by a column, or by a label.
            0 | 1 => {
                let column = self.pick(&own.numbers);
                // Where an expression stands twice its parameters are not the same to the server, so that it has a label.
                let is_column = matches!(column.node(), aludel::sql::expression::Node::Column(_));
                let key =
                    if is_column && self.one_in(2) { column } else { self.number(&own, below).label("n") };
                let (number, text) = match self.random.u8(..4) {
                    0 => (key.clone(), max(self.words(&own, below)).type_coerce()),
                    1 => (key.clone(), min(self.words(&own, below)).type_coerce()),
                    2 => (
                        sum(self.number(&own, below)).cast::<i64>().type_coerce::<i64>(),
                        max(self.words(&own, below)).type_coerce(),
                    ),
                    _ => (count_all(), max(self.words(&own, below)).type_coerce::<String>()),
                };
                let is_label = matches!(key.node(), aludel::sql::expression::Node::Label(_));
                let (number, key) = match is_label {
                    true => (key.clone(), key),
                    false => (number.label("n"), key),
                };
                let mut statement = join(select((number, text.label("w")))).group_by(key);
                if self.one_in(2) {
                    let most = self.number(&Scope::default(), 1);
                    statement = statement.having(count_all().gt(most));
                }
                if self.one_in(2) {
                    let condition = self.truth(&scope, below);
                    statement = statement.filter(condition);
                }
                statement
            }
            2 => {
                let (number, text) = (self.number(&scope, below), self.words(&scope, below));
                let condition = self.truth(&scope, depth);
                let (number, text) = (number.label("n"), text.label("w"));
                join(select((number.clone(), text))).filter(condition).distinct().order_by(number)
            }
            3 => {
                let order = self.pick(&own.numbers);
                let by = self.pick(&own.words);
                let window = Window::new().partition_by(by).order_by(order.clone());
                let number = match self.random.u8(..3) {
                    0 => row_number().over(window),
                    1 => sum(order)
                        .over(window.frame(FrameUnit::Rows, FrameBound::Preceding(2), FrameBound::CurrentRow))
                        .cast::<i64>()
                        .type_coerce(),
                    _ => lag(order, 1).over(window).type_coerce(),
                };
                let text = self.words(&scope, below);
                join(select((number.label("n"), text.label("w"))))
            }
            _ => {
                let (number, text) = (self.number(&scope, depth), self.words(&scope, depth));
                let mut statement = join(select((number.label("n"), text.label("w"))));
                if self.one_in(2) {
                    statement = statement.filter(self.truth(&scope, depth));
                }
                if self.one_in(2) {
                    let order = self.number(&scope, below).desc();
                    statement = statement.order_by(if self.one_in(2) { order.nulls_last() } else { order });
                }
                if self.one_in(3) {
                    statement = statement.limit(self.random.u64(..9));
                    if self.one_in(2) {
                        statement = statement.offset(self.random.u64(..9));
                    }
                }
                if is_plain && !in_from && depth > 2 && self.one_in(4) {
                    statement = statement.locking(Locking::update().skip_locked());
                }
                statement
            }
        }
    }

    fn statement(&mut self) -> StatementNode {
        let [a, b] = self.tables.clone();
        let nothing = Scope::default();
        let columns = |table: &Table| Scope {
            numbers: ["id", "x", "y"].map(|name| table.c(name).of()).to_vec(),
            words: ["s", "t"].map(|name| table.c(name).of()).to_vec(),
        };
        // A change that reads what it changes is refused by MySQL.
        let only_b = [b.clone(), b.clone()];
        match self.random.u8(..12) {
            0 => {
                let rows = self.select(&nothing, 2, true);
                insert(&a).columns(["id", "s"]).from_select(&rows).node()
            }
            1 => {
                let count = self.random.usize(1..4);
                let rows: Vec<(i64, Number, Words)> = (0..count)
                    .map(|row| (row as i64, self.number(&nothing, 2), self.words(&nothing, 2)))
                    .collect();
                insert(&a).columns(["id", "x", "s"]).values_many(rows).node()
            }
            2 => {
                let rows = [(1_i64, 2_i64, "a"), (2, 3, "b")];
                let changed = insert(&a).columns(["id", "x", "s"]).values_many(rows);
                let number = self.number(&columns(&a), 1) + excluded(a.c("x")).of::<i64>();
                match self.random.u8(..3) {
                    0 => changed.on_conflict_do_nothing(()).node(),
                    1 => changed
                        .on_conflict_do_update(conflict(a.c("id")), |update| {
                            update.set("x", number).set_excluded("s")
                        })
                        .node(),
                    _ => changed
                        .on_duplicate_key_update(|update| update.set("x", number).set_excluded("s"))
                        .node(),
                }
            }
            3 => {
                self.tables = only_b;
                let (number, condition) = (self.number(&columns(&a), 2), self.truth(&columns(&a), 2));
                let changed = update(&a).set("x", number).filter(condition);
                if self.one_in(3) { changed.returning((a.c("id"), a.c("x"))).node() } else { changed.node() }
            }
            4 => {
                self.tables = only_b;
                let both = columns(&a).with(columns(&b));
                let condition = self.truth(&both, 1);
                update(&a).set("x", b.c("x")).filter(a.c("id").eq(b.c("id"))).filter(condition).node()
            }
            5 => {
                self.tables = only_b;
                let condition = self.truth(&columns(&a), 2);
                let gone = delete(&a).filter(condition);
                if self.one_in(3) { gone.returning(a.c("id")).node() } else { gone.node() }
            }
            _ => self.select(&nothing, 3, false).node(),
        }
    }
}

async fn what_is_compiled_is_understood(database: &Database) {
    let mut conn = database.connect().await;
    let Maker { tables: [a, b], .. } = Maker::new(0);
    create(&mut conn, (&a, &b)).await;
    let dialect = conn.dialect();
    let (mut wrong, mut refused) = (Vec::new(), 0_u64);
    let first = seed(1);
    let rounds = rounds(300);
    for seed in first..first + rounds {
        let statement = Maker::new(seed).statement();
        let written = match Untyped(statement.clone()).to_sql(&*dialect) {
            Ok(written) => written,
            Err(error) => {
                let message = error.to_string();
                let is_named = [dialect.name(), "all tables of the subquery", "cannot be locked"]
                    .iter()
                    .any(|words| message.contains(words));
                assert!(is_named, "seed {seed}: {message}");
                refused += 1;
                continue;
            }
        };
        for (how, outcome) in [
            ("bound", conn.execute(Untyped(statement.clone())).await.map(drop)),
            ("written out", {
                conn.rollback().await.unwrap();
                conn.execute(Untyped(text(trusted(written.clone())).node())).await.map(drop)
            }),
        ] {
            // What a row of values is refused for is no matter of what is understood.
            if let Err(error) = outcome
                && !matches!(error.kind(), ErrorKind::Integrity | ErrorKind::Data)
            {
                wrong.push(format!("seed {seed}, {how}: {error}\n  {written}"));
            }
        }
        conn.rollback().await.unwrap();
    }
    assert!(wrong.is_empty(), "{} are refused:\n{}", wrong.len(), wrong.join("\n"));
    // Of what the database has not there may be much, but not nearly all.
    assert!(refused * 10 < rounds * 8, "{refused} of {rounds} do not compile");
}
on_every_database!(what_is_compiled_is_understood);

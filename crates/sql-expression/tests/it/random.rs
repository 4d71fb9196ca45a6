//! Properties of random statements: what comes out of the cache is what would be compiled anew, and each value stands beside
//! the column that it was given for.

use aludel_sql_expression::{
    CompiledCache, Executable, Expression, StatementNode, Value, case, count_all, delete, exists,
    expression::{Alias, ColumnExpression, FrameBound, FrameUnit, Window},
    func, insert, not,
    schema::{Column, Table},
    select,
    statement::{Locking, Select, conflict, excluded, values},
    sum, tuple,
    typed::{any, grouping_sets, rollup, row_number, string_agg},
    types::Text,
    update,
};

use crate::fixture::{mariadb, mysql, postgres, sqlite};

const COLUMNS: [&str; 3] = ["ka", "kb", "kc"];

/// Makes statements at random. Every text value begins with the name of the column that it stands beside.
struct Maker {
    random: fastrand::Rng,
    tables: [Table; 3],
    next: u32,
}

type Selected = Select<(Expression<String>, Expression<String>)>;

impl Maker {
    fn new(seed: u64) -> Self {
        let table = |name: &'static str| {
            COLUMNS
                .iter()
                .fold(Table::unregistered(name), |table, column| table.column(Column::new(*column, Text)))
        };
        Self { random: fastrand::Rng::with_seed(seed), tables: ["ta", "tb", "tc"].map(table), next: 0 }
    }

    fn chance(&mut self) -> bool {
        self.random.u8(..4) == 0
    }

    fn column_name(&mut self) -> &'static str {
        COLUMNS[self.random.usize(..COLUMNS.len())]
    }

    fn table(&mut self) -> Table {
        self.tables[self.random.usize(..3)].clone()
    }

    fn value(&mut self, column: &str) -> String {
        self.next += 1;
        format!("{column}#{}", self.next)
    }

    fn string(column: &ColumnExpression) -> Expression<String> {
        column.of()
    }

    fn condition(&mut self, from: &dyn Fn(&'static str) -> ColumnExpression, depth: u8) -> Expression<bool> {
        let name = self.column_name();
        let column = from(name);
        let most = if depth == 0 { 8 } else { 15 };
        match self.random.u8(..most) {
            0 | 1 => column.eq(self.value(name)),
            2 => {
                let count = self.random.usize(..4);
                let list: Vec<String> = (0..count).map(|_| self.value(name)).collect();
                column.in_(list)
            }
            3 => Self::string(&column).between(self.value(name), self.value(name)),
            4 => Self::string(&column).regexp_match(self.value(name)),
            5 => Self::string(&column).collate("c").ilike(self.value(name)),
            6 => Self::string(&column).concat(self.value(name)).eq(self.value(name)),
            7 => tuple((column,)).gt((self.value(name),)),
            8 => self.condition(from, depth - 1).and(self.condition(from, depth - 1)),
            9 => self.condition(from, depth - 1).or(self.condition(from, depth - 1)),
            10 => not(self.condition(from, depth - 1)),
            11 => exists(&self.select(depth - 1)),
            12 => {
                let value = self.value(name);
                let branch = self.condition(from, depth - 1);
                case::<String>().when(branch, Self::string(&column)).otherwise("-").eq(value)
            }
            13 => {
                let inner = self.table();
                let name = self.column_name();
                let filter = self.condition(&|name| inner.c(name), depth - 1);
                Self::string(&column).eq(any(&select(Self::string(&inner.c(name))).filter(filter)))
            }
            _ => {
                let call = func::<String>("f", [column.node(), self.value(name).into_value()]);
                call.eq(self.value(name))
            }
        }
    }

    fn source(&mut self, depth: u8) -> Option<Alias> {
        match self.random.u8(..8) {
            0 => {
                let rows = self.random.usize(1..4);
                let rows: Vec<(i64, i64, i64)> = (0..rows).map(|row| (row as i64, 1, 2)).collect();
                Some(values("v", COLUMNS, rows))
            }
            1 if depth > 0 => Some(self.select(depth - 1).subquery("s")),
            2 if depth > 0 => Some(self.select(depth - 1).cte("w")),
            3 if depth > 0 => Some(self.select(depth - 1).cte_materialized("m")),
            4 if depth > 0 => Some(self.select(depth - 1).lateral("l")),
            _ => None,
        }
    }

    fn select(&mut self, depth: u8) -> Selected {
        let table = self.table();
        let alias = self.source(depth);
        let from = |name: &'static str| match &alias {
            Some(alias) => alias.c(name),
            None => table.c(name),
        };
        let items = (Self::string(&from("ka")).label("ka"), Self::string(&from("kb")).label("kb"));
        let mut statement = select(items).filter(self.condition(&from, depth));
        // The other two are not selected by the aliases' selects.
        if alias.is_some() {
            statement = select((Self::string(&from("ka")), Self::string(&from("kb"))));
        }
        let from: &dyn Fn(&'static str) -> ColumnExpression =
            if alias.is_some() { &|_| table.c("kc") } else { &from };
        if alias.is_some() {
            let condition = table.c("kc").eq(self.value("kc"));
            statement = statement.join_on(&table, condition);
        }
        if self.chance() {
            statement = statement.distinct();
        }
        if self.chance() {
            let having = self.plain_condition(from, depth);
            statement = match self.random.u8(..3) {
                0 => statement.group_by(from("kc")),
                1 => statement.group_by(rollup(from("kc"))),
                _ => statement.group_by(grouping_sets().set(from("kc")).all_rows()),
            }
            .having(count_all().filter_where(having).gt(1));
        }
        if self.chance() {
            let window = Window::new().partition_by(self.plain_condition(from, 0)).frame(
                FrameUnit::Rows,
                FrameBound::Preceding(self.random.u32(..3)),
                FrameBound::CurrentRow,
            );
            statement = statement
                .window("named", window)
                .order_by(row_number().over(Window::named("named").order_by(from("kc"))));
        }
        if self.chance() {
            let order = self.plain_condition(from, depth).desc();
            statement =
                statement.order_by(if self.chance() { order.nulls_first() } else { order.nulls_last() });
        }
        if self.chance() {
            let by = self.plain_condition(from, 0);
            statement = statement.order_by(
                string_agg(Self::string(&from("kc")), ", ").aggregate_order_by(by).asc().nulls_last(),
            );
        }
        if self.chance() {
            statement = statement.prefix_with("/* a */").suffix_with(("mysql", "/* b */"));
        }
        if self.chance() {
            statement = statement.with_hint(&table, ("sqlite", "NOT INDEXED"));
        }
        if self.chance() {
            statement = statement.limit(self.random.u64(..9)).offset(3);
        } else if self.chance() {
            statement = statement.order_by(from("kc")).offset(1).fetch_with_ties(2);
        }
        if self.chance() {
            statement = statement.locking(Locking::update().skip_locked());
        }
        if depth > 0 && self.chance() {
            let other = self.select(depth - 1);
            statement = match self.random.u8(..4) {
                0 => statement.union(other),
                1 => statement.union_all(other),
                2 => statement.intersect(other),
                _ => statement.except_all(other),
            };
        }
        statement
    }

    fn plain_condition(
        &mut self,
        from: &dyn Fn(&'static str) -> ColumnExpression,
        depth: u8,
    ) -> Expression<bool> {
        let column = from("kc");
        let named = column.name().to_string();
        let (first, second) = (self.value(&named), self.value(&named));
        match depth {
            0 => column.eq(first),
            _ => column.clone().eq(first).or(column.ne(second)),
        }
    }

    fn statement(&mut self) -> StatementNode {
        let table = self.table();
        let from = |name: &'static str| table.c(name);
        match self.random.u8(..10) {
            0 => {
                let rows = self.random.usize(1..3);
                let rows: Vec<(String, String, String)> =
                    (0..rows).map(|_| (self.value("ka"), self.value("kb"), self.value("kc"))).collect();
                let condition = self.condition(&from, 1);
                let value = self.value("kb");
                let changed = insert(&table).values_many(rows);
                match self.random.u8(..3) {
                    0 => changed.on_conflict_do_update(conflict(table.c("ka")), |update| {
                        update.set("kb", value).set("kc", excluded("ka")).filter(condition)
                    }),
                    1 => changed.on_duplicate_key_update(|update| update.set("kb", value).set_excluded("kc")),
                    _ => changed.on_conflict_do_nothing(()),
                }
                .node()
            }
            1 => insert(&table).columns(["ka", "kb"]).from_select(&self.select(2)).node(),
            2 => {
                let value = self.value("kb");
                update(&table).set("kb", value).filter(self.condition(&from, 2)).node()
            }
            3 => delete(&table).filter(self.condition(&from, 2)).node(),
            4 => {
                let gone =
                    delete(&table).filter(self.condition(&from, 1)).returning((from("ka"), from("kb")));
                select((gone.cte("gone").c("ka"), sum(from("kc").of::<i64>()))).node()
            }
            _ => self.select(3).node(),
        }
    }
}

trait IntoValueNode {
    fn into_value(self) -> aludel_sql_expression::expression::Node;
}

impl IntoValueNode for String {
    fn into_value(self) -> aludel_sql_expression::expression::Node {
        aludel_sql_expression::typed::IntoNode::into_node(self)
    }
}

/// How a statement compiles: its texts and its parameters, or the error.
fn compiled(cache: &CompiledCache, node: &StatementNode, dialect: usize) -> String {
    let dialect = &[sqlite(), postgres(), mysql(), mariadb()][dialect];
    match cache.render(node, dialect) {
        Ok(rendered) => {
            let parts = rendered.parts.iter();
            parts
                .map(|part| {
                    let parameters: Vec<Value> = part.parameters.iter().cloned().collect();
                    format!("{} {parameters:?}", part.sql)
                })
                .collect()
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_the_cache_gives_is_what_would_be_compiled_anew() {
    let cache = CompiledCache::new(100_000);
    // Short statements come again with other values; long ones hardly ever.
    let mut maker = Maker::new(7);
    for _ in 0..1_500 {
        let node = maker.statement();
        for dialect in 0..4 {
            let anew = compiled(&CompiledCache::new(0), &node, dialect);
            assert_eq!(compiled(&cache, &node, dialect), anew, "{node:?}");
            assert_eq!(compiled(&cache, &node, dialect), anew, "again: {node:?}");
        }
    }
    let statistics = cache.statistics();
    assert!(statistics.hits > statistics.size as u64, "{statistics:?}");
}

#[test]
fn values_stand_beside_what_they_were_given_for() {
    let mut maker = Maker::new(11);
    let (mut values, mut statements) = (0, 0);
    for _ in 0..1_500 {
        let node = maker.statement();
        for dialect in [sqlite(), postgres(), mysql(), mariadb()] {
            let Ok(text) = Shown(node.clone()).to_sql(&*dialect) else { continue };
            statements += 1;
            values += check(&text);
        }
    }
    assert!(statements > 2_000 && values > 10_000, "{statements} statements with {values} values");
}

/// Checks each value of a text: the last column before it is the one that it is named after.
fn check(text: &str) -> usize {
    let mut values = 0;
    let mut rest = text;
    while let Some(at) = rest.find('#') {
        let whole = text.len() - rest.len() + at;
        let start = text[..whole].rfind('\'').unwrap();
        let named = &text[start + 1..whole];
        let before = text[..start].rmatch_indices('k').find(|(at, _)| {
            !is_in_value(text, *at) && text[*at..].get(..2).is_some_and(|word| COLUMNS.contains(&word))
        });
        let column = before.map(|(at, _)| &text[at..at + 2]);
        // The rows of an INSERT stand behind the list of all its columns.
        let is_of_row =
            text.starts_with("INSERT") && column == Some("kc") && !text[..start].contains("SELECT");
        assert!(column == Some(named) || is_of_row, "`{named}` stands beside {column:?} in {text}");
        values += 1;
        rest = &text[whole + 1..];
    }
    values
}

/// Whether a place is inside of a value.
fn is_in_value(text: &str, at: usize) -> bool {
    text[..at].matches('\'').count() % 2 == 1
}

struct Shown(StatementNode);

impl Executable for Shown {
    type Row = ();

    fn node(&self) -> StatementNode {
        self.0.clone()
    }

    fn plan(
        &self,
        _: &std::sync::Arc<[aludel_sql_expression::ColumnInfo]>,
    ) -> aludel_sql_expression::Result<aludel_sql_expression::RowPlan> {
        Ok(Default::default())
    }

    fn decode(
        &self,
        _: &dyn aludel_sql_expression::Row,
        _: &aludel_sql_expression::RowPlan,
    ) -> aludel_sql_expression::Result<()> {
        Ok(())
    }
}

//! Typed models, written out as the derive writes them.

use std::sync::LazyLock;

use aludel_sql_expression::{
    Attribute, Entity, Model, Result, Value, aliased, count, insert,
    schema::{Column, Table},
    select,
    typed::RowReader,
    types::{BigInteger, Text},
    update,
    value::TextValue,
};

use crate::fixture::{assert_same, error, postgres, render, sql, sqlite};

#[derive(Clone, Debug, Default, PartialEq)]
struct Employee {
    id: i64,
    name: String,
    boss_id: Option<i64>,
}

#[allow(non_upper_case_globals, reason = "the constant is named like the struct")]
const Employee: Entity<Employee> = Entity::new();

#[allow(non_upper_case_globals, reason = "the constants are named like the fields")]
impl Employee {
    const id: Attribute<Self, i64> = Attribute::new("id", "id", 0, |own| &own.id, |own| &mut own.id);
    const name: Attribute<Self, String> =
        Attribute::new("name", "name", 1, |own| &own.name, |own| &mut own.name);
    const boss_id: Attribute<Self, Option<i64>> =
        Attribute::new("boss_id", "boss_id", 2, |own| &own.boss_id, |own| &mut own.boss_id);
}

impl Model for Employee {
    const NAME: &'static str = "Employee";
    const TABLE_NAME: &'static str = "employee";
    const COLUMNS: usize = 3;

    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::unregistered("employee")
                .column(Column::new("id", BigInteger).primary_key())
                .column(Column::new("name", Text).not_null())
                .column(Column::new("boss_id", BigInteger).foreign_key("employee.id"))
        });
        &TABLE
    }

    fn read(reader: &mut RowReader<'_>) -> Result<Self> {
        Ok(Self { id: reader.next()?, name: reader.next()?, boss_id: reader.next()? })
    }

    fn write(&self, values: &mut Vec<Value>) {
        values.extend([
            Value::I64(self.id),
            Value::Text(self.name.as_str().into()),
            self.boss_id.map_or(Value::Null, Value::I64),
        ]);
    }

    fn is_key_unset(&self) -> bool {
        self.id == 0
    }
}

#[test]
fn a_model_is_all_its_columns() {
    assert_same(
        &select(Employee).filter(Employee::boss_id.is_null()).order_by(Employee::name.asc()),
        "SELECT employee.id, employee.name, employee.boss_id FROM employee WHERE employee.boss_id IS NULL ORDER BY employee.name",
    );
}

#[test]
fn an_alias_gets_a_name() {
    let boss = aliased(Employee);
    assert_same(
        &select((Employee::name, boss.c(Employee::name)))
            .join_on(&boss, Employee::boss_id.eq(boss.c(Employee::id))),
        "SELECT employee.name, employee_1.name FROM employee JOIN employee AS employee_1 ON employee.boss_id = employee_1.id",
    );
    assert!(error(&select(Employee).join(&boss), &sqlite()).contains("more than one foreign key"));
    let (one, two) = (aliased(Employee), aliased(Employee));
    assert_eq!(
        sql(
            &select((one.c(Employee::id), two.c(Employee::id)))
                .filter(one.c(Employee::id).eq(two.c(Employee::id))),
            &sqlite()
        ),
        "SELECT employee_1.id, employee_2.id FROM employee AS employee_1, employee AS employee_2 WHERE employee_1.id = employee_2.id"
    );
}

#[test]
fn an_outer_joined_side_must_be_marked() {
    let boss = aliased(Employee);
    let on = || Employee::boss_id.eq(boss.c(Employee::id));
    let plain = select((Employee::name, boss.c(Employee::name))).outerjoin_on(&boss, on());
    assert!(
        error(&plain, &postgres()).contains("`employee_1` is outer-joined"),
        "{}",
        error(&plain, &postgres())
    );
    assert!(error(&plain, &postgres()).contains(".nullable()"));
    let whole = select((Employee, boss.clone())).outerjoin_on(&boss, on());
    assert!(error(&whole, &postgres()).contains("`employee_1` is outer-joined"));
    let marked = select((Employee::name, boss.c(Employee::name).nullable(), boss.nullable()))
        .outerjoin_on(&boss, on());
    assert!(render(&marked, &postgres()).is_ok());
    let nullable_column = select((Employee::name, boss.c(Employee::boss_id))).outerjoin_on(&boss, on());
    assert!(render(&nullable_column, &postgres()).is_ok(), "an Option holds NULL without a mark");
    let counted = select((Employee::name, count(boss.c(Employee::id))))
        .outerjoin_on(&boss, on())
        .group_by(Employee::name);
    assert!(render(&counted, &postgres()).is_ok());
}

#[test]
fn a_model_is_inserted_without_a_key_that_is_not_set() {
    let ann = Employee { name: "Ann".into(), ..Employee::default() };
    assert_eq!(
        sql(&insert(Employee).values(&ann), &sqlite()),
        "INSERT INTO employee (name, boss_id) VALUES (?, ?)"
    );
    let bob = Employee { id: 7, ..ann };
    let rendered = render(&insert(Employee).values(&bob).returning(Employee::id), &postgres()).unwrap();
    assert_eq!(
        &*rendered.parts[0].sql,
        "INSERT INTO employee (id, name, boss_id) VALUES ($1, $2, $3) RETURNING id"
    );
    assert!(rendered.returns_rows);
}

#[test]
fn updates_take_expressions() {
    assert_eq!(
        sql(
            &update(Employee).set(Employee::boss_id, Employee::id + 1).filter(Employee::id.in_([1, 2])),
            &postgres()
        ),
        "UPDATE employee SET boss_id = employee.id + $1 WHERE employee.id = ANY ($2)"
    );
}

#[test]
fn made_up_names_avoid_those_of_tables() {
    let taken = Table::unregistered("employee_1").column(Column::new("id", BigInteger));
    let other = aliased(Employee);
    assert_same(
        &select((taken.c("id"), other.c(Employee::id))).filter(taken.c("id").eq(other.c(Employee::id))),
        "SELECT employee_1.id, employee_2.id FROM employee_1, employee AS employee_2 WHERE employee_1.id = employee_2.id",
    );
}

#[test]
fn rows_leave_an_unset_key_out() {
    let ann = Employee { id: 0, name: "Ann".into(), boss_id: Some(3) };
    let (mut all, mut rest) = (vec![Value::Bool(true)], vec![Value::Bool(true)]);
    ann.write(&mut all);
    ann.write_unnumbered(&mut rest);
    assert_eq!(all.len(), 4);
    assert_eq!(rest, [Value::Bool(true), Value::Text("Ann".into()), Value::I64(3)]);

    let bob = Employee { id: 0, name: "Bob".into(), boss_id: None };
    let rendered = render(&insert(Employee).values_many([&ann, &bob]), &sqlite()).unwrap();
    assert_eq!(
        *rendered.parts[0].parameters,
        [Value::Text("Ann".into()), Value::I64(3), Value::Text("Bob".into()), Value::Null]
    );
    let named = Employee { id: 5, ..ann.clone() };
    assert!(
        error(&insert(Employee).values_many([&ann, &named]), &sqlite()).contains("row 2 has other columns")
    );
    assert!(error(&insert(Employee).values_many(Vec::<&Employee>::new()), &sqlite()).contains("no rows"));
}

#[test]
fn texts_of_every_length_are_kept() {
    for length in [0, 1, 7, 8, 15, 16, 22, 23, 24, 25, 200] {
        let text = "ä".repeat(length / 2) + &"x".repeat(length % 2);
        for value in [TextValue::from(text.as_str()), TextValue::from(&text), TextValue::from(text.clone())] {
            assert_eq!(value.as_str(), text);
            assert_eq!(value.len(), length);
        }
    }
}

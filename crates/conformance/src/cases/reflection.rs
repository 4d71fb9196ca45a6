//! What a backend says of the tables that are there.

use std::sync::Arc;

use aludel_driver::{
    ErrorKind,
    reflection::{DriverCatalog, Reflection, Scope, TableKind, TableName},
};
use aludel_sql_expression::{
    schema::{
        CheckConstraint, Column, ForeignKeyConstraint, Index, ReferentialAction, Table, UniqueConstraint,
    },
    types::{Integer, Varchar},
};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::Probe,
};

pub(super) const CASES: &[Case] = &[
    case!(reflection_is_there_where_it_is_said),
    case!(reflection_is_refused_by_name_where_there_is_none if |capabilities| !capabilities.reflection),
    case!(columns_are_reflected if |capabilities| capabilities.reflection),
    case!(keys_constraints_and_indexes_are_reflected if |capabilities| capabilities.reflection),
    case!(what_is_not_there_is_left_out_of_reflection if |capabilities| capabilities.reflection),
];

async fn reflection_is_there_where_it_is_said(subject: Subject) -> Result<(), Failure> {
    let probe = Probe::open(&subject).await?;
    let (said, is_there) =
        (probe.connection.capabilities().reflection, probe.connection.reflection().is_some());
    ensure_equal!(is_there, said, "whether there is a reflection, and whether the capabilities say so");
    probe.close().await?;
    Ok(())
}

async fn reflection_is_refused_by_name_where_there_is_none(subject: Subject) -> Result<(), Failure> {
    let engine = subject.engine().build()?;
    let mut connection = engine.connect().await?;
    let product = connection.driver_connection().await?.server().product;
    let Err(error) = connection.inspect().has_table("suite_gone").await else {
        return Err(Failure::new("a backend without reflection was asked for a table, and answered"));
    };
    ensure_equal!(error.kind(), ErrorKind::NotSupported, "the kind of the error");
    ensure!(error.message().contains(product), "the error does not name {product}: {error}");
    connection.close().await?;
    engine.dispose().await;
    Ok(())
}

fn reflection(probe: &Probe) -> Result<Arc<dyn Reflection>, Failure> {
    probe.connection.reflection().ok_or_else(|| Failure::new("there is no reflection"))
}

fn kept(name: &'static str) -> Table {
    Table::unregistered(name)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("the word", Varchar(50)).not_null())
        .column(Column::new("size", Integer).server_default("7"))
        .unique(UniqueConstraint::new(["the word", "size"]).named(format!("{name}_uq")))
        .check(CheckConstraint::new("size > 3").named(format!("{name}_ck")))
        .index(Index::new(format!("{name}_ix"), ["size", "the word"]))
}

async fn columns_are_reflected(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = kept("suite_reflected_columns");
    probe.create(&table).await?;
    let reflection = reflection(&probe)?;
    let scope = Scope::of_table(&TableName::from(&table));
    let mut catalog = DriverCatalog(&mut *probe.connection);
    let tables = reflection.tables(&mut catalog, &scope).await?;
    ensure_equal!(tables.len(), 1, "how many tables of the name there are");
    ensure_equal!(tables[0].kind, TableKind::Table, "the kind of a table");
    let columns = reflection.columns(&mut catalog, &scope).await?;
    let told: Vec<_> = columns
        .iter()
        .map(|(of, column)| (of.name.as_str(), column.name.as_str(), column.nullable))
        .collect();
    let of = "suite_reflected_columns";
    ensure_equal!(told, vec![(of, "id", false), (of, "the word", false), (of, "size", true)], "the columns");
    ensure_equal!(columns[1].1.column_type.length, Some(50), "the length of a VARCHAR(50)");
    ensure!(columns[0].1.autoincrement, "the key is not said to be numbered");
    let default = columns[2].1.default.clone().unwrap_or_default();
    ensure!(default.contains('7'), "a default of 7 is told as `{default}`");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn keys_constraints_and_indexes_are_reflected(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let (name, child_name) = ("suite_reflected_keys", "suite_reflected_child");
    let table = kept(name);
    let child = Table::unregistered(child_name).column(Column::new("up", Integer)).foreign_key(
        ForeignKeyConstraint::new(["up"], name, ["id"])
            .named("suite_fk")
            .on_delete(ReferentialAction::Cascade),
    );
    // In this order, as the one holds the other.
    probe.run(&aludel_sql_expression::drop_table(&child).if_exists()).await?;
    probe.create(&table).await?;
    probe.create(&child).await?;
    let reflection = reflection(&probe)?;
    let scope = Scope::default().only([name, child_name]);
    let mut catalog = DriverCatalog(&mut *probe.connection);
    let told = reflection.constraints(&mut catalog, &scope).await?;
    let of = |name: &str| told.iter().find(|(of, _)| of.name == name).map(|(_, told)| told.clone());
    let (own, of_child) = (of(name).unwrap_or_default(), of(child_name).unwrap_or_default());
    let key = own.primary_key.clone().unwrap_or_default();
    ensure_equal!(key.columns, vec!["id".to_owned()], "the primary key");
    ensure_equal!(own.uniques.len(), 1, "how many unique constraints there are");
    ensure_equal!(own.uniques[0].columns.join("+"), "the word+size", "the columns of the unique constraint");
    ensure_equal!(own.uniques[0].name.as_deref(), Some("suite_reflected_keys_uq"), "its name");
    ensure_equal!(own.checks.len(), 1, "how many conditions there are");
    ensure!(own.checks[0].sqltext.contains("size"), "the condition is `{}`", own.checks[0].sqltext);
    ensure_equal!(of_child.foreign_keys.len(), 1, "how many foreign keys there are");
    let foreign = &of_child.foreign_keys[0];
    ensure_equal!(foreign.name.as_deref(), Some("suite_fk"), "the name of the foreign key");
    ensure_equal!(foreign.referred, TableName::from(name), "the table that is referenced");
    ensure_equal!(foreign.referred_columns, vec!["id".to_owned()], "the columns that are referenced");
    ensure_equal!(foreign.on_delete, ReferentialAction::Cascade, "what happens on DELETE");
    let indexes = reflection.indexes(&mut catalog, &scope).await?;
    let index = indexes.iter().find(|(_, index)| index.name == "suite_reflected_keys_ix");
    let Some((_, index)) = index else {
        return Err(Failure::new(format!("the index is missing: {indexes:?}")));
    };
    ensure_equal!(index.column_names(), vec![Some("size"), Some("the word")], "the columns of the index");
    ensure!(!index.unique && index.constraint.is_none(), "the index is more than an index: {index:?}");
    probe.drop(&child).await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn what_is_not_there_is_left_out_of_reflection(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let reflection = reflection(&probe)?;
    let mut catalog = DriverCatalog(&mut *probe.connection);
    let scope = Scope::default().only(["suite_gone", "suite_\"'`gone"]);
    ensure!(reflection.tables(&mut catalog, &scope).await?.is_empty(), "there are tables that are not there");
    ensure!(reflection.columns(&mut catalog, &scope).await?.is_empty(), "there are columns of no table");
    ensure!(
        reflection.constraints(&mut catalog, &scope).await?.is_empty(),
        "there are constraints of no table"
    );
    ensure!(reflection.indexes(&mut catalog, &scope).await?.is_empty(), "there are indexes of no table");
    let schema = reflection.default_schema(&mut catalog).await?;
    let schemas = reflection.schemas(&mut catalog).await?;
    ensure!(schemas.contains(&schema), "the default schema `{schema}` is not among {schemas:?}");
    probe.close().await?;
    Ok(())
}

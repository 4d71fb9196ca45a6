//! What only the whole struct shows: a primary key, names that are used twice.

use std::collections::HashMap;

use crate::{
    column::{Numbers, VersionId},
    member::owner,
    model::Model,
    problems::Problems,
};

/// Reports what is wrong with the struct as a whole.
pub(crate) fn validate(model: &Model, problems: &mut Problems) {
    primary_key(model, problems);
    column_names(model, problems);
    lists(model, problems);
    single(model, problems);
}

fn primary_key(model: &Model, problems: &mut Problems) {
    if model.key().next().is_none() {
        let name = model.name();
        let candidate = model.columns.iter().find(|column| column.member.field == "id");
        let advice = candidate.map_or_else(
            || "write `#[column(primary_key)]` on the field, or the fields, that identify a row".to_owned(),
            |_| format!("write `#[column(primary_key)]` on `{name}::id`"),
        );
        problems.add(&model.ident, format_args!("`{name}` has no primary key; {advice}"));
    }
    if model.key().count() > 6 {
        problems
            .add(&model.ident, format_args!("`{}` has a primary key of more than six columns", model.name()));
    }
    if model.columns.len() > usize::from(u16::MAX) {
        problems
            .add(&model.ident, format_args!("`{}` has more columns than any table can have", model.name()));
    }
}

fn column_names(model: &Model, problems: &mut Problems) {
    let mut seen = HashMap::new();
    for column in &model.columns {
        if let Some(first) = seen.insert(column.name.value(), &column.member.field) {
            let message = format!(
                "{}: the column is called `{}`, like that of {}; give one of them another name with `name = \"..\"`",
                owner(&model.ident, &column.member.field),
                column.name.value(),
                owner(&model.ident, first)
            );
            problems.add(&column.name, message);
        }
    }
    let members = model.columns.iter().map(|column| &column.member);
    let members = members.chain(model.relationships.iter().map(|relationship| &relationship.member));
    let mut seen = HashMap::new();
    for member in members {
        if let Some(first) = seen.insert(member.constant.to_string(), &member.field) {
            let message = format!(
                "{}: the constant is called `{}`, like that of {}",
                owner(&model.ident, &member.field),
                member.constant,
                owner(&model.ident, first)
            );
            problems.add(&member.field, message);
        }
    }
}

fn lists(model: &Model, problems: &mut Problems) {
    for field in model.uniques.iter().chain(&model.indexes).flatten() {
        if model.column(field).is_none() {
            problems.add(field, format_args!("`{}` has no column field `{field}`", model.name()));
        }
    }
}

fn single(model: &Model, problems: &mut Problems) {
    for column in model.columns.iter().filter(|column| column.version_id.is_some()).skip(1) {
        let owner = owner(&model.ident, &column.member.field);
        problems.add(&column.member.field, format_args!("{owner}: a model has at most one `version_id`"));
    }
    for column in &model.columns {
        if !matches!(column.version_id, Some(VersionId::Counter)) || column.numbers != Numbers::Other {
            continue;
        }
        let owner = owner(&model.ident, &column.member.field);
        problems.add(
            &column.member.of_type,
            format_args!(
                "{owner}: `version_id` counts, so the field is a whole number such as `i64`; versions of another kind are made \
                 by a function, with `version_id_generator = now`"
            ),
        );
    }
    for column in model.columns.iter().filter(|column| column.autoincrement == Some(true)).skip(1) {
        let owner = owner(&model.ident, &column.member.field);
        problems.add(
            &column.member.field,
            format_args!("{owner}: a table has at most one column with `autoincrement`"),
        );
    }
    for relationship in &model.relationships {
        if relationship.secondary.is_some()
            && relationship.cascade.is_some_and(|cascade| cascade.delete_orphan)
        {
            let owner = owner(&model.ident, &relationship.member.field);
            let message = "`delete-orphan` needs a parent of its own, which a row of a many-to-many relationship does not have";
            problems.add(&relationship.member.field, format_args!("{owner}: {message}"));
        }
        if let (Some(secondary), false) = (&relationship.secondary, relationship.many) {
            let owner = owner(&model.ident, &relationship.member.field);
            problems.add(
                secondary,
                format_args!("{owner}: a relationship with `secondary` leads to many; write `Many<..>`"),
            );
        }
    }
}

//! [`Model`]: a mapped struct as plain data.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Fields, LitStr, Path, Visibility};

use crate::{
    column::Column,
    problems::Problems,
    relationship::{self, Relationship},
    settings::Settings,
    spelling::{plain, snake_case},
    table_options::TableOptions,
};

/// A mapped struct as plain data.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) table: String,
    pub(crate) schema: Option<LitStr>,
    /// Fields whose values are unique together.
    pub(crate) uniques: Vec<Vec<Ident>>,
    /// Fields with an index over them.
    pub(crate) indexes: Vec<Vec<Ident>>,
    pub(crate) checks: Vec<LitStr>,
    pub(crate) options: TableOptions,
    /// A function that says the rest of the table.
    pub(crate) table_args: Option<Path>,
    /// Whether a flush brings back what the database made.
    pub(crate) eager_defaults: bool,
    pub(crate) columns: Vec<Column>,
    pub(crate) relationships: Vec<Relationship>,
    /// Fields that were meant to be relationships, but were reported.
    pub(crate) unlinked: Vec<Ident>,
}

impl Model {
    /// Takes the struct; none: it has no shape that can be mapped at all.
    pub(crate) fn of(input: &DeriveInput, problems: &mut Problems) -> Option<Self> {
        let ident = &input.ident;
        let name = plain(ident);
        if !input.generics.params.is_empty() {
            let message = format!(
                "`{name}` has parameters, but a table is one type: a mapped struct has neither type parameters nor lifetimes"
            );
            problems.add(&input.generics, message);
            return None;
        }
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => &fields.named,
                _ => {
                    let message = format!(
                        "`{name}` has no named fields; a mapped struct is `struct {name} {{ id: i64, .. }}`"
                    );
                    problems.add(ident, message);
                    return None;
                }
            },
            _ => {
                problems.add(
                    ident,
                    format_args!("`{name}` is not a struct; only a struct can be mapped to a table"),
                );
                return None;
            }
        };
        let mut settings = Settings::of(&input.attrs, "table", format!("`{name}`"), problems);
        let table = settings.text("name", "\"author\"");
        let schema = settings.text("schema", "\"library\"");
        let uniques = settings.lists("unique");
        let indexes = settings.lists("index");
        let checks = settings.texts("check", "\"born > 0\"");
        let options = TableOptions::of(
            &mut settings,
            !(uniques.is_empty() && indexes.is_empty() && checks.is_empty()),
            ident,
        );
        let table_args = settings.path("table_args", "indexes_of_author");
        let eager_defaults = settings.boolean("eager_defaults").unwrap_or(true);
        settings.finish();
        let table = table.map_or_else(|| snake_case(&name), |table| table.value());
        let (ident, visibility) = (ident.clone(), input.vis.clone());
        let (columns, relationships, unlinked) = (Vec::new(), Vec::new(), Vec::new());
        let mut model = Self {
            ident,
            visibility,
            table,
            schema,
            uniques,
            indexes,
            checks,
            options,
            table_args,
            eager_defaults,
            columns,
            relationships,
            unlinked,
        };
        for field in fields {
            model.add_field(field, problems);
        }
        Some(model)
    }

    fn add_field(&mut self, field: &syn::Field, problems: &mut Problems) {
        let Some(ident) = &field.ident else { return };
        if let Some(link) = relationship::link(&field.ty) {
            self.relationships.push(Relationship::of(field, ident, &self.ident, link, problems));
        } else if relationship::is_marked(field) {
            relationship::report_unlinked(field, ident, &self.ident, problems);
            self.unlinked.push(ident.clone());
        } else {
            self.columns.push(Column::of(field, ident, &self.ident, problems));
        }
    }

    /// The struct's name, without `r#`.
    pub(crate) fn name(&self) -> String {
        plain(&self.ident)
    }

    /// The columns of the primary key, with their positions.
    pub(crate) fn key(&self) -> impl Iterator<Item = (u16, &Column)> {
        (0..).zip(&self.columns).filter(|(_, column)| column.primary_key)
    }

    /// The column of a field.
    pub(crate) fn column(&self, field: &Ident) -> Option<&Column> {
        self.columns.iter().find(|column| column.member.field == *field)
    }
}

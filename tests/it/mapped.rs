//! What `#[derive(Mapped)]` writes.

use aludel::{
    Decimal,
    orm::{Cascade, Lazy, Mapped as _},
    prelude::*,
    sql::{
        Cell, Model as _, SqlType, Value,
        schema::{OnUpdate, TableDefinition},
    },
    types::Timestamp,
};

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(name = "writer", schema = "library", unique(name, email), index(name), check = "born > 0")]
struct Author {
    #[column(primary_key)]
    id: i64,
    #[column(length = 120, index, comment = "as printed")]
    name: String,
    #[column(unique, name = "e_mail")]
    email: Option<String>,
    #[column(server_default = "1900")]
    born: i32,
    #[column(precision = 10, scale = 2)]
    revenue: Option<Decimal>,
    #[column(sql_type = Timestamp)]
    seen: i64,
    #[relationship(
        back_populates = Book::author,
        cascade = "all, delete-orphan",
        order_by = Book::title.desc(),
        lazy = "selectin",
        passive_deletes
    )]
    books: Many<Book>,
}

fn now() -> i64 {
    5
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Book {
    #[column(primary_key)]
    id: u32,
    title: String,
    #[column(foreign_key = Author::id, on_delete = "set null", on_update = "cascade")]
    author_id: Option<i64>,
    #[column(default = "draft", nullable = false)]
    state: Option<String>,
    #[column(default = now, onupdate = || now() + 1)]
    changed: Option<i64>,
    #[column(version_id)]
    version: i32,
    #[relationship(back_populates = Author::books, foreign_key = Book::author_id)]
    author: One<Author>,
    #[relationship(secondary = BookTag, back_populates = HTTPTag::books, cascade = "save-update")]
    tags: Many<HTTPTag>,
}

#[derive(Mapped, Clone, Debug, Default)]
struct HTTPTag {
    #[column(primary_key)]
    label: String,
    #[column(foreign_key = Self::label)]
    parent_label: Option<String>,
    #[relationship(back_populates = Self::children, foreign_key = Self::parent_label)]
    parent: One<Self>,
    #[relationship(back_populates = Self::parent, lazy = "raise")]
    children: Many<Self>,
    #[relationship(secondary = BookTag, back_populates = Book::tags)]
    books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default)]
struct BookTag {
    #[column(primary_key, foreign_key = Book::id)]
    book_id: u32,
    #[column(primary_key, foreign_key = HTTPTag::label)]
    tag_label: String,
}

fn definition<M: Mapped>() -> std::sync::Arc<TableDefinition> {
    M::table().definition()
}

#[test]
fn a_table_is_named_after_the_struct_or_as_told() {
    assert_eq!((Author::TABLE_NAME, Author::SCHEMA), ("writer", Some("library")));
    assert_eq!(&**Author::table().name(), "writer");
    assert_eq!(Author::table().schema().map(|schema| &**schema), Some("library"));
    assert_eq!((HTTPTag::TABLE_NAME, HTTPTag::SCHEMA), ("http_tag", None));
    assert_eq!(BookTag::NAME, "BookTag");
}

#[test]
fn columns_have_the_types_and_options_that_the_attributes_say() {
    let definition = definition::<Author>();
    let types: Vec<&SqlType> = definition.columns.iter().map(|column| &column.sql_type).collect();
    let numeric = SqlType::Numeric { precision: Some(10), scale: Some(2) };
    let expected = [
        SqlType::BigInteger,
        SqlType::Varchar(120),
        SqlType::Text,
        SqlType::Integer,
        numeric,
        SqlType::Timestamp,
    ];
    assert_eq!(types, expected.iter().collect::<Vec<_>>());
    let nullable: Vec<bool> = definition.columns.iter().map(|column| column.nullable).collect();
    assert_eq!(nullable, [false, false, true, false, true, false]);
    let [id, name, email, born, ..] = &definition.columns[..] else { panic!("six columns") };
    assert!(id.primary_key && name.index && email.unique && born.server_default.is_some());
    assert_eq!((&*email.name, name.comment.as_deref()), ("e_mail", Some("as printed")));
    assert_eq!(definition.uniques[0].columns, ["name".into(), "e_mail".into()]);
    assert_eq!(
        (definition.indexes[0].name.as_deref(), definition.indexes[0].columns()),
        (None, Some(vec!["name".into()]))
    );
    assert_eq!(definition.checks[0].condition.as_text(), Some("born > 0"));
}

#[test]
fn a_foreign_key_takes_names_and_schema_from_the_other_model() {
    let definition = definition::<Book>();
    let key = definition.columns[2].foreign_key.as_ref().unwrap();
    assert_eq!((key.schema.as_deref(), &*key.table, &*key.column), (Some("library"), "writer", "id"));
    assert_eq!((key.on_delete, key.on_update), (ReferentialAction::SetNull, ReferentialAction::Cascade));
    assert!(!definition.columns[3].nullable, "nullable = false on an Option");
}

#[test]
fn defaults_are_functions_or_values() {
    let columns = Book::mapper().columns();
    let made = |function: Option<fn() -> Value>| function.map(|function| function());
    // Core's `update` has to know it, too, so that it stands with the table.
    let onupdate = |number: usize| match &definition::<Book>().columns[number].onupdate {
        Some(OnUpdate::Function(function)) => Some(function.value()),
        Some(other) => panic!("{other:?}"),
        None => None,
    };
    assert_eq!(made(columns[3].default), Some(Value::Text("draft".into())));
    assert_eq!((made(columns[4].default), onupdate(4)), (Some(Value::I64(5)), Some(Value::I64(6))));
    assert_eq!(onupdate(3), None);
    assert_eq!(
        (made(columns[1].default), columns[4].version_id.is_some(), columns[5].version_id.is_some()),
        (None, false, true)
    );
}

#[test]
fn relationships_tell_what_the_attributes_say() {
    let [books] = Author::mapper().relationships() else { panic!("one relationship") };
    let all = Cascade {
        save_update: true,
        merge: true,
        refresh_expire: true,
        expunge: true,
        delete: true,
        delete_orphan: true,
    };
    assert_eq!((books.cascade, books.lazy, books.many), (all, Lazy::Selectin, true));
    assert_eq!(
        (books.order_by, books.passive_deletes, books.post_update),
        (Some(("title", true)), true, false)
    );
    assert_eq!(
        (books.name, books.back_populates, (books.target)()),
        ("books", Some("author"), Book::mapper())
    );
    let [author, tags] = Book::mapper().relationships() else { panic!("two relationships") };
    assert_eq!(
        (author.many, author.foreign_key, author.cascade),
        (false, Some("author_id"), Cascade::usual())
    );
    assert_eq!(tags.secondary.map(|table| table()), Some(BookTag::table()));
    assert_eq!(tags.cascade, Cascade { save_update: true, ..Cascade::none() });
    let [parent, children, _] = HTTPTag::mapper().relationships() else { panic!("three relationships") };
    assert_eq!(((parent.target)(), children.back_populates), (HTTPTag::mapper(), Some("parent")));
    assert_eq!((children.lazy, HTTPTag::children.index()), (Lazy::Raise, 1));
}

#[test]
fn only_a_key_that_the_database_numbers_can_be_unset() {
    assert!(Book::default().is_key_unset());
    assert!(!Book { id: 1, ..default() }.is_key_unset());
    assert!(!HTTPTag::default().is_key_unset(), "a text is no number");
    assert!(!BookTag::default().is_key_unset(), "a composite key is not numbered");
    let tables = [definition::<Book>(), definition::<HTTPTag>(), definition::<BookTag>()];
    assert_eq!(tables.map(|table| table.autoincrement_column().is_some()), [true, false, false]);
}

#[test]
fn columns_are_reached_by_position() {
    let old = Book { id: 1, title: "1984".into(), state: Some("x".into()), ..default() };
    let mut new = Book { title: "Animal Farm".into(), author_id: Some(3), ..old.clone() };
    assert_eq!(
        (old.column(1), old.column(2), new.column(2)),
        (Value::Text("1984".into()), Value::Null, Value::I64(3))
    );
    let changed: Vec<u16> = (0..6).filter(|index| !old.column_eq(&new, *index)).collect();
    assert_eq!(changed, [1, 2]);
    new.copy_column(&old, 1);
    new.set_column(2, Cell::Null).unwrap();
    assert_eq!(new, old);
    new.set_column(0, Cell::I64(9)).unwrap();
    assert_eq!((old.key(), new.key()), (1, 9));
    let error = new.set_column(1, Cell::Null).unwrap_err();
    assert!(error.to_string().starts_with("Book.title: "), "{error}");
    assert_eq!(BookTag { book_id: 1, tag_label: "x".into() }.key(), (1, "x".to_owned()));
    assert_eq!((Book::mapper().key(), BookTag::mapper().key()), (&[0][..], &[0, 1][..]));
}

/// Nothing that the derive writes depends on what a name means where the model stands.
mod names {
    #![deny(warnings, unreachable_pub, unused_qualifications, clippy::pedantic)]

    use aludel::prelude::{Many, Mapped, One};

    fn now() -> i64 {
        7
    }

    #[derive(Mapped, Clone, Debug, Default)]
    pub(super) struct Session {
        #[column(primary_key)]
        pub(super) id: u32,
        #[column(constant = "default_", default = now)]
        pub(super) default: ::core::option::Option<i64>,
        count: i64,
        self_: bool,
        pub(super) r#type: f64,
        index: i16,
        get: i64,
        values: i64,
        table: i64,
        #[relationship(back_populates = Table::string)]
        tables: Many<Table>,
    }

    #[derive(Mapped, Clone, Debug, Default)]
    struct Table {
        #[column(primary_key, foreign_key = Session::id)]
        id: u32,
        #[relationship(back_populates = Session::tables)]
        string: One<Session>,
    }

    macro_rules! models {
        ($($name:ident)*) => {$(
            #[derive(Mapped, Clone, Debug, Default)]
            struct $name {
                #[column(primary_key)]
                id: i64,
                name: ::std::string::String,
            }
        )*};
    }

    models! { Value Result Option String Vec Mapper Model Integer Error Cell Some Ok None Attribute Index }
}

#[test]
fn any_name_goes() {
    use names::Session;
    let mut session: Session = default();
    (session.id, session.default, session.r#type) = (3, Some(1), 0.5);
    assert_eq!(
        (Session::default_.name(), Session::default_.column_name(), Session::r#type.name()),
        ("default", "default", "type")
    );
    assert_eq!((session.column(1), session.column(4)), (Value::I64(1), Value::F64(0.5)));
    assert_eq!(Session::mapper().columns()[1].default.map(|make| make()), Some(Value::I64(7)));
}

#[test]
fn models_can_stand_in_a_function() {
    #[derive(Mapped, Clone, Debug, Default)]
    struct Parent {
        #[column(primary_key)]
        id: i64,
        #[relationship(back_populates = Child::parent)]
        children: Many<Child>,
    }

    #[derive(Mapped, Clone, Debug, Default)]
    struct Child {
        #[column(primary_key)]
        id: i64,
        #[column(foreign_key = Parent::id)]
        parent_id: i64,
        #[relationship(back_populates = Parent::children)]
        parent: One<Parent>,
    }

    let parent = Parent { children: Many::from([Child { id: 5, ..default() }]), ..default() };
    assert_eq!(parent.children.new_values().map(|child| child.id).collect::<Vec<_>>(), [5]);
    assert_eq!((Child::mapper().name(), Parent::id.index(), Child::parent.name()), ("Child", 0, "parent"));
}

/// A model can also be read from any row that has its columns.
#[test]
fn a_model_can_be_read_from_a_row_too() {
    #[derive(Mapped, FromRow, Clone, Debug, Default)]
    struct Artist {
        #[column(primary_key, name = "ArtistId")]
        id: i64,
        #[column(length = 20)]
        name: String,
        friends: Many<Artist>,
    }

    let columns =
        ["name", "ArtistId"].map(|name| aludel::sql::ColumnInfo { name: name.into(), type_name: "".into() });
    let plan = Artist::plan(&columns).unwrap();
    assert_eq!((plan.position(0), plan.position(1)), (1, 0));
    assert_eq!(Artist::default().friends.new_values().count(), 0);
}

//! [`Column`]: a field that is a column, and its `#[column(..)]`.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::{Expr, ExprLit, Field, Lit, LitBool, LitInt, LitStr};

use crate::{
    made::{self, Around, Made},
    member::{Member, is_named, owner},
    problems::Problems,
    settings::{Reference, Settings},
    spelling::{option_argument, shown},
};

/// A field that is a column.
pub(crate) struct Column {
    pub(crate) member: Member,
    /// The column's name, and where it was given.
    pub(crate) name: LitStr,
    pub(crate) primary_key: bool,
    pub(crate) autoincrement: Option<bool>,
    pub(crate) sql_type: Option<SqlType>,
    pub(crate) nullable: Option<bool>,
    pub(crate) index: bool,
    pub(crate) unique: bool,
    pub(crate) foreign_key: Option<Reference>,
    pub(crate) on_delete: Option<Ident>,
    pub(crate) on_update: Option<Ident>,
    pub(crate) server_default: Option<LitStr>,
    pub(crate) default: Option<Expr>,
    pub(crate) onupdate: Option<Expr>,
    pub(crate) server_onupdate: bool,
    /// What else is said of values that the database makes.
    pub(crate) made: Made,
    pub(crate) computed: Option<LitStr>,
    /// Whether every table of the database has it by itself.
    pub(crate) system: bool,
    pub(crate) version_id: Option<VersionId>,
    /// What refuses values.
    pub(crate) validate: Option<Expr>,
    /// Whether the field may be `None`, which is not shown to the validator.
    pub(crate) is_option: bool,
    pub(crate) comment: Option<LitStr>,
    pub(crate) numbers: Numbers,
}

/// Who makes the versions of rows.
pub(crate) enum VersionId {
    /// The session counts.
    Counter,
    /// The session calls a function.
    Generator(Expr),
    /// The database, or the program.
    Server,
}

/// A SQL type that the attribute chooses.
pub(crate) enum SqlType {
    Varchar(LitInt),
    Numeric(LitInt, Option<LitInt>),
    Expression(Box<Expr>),
}

/// What the spelling of a field's type says about whole numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// It is an integer.
    Integer,
    /// It surely is none, or may be missing.
    Other,
    /// A name that could stand for one.
    Unknown,
}

/// All words of `#[column(..)]`.
pub(crate) const WORDS: [&str; 32] = [
    "primary_key",
    "autoincrement",
    "name",
    "length",
    "precision",
    "scale",
    "sql_type",
    "nullable",
    "index",
    "unique",
    "foreign_key",
    "on_delete",
    "on_update",
    "server_default",
    "default",
    "onupdate",
    "server_onupdate",
    "computed",
    "system",
    "version_id",
    "version_id_generator",
    "validate",
    "comment",
    "constant",
    "identity",
    "sequence",
    "persisted",
    "collate",
    "deferrable",
    "initially",
    "foreign_key_name",
    "foreign_key_match",
];

const INTEGERS: [&str; 8] = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"];
const ACTIONS: [(&str, &str); 5] = [
    ("cascade", "Cascade"),
    ("set null", "SetNull"),
    ("set default", "SetDefault"),
    ("restrict", "Restrict"),
    ("no action", "NoAction"),
];

impl Column {
    /// Takes a field that is a column.
    pub(crate) fn of(field: &Field, ident: &Ident, model: &Ident, problems: &mut Problems) -> Self {
        let mut settings = Settings::of(&field.attrs, "column", owner(model, ident), problems);
        let is_option = option_argument(&field.ty).is_some();
        let primary_key = settings.flag("primary_key");
        if primary_key && is_option {
            let base = option_argument(&field.ty).map(shown).unwrap_or_default();
            settings.problem(
                &field.ty,
                format_args!("a primary key is never NULL; write `{base}` for `{}`", shown(&field.ty)),
            );
        }
        let autoincrement = settings.boolean("autoincrement");
        let name = settings.text("name", "\"column\"");
        let sql_type = sql_type(field, &mut settings);
        let nullable = settings.boolean("nullable");
        if nullable == Some(true) && !is_option {
            let of = shown(&field.ty);
            settings.problem(
                &field.ty,
                format_args!("a column that may hold NULL needs the type `Option<{of}>`, not `{of}`"),
            );
        }
        let index = settings.flag("index");
        let unique = settings.flag("unique");
        let foreign_key = settings.reference("foreign_key", "Author::id", model);
        let on_delete = action("on_delete", foreign_key.is_some(), &mut settings);
        let on_update = action("on_update", foreign_key.is_some(), &mut settings);
        let server_default = settings.text("server_default", "\"0\"");
        let default = settings.expression("default", "now");
        if let Some(default) = &default
            && !is_option
            && !primary_key
        {
            let of = shown(&field.ty);
            settings.problem(
                default,
                format_args!(
                    "`default` fills in a field that is `None`, but `{of}` always has a value; make it `Option<{of}>` (with \
                     `nullable = false` if it must not be NULL), or use `server_default`"
                ),
            );
        }
        let onupdate = settings.expression("onupdate", "now");
        let (server_onupdate, onupdate_text) = made::server_onupdate(&mut settings);
        let computed = settings.text("computed", "\"price * quantity\"");
        if let Some(computed) = &computed
            && (primary_key || server_default.is_some() || default.is_some() || onupdate.is_some())
        {
            settings.problem(
                computed,
                "a column that the database computes is written by nobody else: it is no key, and has no `default`, \
                 `onupdate` or `server_default`",
            );
        }
        let system = settings.flag("system");
        if system
            && (primary_key
                || index
                || unique
                || foreign_key.is_some()
                || computed.is_some()
                || server_default.is_some()
                || default.is_some()
                || onupdate.is_some())
        {
            settings.problem(
                &field.ident,
                "a `system` column is made and kept by the database alone: nothing else can be said of it than its name, its                  type and `version_id` with `version_id_generator = false`",
            );
        }
        let around = Around {
            is_computed: computed.is_some(),
            has_default: server_default.is_some(),
            has_key: foreign_key.is_some(),
            numbers: may_hold_numbers(field),
            place: ident.clone(),
        };
        let made = Made::of(&mut settings, &around, onupdate_text);
        let version_id = version_id(&mut settings);
        if system && !matches!(version_id, None | Some(VersionId::Server)) {
            settings.problem(
                &field.ident,
                "nobody writes a `system` column, so that its versions are made by the database: say `version_id_generator = \
                 false`",
            );
        }
        let validate = settings.expression("validate", "check_email");
        let comment = settings.text("comment", "\"..\"");
        let member = Member::of(field, ident, model, &mut settings);
        settings.finish();
        let name = name.unwrap_or_else(|| LitStr::new(&member.name(), ident.span()));
        let numbers = Numbers::of(field);
        Self {
            member,
            name,
            primary_key,
            autoincrement,
            sql_type,
            nullable,
            index,
            unique,
            foreign_key,
            on_delete,
            on_update,
            server_default,
            default,
            onupdate,
            server_onupdate,
            made,
            computed,
            system,
            version_id,
            validate,
            is_option,
            comment,
            numbers,
        }
    }

    /// Whether nobody but the database writes it.
    pub(crate) fn is_read_only(&self) -> bool {
        self.computed.is_some() || self.system
    }

    /// The type as `<T as Trait>`, with the place of the field's type, so that what the compiler says of it points there.
    pub(crate) fn as_trait(&self, of: &TokenStream) -> TokenStream {
        let of_type = &self.member.of_type;
        quote_spanned!(self.member.type_span()=> <#of_type as #of>)
    }
}

impl Numbers {
    fn of(field: &Field) -> Self {
        if option_argument(&field.ty).is_some() {
            Self::Other
        } else if is_named(&field.ty, &INTEGERS) {
            Self::Integer
        } else if is_named(&field.ty, &["String", "Vec", "bool", "f32", "f64", "Uuid", "Decimal"]) {
            Self::Other
        } else {
            Self::Unknown
        }
    }
}

/// Whether the field holds whole numbers, as far as its spelling tells.
fn may_hold_numbers(field: &Field) -> Option<bool> {
    let of_type = option_argument(&field.ty).unwrap_or(&field.ty);
    if is_named(of_type, &INTEGERS) {
        Some(true)
    } else if is_named(of_type, &["String", "Vec", "bool", "f32", "f64", "Uuid", "Decimal"]) {
        Some(false)
    } else {
        None
    }
}

fn version_id(settings: &mut Settings<'_>) -> Option<VersionId> {
    let marked = settings.flag("version_id");
    let generator = settings.expression("version_id_generator", "now");
    match generator {
        Some(generator) if !marked => {
            settings.problem(&generator, "`version_id_generator` needs `version_id` with it");
            None
        }
        Some(Expr::Lit(ExprLit { lit: Lit::Bool(LitBool { value: false, .. }), .. })) => {
            Some(VersionId::Server)
        }
        Some(Expr::Lit(ExprLit { lit: Lit::Bool(word), .. })) => {
            settings.problem(
                &word,
                "`version_id_generator` is a function, or `false` where the database or the program makes the versions",
            );
            None
        }
        Some(generator) => Some(VersionId::Generator(generator)),
        None => marked.then_some(VersionId::Counter),
    }
}

fn sql_type(field: &Field, settings: &mut Settings<'_>) -> Option<SqlType> {
    let length = settings.number::<u32>("length", "120");
    let precision = settings.number::<u16>("precision", "10");
    let scale = settings.number::<u16>("scale", "2");
    let expression = settings.expression("sql_type", "Varchar(120)");
    let given = [length.is_some(), precision.is_some(), expression.is_some()]
        .into_iter()
        .filter(|given| *given)
        .count();
    if given > 1 {
        settings.problem(
            &field.ident,
            "`length`, `precision` and `sql_type` each choose the SQL type; give one of them",
        );
    }
    if scale.is_some() && precision.is_none() {
        settings.problem(&scale, "`scale` needs `precision` with it, such as `precision = 10, scale = 2`");
    }
    if length.is_some() && (is_named(&field.ty, &INTEGERS) || is_named(&field.ty, &["bool", "f32", "f64"])) {
        settings.problem(
            &length,
            format_args!("`length` belongs to a text, but the field is `{}`", shown(&field.ty)),
        );
    }
    expression
        .map(|expression| SqlType::Expression(Box::new(expression)))
        .or_else(|| precision.map(|precision| SqlType::Numeric(precision, scale)))
        .or_else(|| length.map(SqlType::Varchar))
}

/// The variant of `ReferentialAction` that the text names.
fn action(name: &'static str, has_key: bool, settings: &mut Settings<'_>) -> Option<Ident> {
    let text = settings.text(name, "\"cascade\"")?;
    if !has_key {
        settings.problem(
            &text,
            format_args!("`{name}` needs `foreign_key` with it, such as `foreign_key = Author::id`"),
        );
    }
    let word = text.value().to_lowercase().replace(['_', '-'], " ");
    let found = ACTIONS.iter().find(|(known, _)| *known == word);
    if found.is_none() {
        let known: Vec<&str> = ACTIONS.iter().map(|(known, _)| *known).collect();
        settings.problem(
            &text,
            format_args!("`{name}` cannot be \"{}\"; it is one of {}", text.value(), known.join(", ")),
        );
    }
    found.map(|(_, variant)| Ident::new(variant, text.span()))
}

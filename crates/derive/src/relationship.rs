//! [`Relationship`]: a field that leads to other models, and its `#[relationship(..)]`.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Field, LitStr, Type};

use crate::{
    member::{Member, owner},
    problems::Problems,
    settings::{Reference, Settings},
    spelling::{last_segment, option_argument, plain, shown, snake_case, without_self},
};

/// A field that leads to other models.
pub(crate) struct Relationship {
    pub(crate) member: Member,
    /// The model it leads to.
    pub(crate) target: TokenStream,
    pub(crate) many: bool,
    pub(crate) back_populates: Option<Reference>,
    pub(crate) secondary: Option<TokenStream>,
    pub(crate) cascade: Option<Cascade>,
    pub(crate) foreign_key: Option<Reference>,
    /// The target's field, and whether from the largest down.
    pub(crate) order_by: Option<(Reference, bool)>,
    pub(crate) passive_deletes: bool,
    pub(crate) passive_updates: bool,
    pub(crate) post_update: bool,
    /// The variant of `Lazy`.
    pub(crate) lazy: Option<Ident>,
}

/// What follows along a relationship, each as in `aludel_orm_session::Cascade`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cascade {
    pub(crate) save_update: bool,
    pub(crate) merge: bool,
    pub(crate) refresh_expire: bool,
    pub(crate) expunge: bool,
    pub(crate) delete: bool,
    pub(crate) delete_orphan: bool,
}

const CASCADES: &str = "save-update, merge, refresh-expire, expunge, delete, delete-orphan, all, none";
const LAZY: [(&str, &str); 4] =
    [("select", "Select"), ("joined", "Joined"), ("selectin", "Selectin"), ("raise", "Raise")];

/// Whether the type leads to many models, or to one, and to which; none: it is a column's.
pub(crate) fn link(of: &Type) -> Option<(bool, &Type)> {
    let (name, target) = last_segment(of)?;
    let many = name == "Many";
    let target = target.filter(|_| many || name == "One")?;
    Some((many, option_argument(target).unwrap_or(target)))
}

/// Whether the field was meant to be a relationship, which its type does not show.
pub(crate) fn is_marked(field: &Field) -> bool {
    field.attrs.iter().any(|attribute| attribute.path().is_ident("relationship"))
}

/// Reports a field that was meant to be a relationship.
pub(crate) fn report_unlinked(field: &Field, ident: &Ident, model: &Ident, problems: &mut Problems) {
    let of = shown(&field.ty);
    let target = last_segment(&field.ty).map(|(name, inner)| inner.map_or_else(|| name.to_string(), shown));
    let target = target.unwrap_or_else(|| "Model".to_owned());
    let message = format!(
        "{}: a relationship cannot have the type `{of}`; write `Many<{target}>` for a list, or `One<{target}>`",
        owner(model, ident)
    );
    problems.add(&field.ty, message);
}

impl Relationship {
    /// Takes a field that leads to other models.
    pub(crate) fn of(
        field: &Field,
        ident: &Ident,
        model: &Ident,
        (many, target): (bool, &Type),
        problems: &mut Problems,
    ) -> Self {
        let owner = owner(model, ident);
        if let Some(misplaced) = field.attrs.iter().find(|attribute| attribute.path().is_ident("column")) {
            problems.add(
                misplaced,
                format_args!(
                    "{owner}: `{}` is a relationship; write `#[relationship(..)]`",
                    shown(&field.ty)
                ),
            );
        }
        let mut settings = Settings::of(&field.attrs, "relationship", owner, problems);
        let shown_target = shown(without_self(target, model));
        report_backref(&mut settings, ident, model, many, &shown_target);
        let back = format!("{shown_target}::{}", snake_case(&plain(model)));
        let back_populates = settings.reference("back_populates", &back, model);
        let secondary = settings.path("secondary", "BookTag").map(|path| without_self(path, model));
        let cascade =
            settings.text("cascade", "\"all, delete-orphan\"").map(|text| Cascade::of(&text, &mut settings));
        let foreign_key = settings.reference("foreign_key", "Book::author_id", model);
        let order_by = settings
            .expression("order_by", "Book::title")
            .and_then(|value| order_by(&value, model, &mut settings));
        let lazy = settings.text("lazy", "\"selectin\"").and_then(|text| lazy(&text, &mut settings));
        let passive_deletes = settings.flag("passive_deletes");
        let passive_updates = settings.boolean("passive_updates").unwrap_or(true);
        let post_update = settings.flag("post_update");
        let member = Member::of(field, ident, model, &mut settings);
        settings.finish();
        let target = without_self(target, model);
        Self {
            member,
            target,
            many,
            back_populates,
            secondary,
            cascade,
            foreign_key,
            order_by,
            passive_deletes,
            passive_updates,
            post_update,
            lazy,
        }
    }
}

fn report_backref(settings: &mut Settings<'_>, ident: &Ident, model: &Ident, many: bool, target: &str) {
    let Some((place, name)) = settings.refused("backref") else { return };
    let name = name.unwrap_or_else(|| snake_case(&plain(model)));
    let (model, field) = (plain(model), plain(ident));
    let back = if many { "One" } else { "Many" };
    settings.problem(
        place,
        format_args!(
            "`backref` does not exist, since a derive cannot add a field to `{target}`; write `back_populates = {target}::{name}` \
             here, and in `{target}`: `#[relationship(back_populates = {model}::{field})] {name}: {back}<{model}>`"
        ),
    );
}

impl Cascade {
    fn of(text: &LitStr, settings: &mut Settings<'_>) -> Self {
        let mut cascade = Self::default();
        let value = text.value();
        for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "save-update" => cascade.save_update = true,
                "merge" => cascade.merge = true,
                "refresh-expire" => cascade.refresh_expire = true,
                "expunge" => cascade.expunge = true,
                "delete" => cascade.delete = true,
                "delete-orphan" => cascade.delete_orphan = true,
                "all" => {
                    let delete_orphan = cascade.delete_orphan;
                    cascade = Self {
                        save_update: true,
                        merge: true,
                        refresh_expire: true,
                        expunge: true,
                        delete: true,
                        delete_orphan,
                    };
                }
                "none" => {}
                unknown => settings.problem(
                    text,
                    format_args!("unknown cascade word `{unknown}`; the words are {CASCADES}"),
                ),
            }
        }
        if cascade.delete_orphan && !cascade.delete {
            settings.problem(text, "`delete-orphan` needs `delete` with it: write \"all, delete-orphan\" or \"delete, delete-orphan\"");
        }
        cascade
    }
}

fn order_by(value: &Expr, model: &Ident, settings: &mut Settings<'_>) -> Option<(Reference, bool)> {
    let (field, descending) = match value {
        Expr::MethodCall(call) if call.method == "desc" && call.args.is_empty() => (&*call.receiver, true),
        Expr::MethodCall(call) if call.method == "asc" && call.args.is_empty() => (&*call.receiver, false),
        field => (field, false),
    };
    settings.as_reference("order_by", field, "Book::title", model).map(|field| (field, descending))
}

fn lazy(text: &LitStr, settings: &mut Settings<'_>) -> Option<Ident> {
    let found = LAZY.iter().find(|(known, _)| *known == text.value());
    if found.is_none() {
        let known: Vec<&str> = LAZY.iter().map(|(known, _)| *known).collect();
        settings.problem(
            text,
            format_args!("`lazy` cannot be \"{}\"; it is one of {}", text.value(), known.join(", ")),
        );
    }
    found.map(|(_, variant)| Ident::new(variant, text.span()))
}

//! What the compiler checks between two models: the types of foreign keys, both sides of `back_populates`, and
//! what a collection is ordered by.
//!
//! Each check is a small trait of its own, because only so can the compiler's message name the field.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::quiet;
use crate::{
    column::Column,
    member::{Member, owner},
    model::Model,
    relationship::Relationship,
    settings::Reference,
    spelling::{placed, plain, shown},
};

pub(super) fn expand(model: &Model) -> TokenStream {
    let keys = model
        .columns
        .iter()
        .filter_map(|column| Some(foreign_key(model, column, column.foreign_key.as_ref()?)));
    let pairs = model.relationships.iter().filter_map(|relationship| {
        Some(back_populates(model, relationship, relationship.back_populates.as_ref()?))
    });
    let orders = model
        .relationships
        .iter()
        .filter_map(|relationship| Some(order_by(model, relationship, &relationship.order_by.as_ref()?.0)));
    keys.chain(pairs).chain(orders).collect()
}

fn foreign_key(model: &Model, column: &Column, referenced: &Reference) -> TokenStream {
    let (ident, constant) = (&model.ident, &column.member.constant);
    let (field, referenced_name) = (owner(ident, &column.member.field), shown(referenced));
    let message = format!("the foreign key {field} is `{{Self}}`, but `{referenced_name}` is `{{B}}`");
    let label = format!("`{referenced_name}` is `{{B}}`; the key can be that, or an `Option` of it");
    let check = Check::new("References", &column.member, model);
    let (check_trait, quiet) = (&check.name, quiet());
    let key = placed(quote!(__key), column.member.type_span());
    quote! {
        #quiet
        const _: () = {
            #[diagnostic::on_unimplemented(message = #message, label = #label)]
            trait #check_trait<B> {}
            #[diagnostic::do_not_recommend]
            impl<T> #check_trait<T> for T {}
            #[diagnostic::do_not_recommend]
            impl<T> #check_trait<T> for ::core::option::Option<T> {}
            const fn __check<B>(_: *const B, _: *const dyn #check_trait<B>) {}
            let (__referenced, __key) = (#referenced.value_type(), #ident::#constant.value_type());
            __check(__referenced, #key)
        };
    }
}

fn back_populates(model: &Model, relationship: &Relationship, back: &Reference) -> TokenStream {
    let target = &relationship.target;
    let (field, name) = (owner(&model.ident, &relationship.member.field), model.name());
    let own = plain(&relationship.member.constant);
    let (target_name, back_name) = (shown(target), shown(back));
    let is_owner = Check::new("IsBackFrom", &relationship.member, model).of(
        &quote!(#target),
        &format!("{field} leads to `{target_name}`, but its `back_populates` names `{back_name}`, a relationship of `{{Self}}`"),
        &format!("not a relationship of `{target_name}`"),
    );
    let is_target = Check::new("LeadsBackTo", &relationship.member, model).of(
        &model.ident,
        &format!("the `back_populates` of {field} must lead back to `{name}`, but `{back_name}` leads to `{{Self}}`"),
        &format!("does not lead to `{name}`"),
    );
    let (owner_trait, target_trait) = (&is_owner.name, &is_target.name);
    let span = back.member.span();
    let (owner_value, target_value) = (placed(quote!(__owner), span), placed(quote!(__target), span));
    let unnamed = format!("{field} and `{back_name}` must name each other in `back_populates`");
    let panic = placed(quote!(::core::panic!(#unnamed)), span);
    let quiet = quiet();
    quote! {
        #quiet
        const _: () = {
            #is_owner
            #is_target
            let (__owner, __target) = (#back.model_type(), #back.target_type());
            let _: *const dyn #owner_trait = #owner_value;
            let _: *const dyn #target_trait = #target_value;
            if !#back.is_back_of(#own) {
                #panic
            }
        };
    }
}

fn order_by(model: &Model, relationship: &Relationship, order: &Reference) -> TokenStream {
    let target = &relationship.target;
    let field = owner(&model.ident, &relationship.member.field);
    let (target_name, order_name) = (shown(target), shown(order));
    let is_owner = Check::new("Orders", &relationship.member, model).of(
        &quote!(#target),
        &format!("{field} leads to `{target_name}`, but its `order_by` names `{order_name}`, a column of `{{Self}}`"),
        &format!("not a column of `{target_name}`"),
    );
    let owner_trait = &is_owner.name;
    let owner_value = placed(quote!(__owner), order.member.span());
    let quiet = quiet();
    quote! {
        #quiet
        const _: () = {
            #is_owner
            let __owner = #order.model_type();
            let _: *const dyn #owner_trait = #owner_value;
        };
    }
}

/// A trait of its own for one check of one field, implemented for the types that are right.
///
/// A type is checked by turning a null pointer to it into a pointer to the trait's object: the compiler then says what
/// the trait's message says, and little more. A bound of a function would show the function, too.
struct Check {
    name: Ident,
    definition: TokenStream,
}

impl Check {
    /// The name shows in messages. It is different for each field, lest the compiler speak of similar names.
    fn new(role: &str, member: &Member, model: &Model) -> Self {
        let name = format_ident!("__{}_{}_{}", role, model.name(), member.name());
        Self { name, definition: TokenStream::new() }
    }

    /// Implements it for one type.
    fn of(mut self, right: &impl ToTokens, message: &str, label: &str) -> Self {
        let name = &self.name;
        self.definition = quote! {
            #[diagnostic::on_unimplemented(message = #message, label = #label)]
            trait #name {}
            #[diagnostic::do_not_recommend]
            impl #name for #right {}
        };
        self
    }
}

impl ToTokens for Check {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.definition.to_tokens(tokens);
    }
}

//! How a request spells its ids: the body of `contracts_core::WriteRpc::spell_ids`.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{OURS, rust_path, snake_case};

/// The statements that spell the ids of a message, and of the messages in it, canonically. `owner` is
/// the expression of the message.
pub fn spelling(message: &MessageDescriptor, owner: &str) -> String {
    let of_field = |field: FieldDescriptor| match field.kind() {
        Kind::String if is_id(field.name()) => reach(&field, owner, "wire::canonical_id(it);"),
        Kind::Message(inner) if inner.full_name().starts_with(OURS) => {
            let statements = spelling(&inner, "it");
            let has_ids = !statements.is_empty();
            let reached = has_ids.then(|| reach(&field, owner, &statements));
            reached.unwrap_or_default()
        }
        _ => String::new(),
    };
    message.fields().map(of_field).collect()
}

fn is_id(name: &str) -> bool {
    name.ends_with("_id") || name.ends_with("_ids")
}

/// Carries statements about `it` out for each value of a field.
fn reach(field: &FieldDescriptor, owner: &str, statements: &str) -> String {
    let name = field.name();
    let real_oneof = field.containing_oneof().filter(|it| !it.is_synthetic());
    if let Some(oneof) = real_oneof {
        let message = rust_path(field.parent_message().full_name());
        let (module, message) = message.rsplit_once("::").unwrap_or(("crate", &message));
        let (kind, variant) = (camel_case(oneof.name()), camel_case(name));
        let variant = format!("{module}::{}::{kind}::{variant}", snake_case(message));
        let oneof = oneof.name();
        format!("if let Some({variant}(it)) = &mut {owner}.{oneof} {{ {statements} }} ")
    } else if field.is_list() {
        format!("for it in &mut {owner}.{name} {{ {statements} }} ")
    } else if field.supports_presence() {
        format!("if let Some(it) = &mut {owner}.{name} {{ {statements} }} ")
    } else {
        format!("{{ let it = &mut {owner}.{name}; {statements} }} ")
    }
}

/// `new_guardian` is `NewGuardian`.
fn camel_case(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

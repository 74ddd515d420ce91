//! The access rule of every RPC, read from the option `(divinetime.common.v1.access)`.

use std::error::Error;
use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, MethodDescriptor, Value};

use super::OURS;

const ACCESS: &str = "divinetime.common.v1.access";

/// The source of a slice of rules, sorted by path.
pub fn rules(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let access = pool
        .get_extension_by_name(ACCESS)
        .ok_or("proto/divinetime/common/v1/access.proto does not define the access option")?;
    let mut rules = Vec::new();
    for service in pool
        .services()
        .filter(|service| service.full_name().starts_with(OURS))
    {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let rule = access_rule(&method, &access).map_err(|problem| {
                format!("{}: the RPC {path} {problem}", service.parent_file().name())
            })?;
            rules.push((path, rule));
        }
    }
    rules.sort();

    let mut source = String::from("&[\n");
    for (path, rule) in rules {
        writeln!(source, "    ({path:?}, {rule}),")?;
    }
    source.push(']');
    Ok(source)
}

fn access_rule(
    method: &MethodDescriptor,
    access: &prost_reflect::ExtensionDescriptor,
) -> Result<String, String> {
    let options = method.options();
    if !options.has_extension(access) {
        return Err(format!(
            "has no access rule: give it `option ({ACCESS}) = {{...}};`"
        ));
    }
    let value = options.get_extension(access);
    let message = value
        .as_message()
        .ok_or("has an access option that is not a message")?;
    let public = message
        .get_field_by_name("public")
        .is_some_and(|value| value.as_bool() == Some(true));
    let roles = message
        .get_field_by_name("roles")
        .and_then(|value| value.as_list().map(<[Value]>::to_vec))
        .unwrap_or_default()
        .iter()
        .map(|role| role_variant(role, access))
        .collect::<Result<Vec<_>, _>>()?;
    if !public && roles.is_empty() {
        return Err("has an access rule that lets nobody in: name roles or make it public".into());
    }
    Ok(format!(
        "AccessRule {{ public: {public}, roles: &[{}] }}",
        roles.join(", ")
    ))
}

/// `ROLE_ADMIN` becomes `Role::Admin`.
fn role_variant(
    role: &Value,
    access: &prost_reflect::ExtensionDescriptor,
) -> Result<String, String> {
    let roles = access
        .parent_pool()
        .get_enum_by_name("divinetime.common.v1.Role")
        .ok_or("needs the enum divinetime.common.v1.Role")?;
    let number = role.as_enum_number().unwrap_or_default();
    let name = roles
        .get_value(number)
        .filter(|_| number != 0)
        .ok_or_else(|| format!("names the role {number}, which no token carries"))?;
    let variant = name.name().trim_start_matches("ROLE_").to_lowercase();
    Ok(format!(
        "Role::{}{}",
        variant[..1].to_uppercase(),
        &variant[1..]
    ))
}

//! Generates everything in this crate from `proto/divinetime/**/*.proto`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, MethodDescriptor, Value};

const ACCESS: &str = "divinetime.common.v1.access";

fn main() -> Result<(), Box<dyn Error>> {
    let protos = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", protos.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new([&protos])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(proto_files(&protos.join("divinetime"))?)?;

    // Encoded by the compiler itself: prost's own descriptor types drop our options.
    let descriptors = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptor_set.bin"), &descriptors)?;
    fs::write(
        out.join("access_rules.rs"),
        access_rules(&compiler.descriptor_pool())?,
    )?;

    tonic_prost_build::configure()
        .build_transport(false)
        .include_file("contracts.rs")
        .emit_rerun_if_changed(false)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn proto_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(proto_files(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The source of `RULES`, sorted by path.
fn access_rules(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let access = pool
        .get_extension_by_name(ACCESS)
        .ok_or("proto/divinetime/common/v1/access.proto does not define the access option")?;
    let mut rules = Vec::new();
    for service in pool
        .services()
        .filter(|service| service.full_name().starts_with("divinetime."))
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

    let mut source = String::from(
        "/// The rule of every RPC by its path \"/package.Service/Method\", sorted by path.\n\
         pub const RULES: &[(&str, AccessRule)] = &[\n",
    );
    for (path, rule) in rules {
        writeln!(source, "    ({path:?}, {rule}),")?;
    }
    source.push_str("];\n");
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

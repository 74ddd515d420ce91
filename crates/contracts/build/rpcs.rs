//! What each request and response knows of its RPC: `contracts_core::{Rpc, WriteRpc, ReadRpc,
//! ListRpc, Positioned}`.

use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, Kind, MessageDescriptor, MethodDescriptor};

use super::{OURS, ids, is_of_the_core, rust_path, service_of};

const POSITION: &str = "divinetime.common.v1.LogPosition";

/// The implementations for every RPC that is not of the core.
pub fn implementations(pool: &DescriptorPool) -> String {
    let mut source = String::new();
    for service in pool
        .services()
        .filter(|it| it.full_name().starts_with(OURS))
    {
        let file = service.parent_file();
        if !is_of_the_core(service.package_name(), file.name()) {
            for method in service.methods() {
                source.push_str(&implementation(service.full_name(), &method));
            }
        }
    }
    source
}

fn implementation(service: &str, method: &MethodDescriptor) -> String {
    let (input, output) = (method.input(), method.output());
    let (request, answer) = (rust_path(input.full_name()), rust_path(output.full_name()));
    let mut source = String::new();
    let name = service_of(method.parent_service().package_name());
    let path = format!("/{service}/{}", method.name());
    // Writing into a String cannot fail.
    let _ = writeln!(
        source,
        "impl Rpc for {request} {{ const SERVICE: &'static str = {name:?}; \
         const PATH: &'static str = {path:?}; type Answer = {answer}; }}"
    );
    let is_positioned = has(&output, "position", false);
    if is_positioned {
        let _ = writeln!(
            source,
            "impl Positioned for {answer} {{ fn set_position(&mut self, position: LogPosition) \
             {{ self.position = Some(position); }} }}"
        );
    }
    if is_positioned && input.get_field_by_name("request_id").is_some() {
        let _ = writeln!(
            source,
            "impl WriteRpc for {request} {{ fn request_id(&self) -> &str {{ &self.request_id }} \
             fn spell_ids(&mut self) {{ {} }} }}",
            ids::spelling(&input, "self")
        );
    }
    for (field, repeated, slice, index, path) in [
        (
            "min_position",
            false,
            "self.min_position.as_slice()",
            "_",
            "\"min_position\".to_owned()",
        ),
        (
            "min_positions",
            true,
            "&self.min_positions",
            "index",
            "format!(\"min_positions[{index}]\")",
        ),
    ] {
        if has(&input, field, repeated) {
            let _ = writeln!(
                source,
                "impl ReadRpc for {request} {{ fn min_positions(&self) -> &[LogPosition] \
                 {{ {slice} }} fn min_position_path({index}: usize) -> String {{ {path} }} }}"
            );
        }
    }
    if input.get_field_by_name("page_token").is_some() {
        let positions = [
            ("min_position", "list.min_position = None;"),
            ("min_positions", "list.min_positions.clear();"),
        ];
        let forgets = positions
            .into_iter()
            .find(|(name, _)| input.get_field_by_name(name).is_some())
            .map_or("", |(_, forgets)| forgets);
        let _ = writeln!(
            source,
            "impl ListRpc for {request} {{ fn page_size(&self) -> i32 {{ self.page_size }} \
             fn page_token(&self) -> &str {{ &self.page_token }} \
             fn without_page(&self) -> Self {{ let mut list = self.clone(); list.page_size = 0; \
             list.page_token.clear(); {forgets} list }} }}"
        );
    }
    source
}

/// Whether the message has log positions of that name.
fn has(message: &MessageDescriptor, name: &str, repeated: bool) -> bool {
    message.get_field_by_name(name).is_some_and(|field| {
        let is_position =
            matches!(field.kind(), Kind::Message(message) if message.full_name() == POSITION);
        is_position && field.is_list() == repeated
    })
}

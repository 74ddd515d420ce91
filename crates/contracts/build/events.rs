//! What each public event knows of itself: `contracts_core::{EventsMessage, EventKind}`.

use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

use super::{OURS, rust_path, service_of, snake_case};

/// The implementations for every `divinetime.<service>.events.v1.<Service>Event`.
pub fn implementations(pool: &DescriptorPool) -> Result<String, String> {
    let messages = pool.all_messages().filter(|message| {
        let package = message.package_name();
        package.starts_with(OURS)
            && package.ends_with(".events.v1")
            && message.oneofs().any(|oneof| oneof.name() == "event")
    });
    messages.map(|message| implementation(&message)).collect()
}

fn implementation(message: &MessageDescriptor) -> Result<String, String> {
    let path = rust_path(message.full_name());
    let (module, name) = path
        .rsplit_once("::")
        .ok_or("a message without a package")?;
    let event = format!("{module}::{}::Event", snake_case(name));
    let service = service_of(message.package_name());
    let mut names = String::new();
    for field in message.fields() {
        let Kind::Message(kind) = field.kind() else {
            return Err(format!("{}: an event is a message", field.full_name()));
        };
        // The variant is named by prost as the field, and the field must be named as the message.
        if field.name() != snake_case(kind.name()) {
            return Err(format!(
                "{}: must be named {}, as its message",
                field.full_name(),
                snake_case(kind.name())
            ));
        }
        let _ = write!(names, "Self::{}(_) => {:?}, ", kind.name(), kind.name());
    }
    Ok(format!(
        "impl From<{event}> for {path} {{ fn from(event: {event}) -> Self {{ Self {{ event: Some(event) }} }} }}\n\
         impl EventsMessage for {path} {{ const SERVICE: &'static str = {service:?}; type Event = {event}; \
         fn into_event(self) -> Option<{event}> {{ self.event }} }}\n\
         impl EventKind for {event} {{ type Message = {path}; \
         fn name(&self) -> &'static str {{ match self {{ {names} }} }} }}\n"
    ))
}

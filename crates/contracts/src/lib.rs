#![doc = include_str!("../README.md")]

pub use contracts_core::{
    AccessRule, Contract, EventKind, EventsMessage, ListRpc, Positioned, ReadRpc, Rpc, WriteRpc,
    access, common, google, log, wire,
};
pub use generated::divinetime::*;

use common::v1::{LogPosition, Role};
/// The generator of messages cannot write the name of the module itself.
use google::r#type as google_type;

#[expect(
    clippy::pedantic,
    clippy::all,
    rustdoc::all,
    reason = "generated code and comments written for protobuf"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/contracts.rs"));
}

include!(concat!(env!("OUT_DIR"), "/traits.rs"));

/// The whole contract: the access rule of every RPC, and every proto file.
pub static CONTRACT: Contract = Contract {
    rules: include!(concat!(env!("OUT_DIR"), "/access_rules.rs")),
    descriptors: include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin")),
};

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

    use super::*;

    fn rule(path: &str) -> Option<&'static AccessRule> {
        CONTRACT.find(path).map(|(_, rule)| rule)
    }

    #[test]
    fn the_rule_of_every_rpc_is_found_by_its_path() {
        assert!(
            CONTRACT
                .rules
                .iter()
                .all(|(path, expected)| rule(path) == Some(expected))
        );
        assert_eq!(rule("/divinetime.log.v1.EventLogService/Delete"), None);
    }

    #[test]
    fn the_event_log_is_for_services_and_admins() {
        let read = rule("/divinetime.log.v1.EventLogService/Read").expect("a rule");
        assert!(read.admits(Role::Service) && read.admits(Role::Admin));
        assert!(!read.admits(Role::Parent) && !read.admits(Role::Trainer));
    }

    #[test]
    fn clients_find_what_refusals_are_made_of() {
        let files = FileDescriptorSet::decode(CONTRACT.descriptors).unwrap();
        let names: Vec<_> = files
            .file
            .iter()
            .flat_map(|file| {
                let messages = file.message_type.iter().map(DescriptorProto::name);
                let enums = file.enum_type.iter().map(EnumDescriptorProto::name);
                messages
                    .chain(enums)
                    .map(|name| format!("{}.{name}", file.package()))
            })
            .collect();
        for name in [
            "google.rpc.Status",
            "google.rpc.Code",
            "google.rpc.ErrorInfo",
            "google.rpc.BadRequest",
            "google.rpc.RetryInfo",
            "google.protobuf.Any",
            "google.protobuf.Duration",
            "divinetime.common.v1.ErrorReason",
        ] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn a_request_knows_its_rpc_and_an_event_its_name() {
        use scheduling::events::v1::{SessionPaid, scheduling_event::Event};
        use scheduling::v1::CancelSessionRequest;

        assert_eq!(CancelSessionRequest::SERVICE, "scheduling");
        assert!(rule(CancelSessionRequest::PATH).is_some());
        let paid = Event::SessionPaid(SessionPaid::default());
        assert_eq!(paid.name(), "SessionPaid");
        assert_eq!(
            scheduling::events::v1::SchedulingEvent::from(paid.clone()).into_event(),
            Some(paid)
        );
    }
}

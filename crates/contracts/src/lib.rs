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

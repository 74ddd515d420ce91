//! Who may call which RPC.

use crate::common::v1::Role;

include!(concat!(env!("OUT_DIR"), "/access_rules.rs"));

/// The access rule of one RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessRule {
    /// Callable without a token.
    pub public: bool,
    /// Roles that may call; looked at unless the RPC is public.
    pub roles: &'static [Role],
}

impl AccessRule {
    /// Whether a token with this role may call.
    pub fn admits(&self, role: Role) -> bool {
        self.public || self.roles.contains(&role)
    }
}

/// The rule of an RPC, given its path "/package.Service/Method"; `None` for an RPC that is
/// not ours.
pub fn rule(path: &str) -> Option<&'static AccessRule> {
    find(path).map(|(_, rule)| rule)
}

/// The same together with the path as it lives as long as the program.
pub fn find(path: &str) -> Option<(&'static str, &'static AccessRule)> {
    let found = RULES.binary_search_by_key(&path, |(known, _)| known).ok()?;
    let (path, rule) = &RULES[found];
    Some((path, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_of_every_rpc_is_found_by_its_path() {
        assert!(
            RULES
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
}

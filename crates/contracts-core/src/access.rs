//! Who may call which RPC.

use crate::common::v1::Role;

/// What a process knows of all RPCs, whichever of them it serves. `crates/contracts` has the one
/// value of it, generated from the protos.
#[derive(Debug)]
pub struct Contract {
    /// The rule of every RPC by its path `/package.Service/Method`, sorted by path.
    pub rules: &'static [(&'static str, AccessRule)],
    /// Every proto file with its imports, comments and options: an encoded
    /// `google.protobuf.FileDescriptorSet`.
    pub descriptors: &'static [u8],
}

/// The access rule of one RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessRule {
    /// Whether the RPC can be called without a token.
    pub public: bool,
    /// The roles that may call; not looked at when the RPC is public.
    pub roles: &'static [Role],
}

impl Contract {
    /// The rule of an RPC and its path for the lifetime of the program; `None` for an RPC that is
    /// not ours.
    pub fn find(&self, path: &str) -> Option<(&'static str, &'static AccessRule)> {
        let found = self
            .rules
            .binary_search_by_key(&path, |(known, _)| known)
            .ok()?;
        let (path, rule) = &self.rules[found];
        Some((path, rule))
    }
}

impl AccessRule {
    /// Whether a token with this role may call.
    pub fn admits(&self, role: Role) -> bool {
        self.public || self.roles.contains(&role)
    }
}

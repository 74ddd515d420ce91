use contracts::{CONTRACT, common::v1::Role};
use e2e::people::User;

use super::{rows::Row, world::World};

/// The kinds of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Without a token.
    Anonymous,
    /// With a token of the owner that was valid once.
    Expired,
    /// Of a role that the RPC's rule does not name; a trainer where it names all.
    OtherRole,
    /// A parent with a child of their own.
    OtherGuardian,
    /// Who answered for the child before it was transferred to the owner.
    FormerGuardian,
    /// A trainer without a coming session of the child.
    OtherTrainer,
    /// The trainer of a coming session of the child.
    Coach,
    /// A service, by the deployment's service key.
    Service,
    Admin,
    /// Whose things the request is about.
    Owner,
}

impl Caller {
    /// All of them; those who are let in come last.
    pub const ALL: [Self; 10] = [
        Self::Anonymous,
        Self::Expired,
        Self::OtherRole,
        Self::OtherGuardian,
        Self::FormerGuardian,
        Self::OtherTrainer,
        Self::Coach,
        Self::Service,
        Self::Admin,
        Self::Owner,
    ];

    fn heading(self) -> &'static str {
        match self {
            Self::Anonymous => "nobody",
            Self::Expired => "expired",
            Self::OtherRole => "role",
            Self::OtherGuardian => "guardian",
            Self::FormerGuardian => "former",
            Self::OtherTrainer => "trainer",
            Self::Coach => "coach",
            Self::Service => "service",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// May learn nothing of the owner from any RPC that is not public.
    pub fn is_stranger(self) -> bool {
        matches!(
            self,
            Self::OtherGuardian | Self::FormerGuardian | Self::OtherTrainer
        )
    }

    /// In whose name it calls; `None` without a token.
    pub fn user(self, world: &World, row: &Row) -> Option<User> {
        let user = match self {
            Self::Anonymous => return None,
            Self::Expired => &world.expired,
            Self::OtherRole => match other_role(row.path) {
                Some(Role::Parent) => &world.other.user,
                Some(Role::Admin) => &world.admin,
                Some(Role::Service) => return Some(world.service()),
                _ => &world.other_trainer,
            },
            Self::OtherGuardian => &world.other.user,
            Self::FormerGuardian => &world.former,
            Self::OtherTrainer => &world.other_trainer,
            Self::Coach => &world.coach,
            Self::Service => return Some(world.service()),
            Self::Admin => &world.admin,
            Self::Owner => (row.owner)(world),
        };
        Some(user.clone())
    }
}

/// The first role that the rule of an RPC does not name.
pub fn other_role(path: &str) -> Option<Role> {
    let (_, rule) = CONTRACT.find(path)?;
    [Role::Trainer, Role::Parent, Role::Admin, Role::Service]
        .into_iter()
        .find(|role| !rule.admits(*role))
}

pub fn headings() -> String {
    let headings = Caller::ALL.map(|caller| format!("{:>9}", caller.heading()));
    headings.concat()
}

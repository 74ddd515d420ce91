//! The rows of the matrix, and the check that there is one for each RPC.

use contracts::{AccessRule, CONTRACT};
use e2e::people::User;

use super::{
    callers::{Caller, other_role},
    outcome::Outcome,
    world::World,
};

/// One RPC: what is sent, and what each caller is told.
#[derive(Clone, Copy)]
pub struct Row {
    /// "/package.Service/Method"
    pub path: &'static str,
    /// The services that serve it.
    pub services: &'static [&'static str],
    /// A request that is well-formed for the owner, encoded.
    pub message: fn(&World) -> Vec<u8>,
    /// Who owns what it is about: the parent, unless said otherwise.
    pub owner: fn(&World) -> &User,
    /// `None` for a public RPC, which lets everybody in.
    outcomes: Option<[Outcome; 7]>,
}

/// A row of an RPC that takes a token. The letters say what is told to: the owner, another
/// guardian, the former guardian, another trainer, the coach, an admin, a service. A: let in,
/// N: not found, R: role not allowed.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "byte strings are references, and rows are full of them"
)]
pub const fn guarded(
    services: &'static [&'static str],
    path: &'static str,
    letters: &[u8; 7],
    message: fn(&World) -> Vec<u8>,
) -> Row {
    let mut outcomes = [Outcome::Allowed; 7];
    let mut index = 0;
    while index < letters.len() {
        outcomes[index] = Outcome::from_letter(letters[index]);
        index += 1;
    }
    Row {
        outcomes: Some(outcomes),
        ..public(services, path, message)
    }
}

/// A row of an RPC that everybody may call, with any token or none.
pub const fn public(
    services: &'static [&'static str],
    path: &'static str,
    message: fn(&World) -> Vec<u8>,
) -> Row {
    Row {
        path,
        services,
        message,
        owner: |world| &world.owner.user,
        outcomes: None,
    }
}

impl Row {
    /// The same about something that belongs to somebody else than the parent.
    pub const fn owned_by(self, owner: fn(&World) -> &User) -> Self {
        Self { owner, ..self }
    }

    /// Who gets furthest with it.
    pub fn most_powerful(&self) -> Caller {
        let all = [Caller::Owner, Caller::Admin, Caller::Service, Caller::Coach];
        let let_in = |caller: &Caller| self.expected(*caller) == Outcome::Allowed;
        all.into_iter().find(let_in).unwrap_or(Caller::Owner)
    }

    pub fn is_public(&self) -> bool {
        self.outcomes.is_none()
    }

    /// What a caller is to be told.
    pub fn expected(&self, caller: Caller) -> Outcome {
        let Some([owner, guardian, former, trainer, coach, admin, service]) = self.outcomes else {
            return Outcome::Allowed;
        };
        match caller {
            Caller::Anonymous => Outcome::TokenMissing,
            Caller::Expired => Outcome::TokenExpired,
            Caller::OtherRole if other_role(self.path).is_some() => Outcome::RoleNotAllowed,
            Caller::OtherRole | Caller::OtherTrainer => trainer,
            Caller::OtherGuardian => guardian,
            Caller::FormerGuardian => former,
            Caller::Coach => coach,
            Caller::Service => service,
            Caller::Admin => admin,
            Caller::Owner => owner,
        }
    }

    /// Without the package's prefix.
    pub fn short_path(&self) -> &'static str {
        self.path.trim_start_matches("/divinetime.")
    }
}

/// Fails the build for an RPC without a row and for a row without an RPC.
pub const fn assert_complete(tables: &[&[Row]], rules: &[(&str, AccessRule)]) {
    let mut rule = 0;
    while rule < rules.len() {
        let path = rules[rule].0;
        // The compiler shows the path.
        assert!(count(tables, path) == 1, "{}", path);
        rule += 1;
    }
    let mut table = 0;
    let mut rows = 0;
    while table < tables.len() {
        rows += tables[table].len();
        table += 1;
    }
    assert!(
        rows == rules.len(),
        "a row of the access matrix names no RPC"
    );
}

const fn count(tables: &[&[Row]], path: &str) -> usize {
    let mut found = 0;
    let mut table = 0;
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            if same(tables[table][row].path.as_bytes(), path.as_bytes()) {
                found += 1;
            }
            row += 1;
        }
        table += 1;
    }
    found
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // Paths differ at their ends.
    let mut index = left.len();
    while index > 0 {
        index -= 1;
        if left[index] != right[index] {
            return false;
        }
    }
    true
}

#[test]
fn a_public_row_is_one_whose_rule_is_public() {
    for row in super::TABLES.iter().copied().flatten() {
        let rule = CONTRACT.find(row.path).expect("a rule").1;
        assert_eq!(row.is_public(), rule.public, "{}", row.path);
    }
}

#[test]
#[should_panic(expected = "/divinetime.log.v1.EventLogService/Head")]
fn an_rpc_without_a_row_is_named() {
    let head = CONTRACT
        .rules
        .iter()
        .find(|(path, _)| path.ends_with("/Head"));
    assert_complete(&[], &[*head.expect("a rule")]);
}

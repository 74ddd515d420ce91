//! What a caller was told.

use tonic::{Code, Status};

use e2e::people::reason;

use super::{callers::Caller, rows::Row, wire, world::World};

/// What the access layer and the ownership checks made of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered, or refused for a documented reason of the business.
    Allowed,
    /// Told that there is no such thing, because it is somebody else's.
    NotFound,
    /// The role may not call.
    RoleNotAllowed,
    /// A token is needed.
    TokenMissing,
    /// The token has expired.
    TokenExpired,
    /// Let in, and told of what belongs to the owner.
    Leaked,
    /// Anything else: malformed, not there, broken.
    Odd,
}

impl Outcome {
    pub const LEGEND: &str =
        "A let in, N not found, R role not allowed, M token missing, X token expired";

    pub fn letter(self) -> char {
        match self {
            Self::Allowed => 'A',
            Self::NotFound => 'N',
            Self::RoleNotAllowed => 'R',
            Self::TokenMissing => 'M',
            Self::TokenExpired => 'X',
            Self::Leaked => '!',
            Self::Odd => '?',
        }
    }

    /// The other way round, while the program is compiled.
    pub const fn from_letter(letter: u8) -> Self {
        match letter {
            b'A' => Self::Allowed,
            b'N' => Self::NotFound,
            b'R' => Self::RoleNotAllowed,
            _ => panic!("a row may say A, N and R"),
        }
    }

    fn of_refusal(status: &Status) -> Self {
        match (status.code(), reason(status).as_str()) {
            (Code::Unauthenticated, "TOKEN_MISSING") => Self::TokenMissing,
            (Code::Unauthenticated, "TOKEN_EXPIRED") => Self::TokenExpired,
            (Code::PermissionDenied, "ROLE_NOT_ALLOWED") => Self::RoleNotAllowed,
            (Code::NotFound, "NOT_FOUND") => Self::NotFound,
            // Not the caller's access token is refused, but what they offer as proof.
            (
                Code::Unauthenticated,
                "BAD_CREDENTIALS" | "REFRESH_TOKEN_INVALID" | "REFRESH_TOKEN_REUSED",
            ) => Self::Allowed,
            (Code::FailedPrecondition | Code::AlreadyExists | Code::ResourceExhausted, known)
                if !known.is_empty() =>
            {
                Self::Allowed
            }
            _ => Self::Odd,
        }
    }
}

/// What came of one call, with the words of it.
pub struct Found {
    pub outcome: Outcome,
    pub what: String,
}

/// Calls, and looks at what comes back.
pub async fn of(world: &World, row: &Row, service: &str, caller: Caller) -> Found {
    let user = caller.user(world, row);
    let channel = world.system.channel(service);
    match wire::call(channel, row.path, user, (row.message)(world)).await {
        Ok(answer) => {
            let told = world.told_of_the_owner(&answer);
            let leaked = told.filter(|_| caller.is_stranger() && !row.is_public());
            Found {
                outcome: leaked.map_or(Outcome::Allowed, |_| Outcome::Leaked),
                what: leaked.unwrap_or("answered").to_owned(),
            }
        }
        Err(status) => Found {
            outcome: Outcome::of_refusal(&status),
            what: format!(
                "{:?} {} {}",
                status.code(),
                reason(&status),
                status.message()
            ),
        },
    }
}

#[test]
fn what_is_not_a_documented_refusal_is_never_taken_for_being_let_in() {
    use contracts::common::v1::ErrorReason;
    let told = |code, reason| Outcome::of_refusal(&service::refused(code, reason, "no"));
    let cases = [
        (Code::FailedPrecondition, ErrorReason::SlotTaken, 'A'),
        (Code::NotFound, ErrorReason::NotFound, 'N'),
        (Code::PermissionDenied, ErrorReason::RoleNotAllowed, 'R'),
        (Code::Unauthenticated, ErrorReason::TokenMissing, 'M'),
        (Code::Unauthenticated, ErrorReason::TokenExpired, 'X'),
        (Code::Unauthenticated, ErrorReason::TokenInvalid, '?'),
        (Code::InvalidArgument, ErrorReason::InvalidFields, '?'),
        (Code::Internal, ErrorReason::Internal, '?'),
        (Code::Unavailable, ErrorReason::TemporarilyUnavailable, '?'),
    ];
    for (code, reason, letter) in cases {
        assert_eq!(told(code, reason).letter(), letter, "{reason:?}");
    }
    assert_eq!(
        Outcome::of_refusal(&Status::failed_precondition("")),
        Outcome::Odd
    );
    assert_eq!(
        Outcome::of_refusal(&Status::unimplemented("")),
        Outcome::Odd
    );
}

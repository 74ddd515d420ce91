//! Requests that consist of ids.

/// Makes a struct of ids for each message that consists of ids, and reads it from the message.
///
/// Every field of the message is named, so that a new one breaks the build. `write` stands for the
/// message of a command, whose `request_id` is checked too; `unrecorded` for one that the log says
/// nothing of, so that its `request_id` is for the sender alone; `read` for one with a
/// `min_position`, which whoever reads waits for.
///
/// ```
/// use contracts::scheduling::v1 as pb;
/// use values::{PaymentId, SessionId};
///
/// service::requests_of_ids! {
///     write SettleSession of pb::SettleSessionRequest { session_id: SessionId, payment_id: PaymentId }
///     read GetSession of pb::GetSessionRequest { session_id: SessionId }
/// }
///
/// let request = pb::GetSessionRequest { session_id: "7".to_owned(), min_position: None };
/// let refused = GetSession::try_from(&request).err().unwrap();
/// assert_eq!(refused.code(), tonic::Code::InvalidArgument);
/// ```
#[macro_export]
macro_rules! requests_of_ids {
    ($($kind:ident $name:ident of $message:path { $($field:ident: $id:ty),+ })+) => {
        $(
            pub struct $name {
                $(pub $field: $id,)+
            }

            impl TryFrom<&$message> for $name {
                type Error = ::tonic::Status;

                fn try_from(request: &$message) -> Result<Self, ::tonic::Status> {
                    let mut fields = $crate::requests_of_ids!(@fields $kind request);
                    $crate::requests_of_ids!(@parts $kind $message, request, $($field),+);
                    let ids = Self {
                        $($field: fields.id(stringify!($field), $field),)+
                    };
                    fields.finish()?;
                    Ok(ids)
                }
            }
        )+
    };
    (@fields write $request:ident) => { $crate::Fields::of($request) };
    (@fields unrecorded $request:ident) => { $crate::Fields::unrecorded(&$request.request_id).0 };
    (@fields read $request:ident) => { $crate::Fields::new() };
    (@parts write $message:path, $request:ident, $($field:ident),+) => {
        let $message { request_id: _, $($field),+ } = $request;
    };
    (@parts unrecorded $message:path, $request:ident, $($field:ident),+) => {
        let $message { request_id: _, $($field),+ } = $request;
    };
    (@parts read $message:path, $request:ident, $($field:ident),+) => {
        let $message { min_position: _, $($field),+ } = $request;
    };
}

#[cfg(test)]
mod tests {
    use contracts::identity::v1 as pb;
    use tonic::Code;
    use tonic_types::StatusExt as _;
    use uuid::Uuid;
    use values::{ChildId, UserId};

    requests_of_ids! {
        write DeactivateUser of pb::DeactivateUserRequest { user_id: UserId }
        unrecorded DestroyChildKeys of pb::DestroyChildKeysRequest { child_id: ChildId }
    }

    fn fields_of(refused: &tonic::Status) -> Vec<String> {
        assert_eq!(refused.code(), Code::InvalidArgument);
        let details = refused.get_details_bad_request().unwrap();
        let fields = details.field_violations.into_iter();
        fields.map(|violation| violation.field).collect()
    }

    #[test]
    fn a_command_needs_a_request_id_whether_it_is_recorded_or_not() {
        let request = pb::DeactivateUserRequest::default();
        let refused = DeactivateUser::try_from(&request).err().unwrap();
        assert_eq!(fields_of(&refused), ["request_id", "user_id"]);
        let request = pb::DestroyChildKeysRequest::default();
        let refused = DestroyChildKeys::try_from(&request).err().unwrap();
        assert_eq!(fields_of(&refused), ["request_id", "child_id"]);
    }

    #[test]
    fn the_ids_are_those_of_the_message() {
        let request = pb::DestroyChildKeysRequest {
            request_id: Uuid::from_u128(1).to_string(),
            child_id: Uuid::from_u128(2).to_string(),
        };
        let DestroyChildKeys { child_id } = DestroyChildKeys::try_from(&request).unwrap();
        assert_eq!(child_id, Uuid::from_u128(2).into());
        let request = pb::DeactivateUserRequest {
            request_id: Uuid::from_u128(1).to_string(),
            user_id: Uuid::from_u128(3).to_string(),
        };
        let DeactivateUser { user_id } = DeactivateUser::try_from(&request).unwrap();
        assert_eq!(user_id, Uuid::from_u128(3).into());
    }
}

//! Requests that consist of ids.

/// Makes a struct of ids for each message that consists of ids, and reads it from the message.
///
/// Every field of the message is named, so that a new one breaks the build. `write` stands for the
/// message of a command, whose `request_id` is checked too; `read` for one with a `min_position`,
/// which whoever reads waits for.
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
    (@fields read $request:ident) => { $crate::Fields::new() };
    (@parts write $message:path, $request:ident, $($field:ident),+) => {
        let $message { request_id: _, $($field),+ } = $request;
    };
    (@parts read $message:path, $request:ident, $($field:ident),+) => {
        let $message { min_position: _, $($field),+ } = $request;
    };
}

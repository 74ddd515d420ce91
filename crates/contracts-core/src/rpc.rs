//! What the generated messages know of their RPC. `crates/contracts` implements these traits for
//! every message, so that no path, no request id and no position is written out by hand.

use prost::Message;

use crate::common::v1::LogPosition;

/// The request message of an RPC. Each request belongs to one RPC.
pub trait Rpc: Message + Default + 'static {
    /// The service that answers it.
    const SERVICE: &'static str;
    /// Its path, `/package.Service/Method`.
    const PATH: &'static str;
    type Answer: Message + Default;
}

/// The request of a command: it has a `request_id` (AIP-155), and its response the position at
/// which the command stands in the log.
pub trait WriteRpc: Rpc<Answer: Positioned> + Clone {
    /// The field `request_id` as it was sent.
    fn request_id(&self) -> &str;

    /// Spells every id as [`canonical_id`](crate::wire::canonical_id) does, the `request_id` among
    /// them, so that the same request is the same message.
    fn spell_ids(&mut self);
}

/// The request of a read that can wait for the caller's own writes.
pub trait ReadRpc: Rpc {
    /// The positions that the read tables must have reached.
    fn min_positions(&self) -> &[LogPosition];

    /// The path of one of them, for violations: `min_position`, or `min_positions[1]`.
    fn min_position_path(index: usize) -> String;
}

/// The request of a list that comes in pages (AIP-158).
pub trait ListRpc: Rpc + Clone {
    fn page_size(&self) -> i32;

    fn page_token(&self) -> &str;

    /// What all requests for pages of one list have in common: all but which page it is, how large,
    /// and what the read tables must have reached.
    #[must_use]
    fn without_page(&self) -> Self;
}

/// A response with a log position.
pub trait Positioned {
    /// Sets the field `position`.
    fn set_position(&mut self, position: LogPosition);
}

/// The envelope message of a service's public events, `divinetime.<service>.events.v1.<Service>Event`.
pub trait EventsMessage: Message + Default + From<Self::Event> {
    /// The service that publishes them.
    const SERVICE: &'static str;
    /// The events: the enum that prost made of the `oneof`.
    type Event: EventKind<Message = Self>;

    /// The event in it; `None` for one that a newer program has published and this one does not know.
    fn into_event(self) -> Option<Self::Event>;
}

/// A public event of some service.
pub trait EventKind: Sized {
    /// The message that carries it.
    type Message: EventsMessage<Event = Self>;

    /// The name of the event, which is the last token of its subject.
    fn name(&self) -> &'static str;
}

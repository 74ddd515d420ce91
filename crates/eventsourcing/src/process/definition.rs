//! What a process is: a pure state machine from events to commands and timers.

use chrono::{DateTime, Utc};
use contracts_core::Rpc;
use serde::{Serialize, de::DeserializeOwned};

use crate::Delivered;

/// The name of the timer at which a process asks somebody outside again what became of something.
/// While it is set, that is under way: an operator is told so, and can wait for it.
pub const ASK: &str = "ask";

/// A state machine for each key: a paid session is confirmed, a hold expires.
///
/// `react` is pure. It must bear duplicates of what it sends: a command may arrive twice with the
/// same request id, and late.
pub trait Process: Send + Sync + 'static {
    /// Its name in the service, stable.
    const NAME: &'static str;
    type Event: Send + Sync + 'static;
    /// What it remembers of one instance, from its first event until `Done`.
    type State: Serialize + DeserializeOwned + Default + Send;

    /// The instance that an event belongs to, `None` when it is not for this process.
    fn key(&self, event: &Delivered<Self::Event>) -> Option<String>;

    /// Changes the state, and says what is to be done.
    fn react(&self, state: &mut Self::State, input: Input<'_, Self::Event>) -> Vec<Effect>;
}

/// What a process reacts to.
#[derive(Debug)]
pub enum Input<'a, E> {
    Event(&'a Delivered<E>),
    /// A timer is due.
    Timer {
        name: &'a str,
        /// When it was to fire.
        due: DateTime<Utc>,
    },
}

/// What a process wants done. All effects of one input are recorded together with the state.
pub enum Effect {
    /// Send a command to a service, in order for each key, until it is answered.
    Send {
        service: &'static str,
        /// The path of the RPC: `/package.Service/Method`.
        method: &'static str,
        /// Encodes the request with its request id.
        build: Box<dyn FnOnce(String) -> Vec<u8> + Send>,
    },
    /// Fire at an instant. Set again, the same name fires at the new instant instead. Does
    /// nothing after `Done` in the same reaction.
    SetTimer {
        /// Its name in the instance.
        name: &'static str,
        due: DateTime<Utc>,
    },
    /// A timer that is not set may be cleared too.
    ClearTimer {
        /// Its name in the instance.
        name: &'static str,
    },
    /// The instance is at its end: its state and timers go. Its commands are still sent.
    Done,
}

impl Effect {
    /// A command. The message says which service and which RPC it is for; `build` makes it of its
    /// request id.
    pub fn send<M: Rpc>(build: impl FnOnce(String) -> M + Send + 'static) -> Self {
        Self::Send {
            service: M::SERVICE,
            method: M::PATH,
            build: Box::new(|request_id| build(request_id).encode_to_vec()),
        }
    }
}

impl std::fmt::Debug for Effect {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Send {
                service, method, ..
            } => write!(formatter, "Send({service}{method})"),
            Self::SetTimer { name, due } => write!(formatter, "SetTimer({name}, {due})"),
            Self::ClearTimer { name } => write!(formatter, "ClearTimer({name})"),
            Self::Done => formatter.write_str("Done"),
        }
    }
}

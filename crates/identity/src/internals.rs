//! What the tests in `tests/rpc` drive by hand: commands given to an aggregate directly, feeds,
//! projectors and senders that are stepped, and tables that are looked at. Nobody else needs it.

pub use crate::{
    domain::{
        IdentityLogEvent,
        child::{Acting, Action, Child, ChildCommand},
        trainer::{Trainer, TrainerCommand},
        user::{Admins, Deactivate, LogIn, Reactivate, User, UserCommand},
        values::{EmailAddress, PhoneNumber, UserId, medical_subject},
    },
    grpc::Servers,
    mail::{MailError, NewMail, NewText, Outbox, Patience, Resent, Sender, Template, Transport},
    process::Erasure,
    projector::{
        Projectors,
        availability::{Availability, AvailabilityEvent, TrainerLocationRow, TrainerSlotRow},
        bookings::{BookingEvent, Bookings},
    },
    proofs::{
        attempts::{AttemptError, Attempts, Sort, Tried},
        authentication::{forget, logins_of},
        logins::Exchange,
        sweep::sweep,
    },
    reference::{BookingFeed, UpcomingBookings},
    signing::SigningKeys,
};

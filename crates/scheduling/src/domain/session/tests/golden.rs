use testing::golden;

use super::{CanceledBy, CancellationPolicy, Place, SessionEvent};
use crate::domain::samples::{at, eur, id, local, time};

fn place() -> Place {
    Place {
        schedule_id: id(1),
        slot_id: id(2),
        trainer_id: id(3),
        location_id: id(4),
        child_ids: vec![id(5), id(6)],
        time: time(),
    }
}

#[test]
fn every_event_can_be_read_as_it_was_written() {
    let events = [
        SessionEvent::SessionHeld {
            session_id: id(0xaa),
            place: place(),
            local: local(),
            parent_id: id(8),
            price: eur(12_000),
            policy: CancellationPolicy { notice_hours: 24 },
            hold_expires_at: at(9),
            held_at: at(8),
        },
        SessionEvent::SessionHoldExpired {
            session_id: id(0xaa),
            slot: place().slot(),
            expired_at: at(9),
        },
        SessionEvent::SessionReinstated {
            session_id: id(0xaa),
            place: place(),
            reinstated_at: at(10),
        },
        SessionEvent::SessionPaid {
            session_id: id(0xaa),
            slot: place().slot(),
            payment_id: Some(id(9)),
            paid_at: at(10),
        },
        SessionEvent::SessionCanceled {
            session_id: id(0xaa),
            slot: place().slot(),
            freed: true,
            canceled_by: CanceledBy::Trainer,
            late: true,
            refund_payment_id: Some(id(9)),
            canceled_at: at(11),
        },
        SessionEvent::SessionCompleted {
            session_id: id(0xaa),
            trainer_id: id(3),
            starts_at: at(12),
            completed_at: at(13),
        },
        SessionEvent::SessionPaymentRejected {
            session_id: id(0xaa),
            payment_id: id(10),
            rejected_at: at(11),
        },
    ];
    let upcasters = (crate::definition().upcasters)();
    golden("golden/session", &events, &upcasters);
}

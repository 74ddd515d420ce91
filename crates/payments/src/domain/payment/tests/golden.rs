use testing::golden;

use super::*;

#[test]
fn every_event_can_be_read_as_it_was_written() {
    let cause = cause(30);
    let tickets = PaymentEvent::PaymentCreated {
        payment_id: payment_id(),
        user_id: id(2),
        payable: Payable::TicketHold(id(10)),
        purchase: Purchase::Tickets {
            event_id: id(4),
            tier_id: Some(id(5)),
            ticket_id: None,
        },
        amount: price(),
        payment_method: "sandbox_ok".to_owned(),
        live: false,
        pay_by: at(15),
        created_at: at(0),
    };
    let (payment_id, refund_id) = (payment_id(), id(20));
    let events = [
        tickets,
        submitted(),
        succeeded(),
        failed(),
        unknown(),
        canceled(CancelReason::HoldExpired, 15),
        PaymentEvent::RefundDeferred {
            payment_id,
            refund_id,
            cause,
            deferred_at: at(5),
        },
        PaymentEvent::RefundRequested {
            payment_id,
            refund_id,
            amount: price(),
            cause,
            requested_at: at(5),
        },
        PaymentEvent::RefundSubmitted {
            payment_id,
            refund_id,
            idempotency_key: id(20),
            submitted_at: at(6),
        },
        PaymentEvent::RefundSucceeded {
            payment_id,
            refund_id,
            payable: payable(),
            amount: price(),
            provider_reference: "re_1".to_owned(),
            succeeded_at: at(7),
        },
        PaymentEvent::RefundFailed {
            payment_id,
            refund_id,
            failure_code: "refund_refused".to_owned(),
            failed_at: at(7),
        },
        PaymentEvent::RefundOutcomeUnknown {
            payment_id,
            refund_id,
            unknown_since: at(7),
        },
    ];
    let upcasters = (crate::definition().upcasters)();
    golden("golden/payment", &events, &upcasters);
}

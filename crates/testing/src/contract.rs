//! What requests and public events know of themselves, until the generated contract says it.

use contracts::{identity, payments, scheduling, ticketing};
use prost::Message;

/// The request message of an RPC.
pub trait Rpc: Message + Default + 'static {
    /// Its path, `/package.Service/Method`.
    const PATH: &'static str;
    /// Its response message.
    type Answer: Message + Default + 'static;
}

/// A public event of some service.
pub trait EventKind: Sized {
    /// The service that publishes it.
    const SERVICE: &'static str;

    /// The name of the event.
    fn name(&self) -> String;

    /// The encoded message that carries it.
    fn payload(self) -> Vec<u8>;
}

macro_rules! rpcs {
    ($($package:ident $service:ident: $($rpc:ident $request:ident $answer:ident),*;)*) => {$($(
        impl Rpc for contracts::$package::v1::$request {
            const PATH: &'static str = concat!(
                "/divinetime.", stringify!($package), ".v1.", stringify!($service), "/", stringify!($rpc)
            );
            type Answer = contracts::$package::v1::$answer;
        }
    )*)*};
}

rpcs! {
    scheduling LocationService:
        CreateLocation CreateLocationRequest CreateLocationResponse,
        ListLocations ListLocationsRequest ListLocationsResponse;
    scheduling ScheduleService:
        OpenSchedule OpenScheduleRequest OpenScheduleResponse,
        ListAvailableSlots ListAvailableSlotsRequest ListAvailableSlotsResponse;
    scheduling SessionService:
        BookSession BookSessionRequest BookSessionResponse,
        CancelSession CancelSessionRequest CancelSessionResponse,
        CompleteSession CompleteSessionRequest CompleteSessionResponse,
        GetSession GetSessionRequest GetSessionResponse,
        ListSessions ListSessionsRequest ListSessionsResponse,
        ExpireSessionHold ExpireSessionHoldRequest ExpireSessionHoldResponse,
        SettleSession SettleSessionRequest SettleSessionResponse;
    scheduling TrainerCalendarService:
        AssignTrainerLocation AssignTrainerLocationRequest AssignTrainerLocationResponse,
        SetGroupPrice SetGroupPriceRequest SetGroupPriceResponse;
    ticketing EventService:
        CreateEvent CreateEventRequest CreateEventResponse,
        PublishEvent PublishEventRequest PublishEventResponse,
        ListEvents ListEventsRequest ListEventsResponse,
        GetEvent GetEventRequest GetEventResponse;
    ticketing TicketService:
        HoldTickets HoldTicketsRequest HoldTicketsResponse,
        ListTickets ListTicketsRequest ListTicketsResponse,
        ExpireTicketHold ExpireTicketHoldRequest ExpireTicketHoldResponse,
        SettleTicketHold SettleTicketHoldRequest SettleTicketHoldResponse;
    payments PaymentService:
        CreatePayment CreatePaymentRequest CreatePaymentResponse,
        GetPayment GetPaymentRequest GetPaymentResponse,
        ListPayments ListPaymentsRequest ListPaymentsResponse;
    payments SettlementService:
        SubmitPayment SubmitPaymentRequest SubmitPaymentResponse,
        ResolvePayment ResolvePaymentRequest ResolvePaymentResponse,
        RefundPayment RefundPaymentRequest RefundPaymentResponse,
        SubmitRefund SubmitRefundRequest SubmitRefundResponse,
        ResolveRefund ResolveRefundRequest ResolveRefundResponse;
    analytics StatisticsService:
        GetDailyStatistics GetDailyStatisticsRequest GetDailyStatisticsResponse,
        ListMonthlyStatistics ListMonthlyStatisticsRequest ListMonthlyStatisticsResponse,
        ListYearlyStatistics ListYearlyStatisticsRequest ListYearlyStatisticsResponse,
        ExplainStatistic ExplainStatisticRequest ExplainStatisticResponse;
}

macro_rules! events {
    ($($package:ident $module:ident $message:ident),*) => {$(
        impl EventKind for $package::events::v1::$module::Event {
            const SERVICE: &'static str = stringify!($package);

            fn name(&self) -> String {
                let text = format!("{self:?}");
                let name = text.split('(').next();
                name.unwrap_or_default().to_owned()
            }

            fn payload(self) -> Vec<u8> {
                $package::events::v1::$message { event: Some(self) }.encode_to_vec()
            }
        }
    )*};
}

events! {
    identity identity_event IdentityEvent,
    scheduling scheduling_event SchedulingEvent,
    ticketing ticketing_event TicketingEvent,
    payments payments_event PaymentsEvent
}

//! The proto services, one a file: parse, execute, reply.

pub(crate) mod convert;
mod errors;
mod payment_service;
mod settlement_service;

pub use payment_service::PaymentService;
pub use settlement_service::SettlementService;

//! What is done to accounts and children beyond one aggregate's decision.

mod admin;
mod changes;
mod children;
mod erasure;
mod export;
mod registration;

pub use admin::{CreateAdminError, CreatedAdmin, NewAdmin, create_admin};
pub use changes::AccountChanges;
pub use children::{ChildRecordError, ChildRecords};
pub use erasure::{ErasureError, Erasures, Subject};
pub use export::{ExportError, Exports};
pub use registration::{AccountError, Accounts};

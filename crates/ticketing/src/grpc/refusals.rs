//! The code and the reason of each refusal. Nothing is claimed here, so no claim is ever taken.

use contracts::common::v1::ErrorReason;
use service::Refusal;
use tonic::Code;

use crate::domain::camp::CampError;

impl Refusal for CampError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::TierNotFound(_) | Self::HoldNotFound(_) => Code::NotFound,
            Self::TierNameTaken(_) | Self::NoTotal => Code::InvalidArgument,
            Self::ChildArchived(_)
            | Self::NotOnSale
            | Self::Past
            | Self::TierSoldOut(_)
            | Self::SoldOut
            | Self::ChildRegistered(_) => Code::FailedPrecondition,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound | Self::TierNotFound(_) | Self::HoldNotFound(_) => ErrorReason::NotFound,
            Self::TierNameTaken(_) | Self::NoTotal => ErrorReason::InvalidFields,
            Self::ChildArchived(_) => ErrorReason::ChildArchived,
            Self::NotOnSale => ErrorReason::EventNotOnSale,
            Self::Past => ErrorReason::EventPast,
            Self::TierSoldOut(_) | Self::SoldOut => ErrorReason::SoldOut,
            Self::ChildRegistered(_) => ErrorReason::ChildRegistered,
        }
    }
}

use std::str::FromStr;

use chrono::TimeDelta;
use thiserror::Error;

/// What the sandbox does with a payment method token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    pub charge: Rule,
    /// How a refund of the charge goes.
    pub refund: Rule,
}

/// How an operation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Whether the first call gets its answer.
    pub delivery: Delivery,
    pub undecided_for: TimeDelta,
    /// The code with which it is refused; without one it succeeds.
    pub failure_code: Option<&'static str>,
}

/// What becomes of the first call of an operation. Later calls are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The call is answered.
    Answered,
    /// The call arrives, and its answer is lost.
    AnswerLost,
    /// The call itself is lost.
    RequestLost,
}

/// A token that the provider does not know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no payment method is called this; sandbox_ok is one")]
pub struct UnknownMethod;

/// The longest that a charge may stay undecided, in seconds.
const MAX_SLOW_SECONDS: i64 = 86_400;

impl Rule {
    const OK: Self = Self {
        delivery: Delivery::Answered,
        undecided_for: TimeDelta::zero(),
        failure_code: None,
    };

    const fn refused(code: &'static str) -> Self {
        Self {
            failure_code: Some(code),
            ..Self::OK
        }
    }

    const fn delivered(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(token: &str) -> Result<Self, Self::Err> {
        let charge = |charge| {
            Ok(Self {
                charge,
                refund: Rule::OK,
            })
        };
        let refund = |refund| {
            Ok(Self {
                charge: Rule::OK,
                refund,
            })
        };
        match token {
            "sandbox_ok" => charge(Rule::OK),
            "sandbox_declined" => charge(Rule::refused("card_declined")),
            "sandbox_insufficient_funds" => charge(Rule::refused("insufficient_funds")),
            "sandbox_timeout_ok" => charge(Rule::OK.delivered(Delivery::AnswerLost)),
            "sandbox_timeout_declined" => {
                charge(Rule::refused("card_declined").delivered(Delivery::AnswerLost))
            }
            "sandbox_timeout_lost" => charge(Rule::OK.delivered(Delivery::RequestLost)),
            "sandbox_refund_timeout_ok" => refund(Rule::OK.delivered(Delivery::AnswerLost)),
            "sandbox_refund_declined" => refund(Rule::refused("refund_refused")),
            _ => charge(Rule {
                undecided_for: slow(token).ok_or(UnknownMethod)?,
                ..Rule::OK
            }),
        }
    }
}

/// The seconds of `sandbox_slow_<seconds>_ok`.
fn slow(token: &str) -> Option<TimeDelta> {
    let digits = token.strip_prefix("sandbox_slow_")?.strip_suffix("_ok")?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: i64 = digits
        .parse()
        .ok()
        .filter(|seconds| plain && *seconds <= MAX_SLOW_SECONDS)?;
    TimeDelta::try_seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_method_says_how_long_it_takes() {
        let method: Method = "sandbox_slow_90_ok".parse().unwrap();
        assert_eq!(method.charge.undecided_for, TimeDelta::seconds(90));
        assert_eq!(method.charge.failure_code, None);
    }

    #[test]
    fn tokens_that_no_rule_describes_are_unknown() {
        for token in [
            "",
            "ok",
            "sandbox",
            "SANDBOX_OK",
            "sandbox_slow__ok",
            "sandbox_slow_-1_ok",
            "sandbox_slow_+1_ok",
            "sandbox_slow_1.5_ok",
            "sandbox_slow_86401_ok",
            "sandbox_slow_99999999999999999999_ok",
            "pm_card_visa",
        ] {
            assert_eq!(token.parse::<Method>(), Err(UnknownMethod), "{token}");
        }
    }
}

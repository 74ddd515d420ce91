//! Which currencies somebody may ask for.

use std::str::FromStr as _;

use iso_currency::Currency;

/// Whether ISO 4217 has the currency today, and people pay with it: it was not withdrawn, and is no
/// code of a fund, a metal, a test or of nothing.
pub(crate) fn is_current(code: &str) -> bool {
    Currency::from_str(code).is_ok_and(|currency| {
        currency.is_superseded().is_none() && !currency.is_fund() && !currency.is_special()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_pay_with_currencies_of_today() {
        for code in ["USD", "CAD", "EUR", "JPY", "BHD", "XOF", "ZWG", "XCG"] {
            assert!(is_current(code), "{code}");
        }
        for code in [
            "DEM", "BGN", "HRK", "USX", "AAA", "ZZZ", "XXX", "XTS", "XAU", "XDR", "USN", "usd", "",
        ] {
            assert!(!is_current(code), "{code}");
        }
    }
}

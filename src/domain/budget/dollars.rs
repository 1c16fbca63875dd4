//! Dollars as people and JSON have them; inside, money is whole nano-dollars.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

const NANOS: f64 = 1e9;
/// The largest amount, in dollars.
const LARGEST: f64 = 1e9;

/// Nano-dollars that JSON has as a number of dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = f64, minimum = 0, maximum = 1000000000)]
pub struct Nanos(pub i64);

impl Nanos {
    /// The amount in dollars; exact to the nano-dollar below ten million dollars.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / NANOS
    }
}

impl Serialize for Nanos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        if !(0.0..=LARGEST).contains(&dollars) {
            let takes = "takes a number of dollars from 0 to 1000000000";
            return Err(serde::de::Error::custom(takes));
        }
        Ok(Self((dollars * NANOS).round() as i64))
    }
}

/// An amount as people read it: at least two decimals, and no more than it has, up to four.
#[must_use]
pub fn dollars(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    // Tenths of a cent's tenth, rounded half up.
    let units = (nanos.unsigned_abs() + 50_000) / 100_000;
    let (whole, part) = (units / 10_000, units % 10_000);
    if part % 100 == 0 {
        format!("{sign}{whole}.{:02}", part / 100)
    } else {
        format!("{sign}{whole}.{part:04}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_and_shown_as_they_are() {
        for (json, nanos) in
            [("1", 1_000_000_000), ("0.1", 100_000_000), ("1234.56", 1_234_560_000_000)]
        {
            let read: Nanos = serde_json::from_str(json).unwrap();
            assert_eq!(read, Nanos(nanos));
            let shown: f64 = serde_json::to_string(&read).unwrap().parse().unwrap();
            assert_eq!(shown, json.parse::<f64>().unwrap());
        }
        for wrong in ["-1", "1000000001", "\"1\"", "null"] {
            assert!(serde_json::from_str::<Nanos>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(dollars(1_500_000_000), "1.50");
        assert_eq!(dollars(12_345_678), "0.0123");
        assert_eq!(dollars(-20_000_000), "-0.02");
        assert_eq!(dollars(0), "0.00");
    }
}

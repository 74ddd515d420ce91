use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;
use values::text;

use super::{ChildId, PhoneNumber};

/// The subject whose key seals a child's medical data. It is not the child itself, so that
/// withdrawing the medical consent destroys these data and nothing else.
///
/// `generation` counts the withdrawals so far: data stored after a new consent has a new key.
pub fn medical_subject(child_id: ChildId, generation: u32) -> Uuid {
    Uuid::new_v5(&child_id.uuid(), format!("medical:{generation}").as_bytes())
}

/// The common allergens: the fourteen that food law names, and four more.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Allergen {
    Celery,
    /// All cereals with gluten.
    Gluten,
    Crustaceans,
    Eggs,
    Fish,
    Lupin,
    Milk,
    Molluscs,
    Mustard,
    TreeNuts,
    Peanuts,
    Sesame,
    Soybeans,
    /// Sulphites and sulphur dioxide.
    Sulphites,
    Pollen,
    /// The stings of bees, wasps and the like.
    InsectStings,
    Latex,
    Medication,
}

impl Allergen {
    /// The allergen of this name, however it is written: "tree nuts", "Tree-Nuts", `TREE_NUTS`.
    pub fn named(name: &str) -> Option<Self> {
        let name = letters(name);
        Self::iter().find(|allergen| letters(allergen.as_str()) == name)
    }

    /// The name, for example `TREE_NUTS`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

fn letters(name: &str) -> String {
    let name = text::unique_key(name);
    name.chars().filter(|it| it.is_alphanumeric()).collect()
}

/// What a trainer has to know about a child's health.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicalConditions {
    pub asthma: bool,
    /// Anything else; it may be empty.
    pub other: String,
}

/// The person to call when something happens to a child.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyContact {
    pub name: String,
    pub phone: PhoneNumber,
    /// What this person is to the child; it may be empty.
    pub relationship: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_allergen_is_known_however_it_is_written() {
        for name in ["TREE_NUTS", "tree nuts", " Tree-Nuts ", "treenuts"] {
            assert_eq!(Allergen::named(name), Some(Allergen::TreeNuts), "{name:?}");
        }
        assert_eq!(Allergen::named("kiwi"), None);
        assert_eq!(Allergen::named(""), None);
        assert_eq!(Allergen::iter().count(), 18);
    }

    #[test]
    fn every_withdrawal_makes_another_subject() {
        let child = ChildId::from(Uuid::from_u128(1));
        let other = ChildId::from(Uuid::from_u128(2));
        let subjects = [
            child.uuid(),
            medical_subject(child, 0),
            medical_subject(child, 1),
            medical_subject(other, 0),
        ];
        for (index, subject) in subjects.iter().enumerate() {
            assert!(!subjects[..index].contains(subject));
        }
        assert_eq!(medical_subject(child, 1), subjects[2]);
    }
}

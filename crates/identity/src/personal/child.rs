//! Who a child is.

use eventsourcing::personal::{PersonalError, Sealer};

use crate::domain::child::{Player, PlayerChanges, SkillLevel};
use crate::domain::values::Birthdate;

/// Who a child is, before it is sealed.
pub struct ClearPlayer {
    pub first_name: String,
    pub last_name: String,
    pub birthdate: Birthdate,
    pub skill_level: SkillLevel,
    pub specify: String,
    pub team: String,
}

impl ClearPlayer {
    /// Seals everything personal for the child.
    pub fn seal(&self, sealer: &Sealer) -> Result<Player, PersonalError> {
        Ok(Player {
            first_name: sealer.seal(&self.first_name)?,
            last_name: sealer.seal(&self.last_name)?,
            birthdate: sealer.seal(&self.birthdate)?,
            skill_level: self.skill_level,
            specify: sealer.seal(&self.specify)?,
            team: sealer.seal(&self.team)?,
        })
    }
}

/// What of a child becomes another, before it is sealed; what is `None` stays.
pub struct ClearPlayerChanges {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub birthdate: Option<Birthdate>,
    pub skill_level: Option<SkillLevel>,
    pub specify: Option<String>,
    pub team: Option<String>,
}

impl ClearPlayerChanges {
    /// Seals everything personal for the child.
    pub fn seal(&self, sealer: &Sealer) -> Result<PlayerChanges, PersonalError> {
        let text =
            |value: &Option<String>| value.as_ref().map(|text| sealer.seal(text)).transpose();
        let birthdate = self.birthdate.as_ref();
        Ok(PlayerChanges {
            first_name: text(&self.first_name)?,
            last_name: text(&self.last_name)?,
            birthdate: birthdate.map(|date| sealer.seal(date)).transpose()?,
            skill_level: self.skill_level,
            specify: text(&self.specify)?,
            team: text(&self.team)?,
        })
    }
}

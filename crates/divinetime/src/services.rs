//! The services of this program.

use std::str::FromStr;

use service::{Definition, SERVICES};

/// One of the services, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name(pub &'static str);

#[derive(Debug, thiserror::Error)]
#[error("no such service; there are identity, scheduling, ticketing, payments and analytics")]
pub struct UnknownService;

impl FromStr for Name {
    type Err = UnknownService;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = SERVICES.iter().find(|(name, _)| *name == text);
        known.map(|(name, _)| Self(name)).ok_or(UnknownService)
    }
}

/// All of them, in the order in which a booking passes through them.
pub fn definitions() -> Vec<Definition> {
    vec![
        identity::definition(),
        scheduling::definition(),
        ticketing::definition(),
        payments::definition(),
        analytics::definition(),
    ]
}

/// Those of one name, or all of them.
pub fn chosen(name: Option<Name>) -> Vec<Definition> {
    let mut definitions = definitions();
    definitions.retain(|definition| name.is_none_or(|Name(name)| definition.name == name));
    definitions
}

impl Name {
    pub fn definition(self) -> Result<Definition, UnknownService> {
        chosen(Some(self)).pop().ok_or(UnknownService)
    }
}

/// The names of one, or of all of them.
pub fn names(name: Option<Name>) -> Vec<&'static str> {
    SERVICES
        .iter()
        .map(|(known, _)| *known)
        .filter(|known| name.is_none_or(|Name(name)| name == *known))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_a_definition_and_a_default_port() {
        let defined: Vec<&str> = definitions()
            .iter()
            .map(|definition| definition.name)
            .collect();
        let with_port: Vec<&str> = SERVICES.iter().map(|(name, _)| *name).collect();
        assert_eq!(defined, with_port);
    }
}

//! The places of a message where a value can stand, down to the fields of messages in it.

use std::fmt;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};

/// How deep messages in messages are looked at.
const DEPTH: usize = 5;

/// A field, by the way to it.
pub struct Place {
    way: Vec<FieldDescriptor>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.way.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{}", field.name())?;
        }
        Ok(())
    }
}

impl Place {
    /// The field at the end of the way.
    pub fn field(&self) -> &FieldDescriptor {
        self.way.last().expect("a way has an end")
    }

    /// Puts a value there. Lists on the way get it in their first element.
    pub fn set(&self, message: &mut DynamicMessage, value: Value) {
        set(message, &self.way, value);
    }
}

fn set(message: &mut DynamicMessage, way: &[FieldDescriptor], value: Value) {
    let (field, rest) = way.split_first().expect("a way has an end");
    if rest.is_empty() {
        message.set_field(field, value);
        return;
    }
    if field.is_list()
        && message
            .get_field(field)
            .as_list()
            .is_none_or(<[Value]>::is_empty)
    {
        let one = Value::Message(DynamicMessage::new(message_of(field)));
        message.set_field(field, Value::List(vec![one]));
    }
    let inner = match message.get_field_mut(field) {
        Value::List(list) => list.first_mut().expect("an element"),
        one => one,
    };
    set(inner.as_message_mut().expect("a message"), rest, value);
}

/// Every place of a request.
pub fn places(request: &DynamicMessage) -> Vec<Place> {
    let mut found = Vec::new();
    collect(&request.descriptor(), &mut Vec::new(), &mut found);
    found
}

fn collect(message: &MessageDescriptor, way: &mut Vec<FieldDescriptor>, found: &mut Vec<Place>) {
    for field in message.fields() {
        way.push(field.clone());
        found.push(Place { way: way.clone() });
        if let Kind::Message(inner) = field.kind()
            && way.len() < DEPTH
            && !field.is_map()
            && !is_a_value(&inner)
        {
            collect(&inner, way, found);
        }
        way.pop();
    }
}

/// Instants and dates are thrown as a whole.
pub fn is_a_value(message: &MessageDescriptor) -> bool {
    ["google.protobuf.Timestamp", "google.type.Date"].contains(&message.full_name())
}

fn message_of(field: &FieldDescriptor) -> MessageDescriptor {
    match field.kind() {
        Kind::Message(message) => message,
        other => panic!("{} is no message but {other:?}", field.name()),
    }
}

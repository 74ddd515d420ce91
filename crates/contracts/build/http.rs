//! What `(google.api.http)` may say: only what a gateway can carry between HTTP and gRPC.

use std::collections::HashMap;
use std::slice;

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    Value,
};

const HTTP: &str = "google.api.http";
const ACCESS: &str = "divinetime.common.v1.access";
const ROLE_SERVICE: i32 = 4;
/// The methods that an `HttpRule` has fields for.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
/// Of these, the ones that send no body.
const WITHOUT_BODY: [&str; 2] = ["get", "delete"];
/// Messages of protobuf that JSON writes as one text or number.
const SCALAR_MESSAGES: [&str; 3] = ["Timestamp", "Duration", "FieldMask"];

/// One method and path of an RPC.
struct Binding {
    method: String,
    path: String,
    body: String,
}

/// What is wrong with the RPCs of the packages that begin with `packages`, each with the name of
/// its RPC.
pub fn problems(pool: &DescriptorPool, packages: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut places: HashMap<(String, String), String> = HashMap::new();
    let services = pool.services();
    for service in services.filter(|service| service.full_name().starts_with(packages)) {
        for method in service.methods() {
            let bindings = bindings(pool, &method);
            let mut of_method = Vec::from_iter(option_problem(pool, &method, &bindings));
            for binding in &bindings {
                of_method.extend(binding_problems(&method.input(), binding));
                let place = (binding.method.clone(), shape(&binding.path));
                let before = places.insert(place, method.full_name().to_owned());
                of_method.extend(before.map(|other| {
                    let Binding { method, path, .. } = binding;
                    format!("has the method and path of {other}: {method} {path}")
                }));
            }
            let name = method.full_name();
            let of_method = of_method.into_iter();
            found.extend(of_method.map(|problem| format!("the RPC {name} {problem}")));
        }
    }
    found
}

/// Whether the RPC has the option where it should.
fn option_problem(
    pool: &DescriptorPool,
    method: &MethodDescriptor,
    bindings: &[Binding],
) -> Option<String> {
    let streams = method.is_client_streaming() || method.is_server_streaming();
    match (is_for_services_alone(pool, method), bindings.is_empty()) {
        (true, false) => Some(format!(
            "is for services alone, which speak gRPC, and has the option ({HTTP})"
        )),
        (false, true) if !streams => Some(format!(
            "is for users and lacks `option ({HTTP}) = {{...}};`"
        )),
        (true, true) | (false, _) => None,
    }
}

fn binding_problems(input: &MessageDescriptor, binding: &Binding) -> Vec<String> {
    let Binding { method, path, body } = binding;
    let mut found = Vec::new();
    let variables = variables(path);
    for variable in &variables {
        match field_of(input, variable) {
            Some(field) if is_scalar(&field) => {}
            Some(_) => found.push(format!("has {variable} in its path, which is no scalar")),
            None => found.push(format!("has {variable} in its path, and no such field")),
        }
    }
    if !METHODS.contains(&method.as_str()) || !path.starts_with('/') {
        found.push(format!(
            "is bound to the method {method} and the path {path}"
        ));
    }
    if !body.is_empty() && WITHOUT_BODY.contains(&method.as_str()) {
        found.push(format!("is a {method} with a body"));
    }
    if !body.is_empty() && body != "*" && input.get_field_by_name(body).is_none() {
        found.push(format!("has {body} for its body, and no such field"));
    }
    let in_query = input.fields().filter(|field| {
        body != "*" && field.name() != body && !variables.iter().any(|it| it == field.name())
    });
    found.extend(
        in_query
            .filter(|field| !is_queryable(field, slice::from_ref(input)))
            .map(|field| format!("has {} in its query, which cannot say it", field.name())),
    );
    found
}

/// Whether a query string can say a field of the messages `around`: a scalar, a list of scalars, or a
/// message of such fields, which stand there as `min_position.service=…`. A message in itself is
/// endless.
fn is_queryable(field: &FieldDescriptor, around: &[MessageDescriptor]) -> bool {
    let message = match field.kind() {
        Kind::Bytes => return false,
        Kind::Message(message) => message,
        _ => return true,
    };
    if field.is_list() || field.is_map() || around.contains(&message) {
        return false;
    }
    if let Some(name) = message.full_name().strip_prefix("google.protobuf.") {
        return SCALAR_MESSAGES.contains(&name);
    }
    let within = [around, slice::from_ref(&message)].concat();
    message.fields().all(|inner| is_queryable(&inner, &within))
}

/// The field of a path such as `slot.location_id`.
fn field_of(message: &MessageDescriptor, path: &str) -> Option<FieldDescriptor> {
    match path.split_once('.') {
        None => message.get_field_by_name(path),
        Some((first, rest)) => match message.get_field_by_name(first)?.kind() {
            Kind::Message(inner) => field_of(&inner, rest),
            _ => None,
        },
    }
}

fn is_scalar(field: &FieldDescriptor) -> bool {
    !field.is_list() && !matches!(field.kind(), Kind::Message(_) | Kind::Bytes)
}

/// The names in the braces of a path: `{session_id}`, or `{name=locations/*}`.
fn variables(path: &str) -> Vec<String> {
    let opened = path.split('{').skip(1);
    let names = opened.filter_map(|rest| rest.split(['=', '}']).next());
    names.map(str::to_owned).collect()
}

/// A path as a request is matched with it, whatever its variables are called.
fn shape(path: &str) -> String {
    let mut parts = path.split('{');
    let mut shape = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (variable, rest) = part.split_once('}').unwrap_or((part, ""));
        let pattern = variable.split_once('=').map_or("*", |(_, pattern)| pattern);
        shape.push_str(pattern);
        shape.push_str(rest);
    }
    shape
}

/// What the option of an RPC binds it to, with its additional bindings.
fn bindings(pool: &DescriptorPool, method: &MethodDescriptor) -> Vec<Binding> {
    let Some(rule) = option(pool, method, HTTP) else {
        return Vec::new();
    };
    let additional = rule.get_field_by_name("additional_bindings");
    let additional = additional.as_deref().and_then(Value::as_list);
    let additional = additional.unwrap_or_default().iter();
    let rules = additional.filter_map(Value::as_message);
    rules.chain([&rule]).map(binding).collect()
}

fn binding(rule: &DynamicMessage) -> Binding {
    let text = |name: &str| {
        let value = rule.get_field_by_name(name);
        let text = value.as_deref().and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let bound = METHODS.iter().find(|method| !text(method).is_empty());
    let method = bound.map_or_else(String::new, |method| (*method).to_owned());
    Binding {
        path: text(&method),
        body: text("body"),
        method,
    }
}

fn is_for_services_alone(pool: &DescriptorPool, method: &MethodDescriptor) -> bool {
    let Some(access) = option(pool, method, ACCESS) else {
        return false;
    };
    let public = access.get_field_by_name("public");
    let public = public.as_deref().and_then(Value::as_bool);
    let roles = access.get_field_by_name("roles");
    let roles = roles.as_deref().and_then(Value::as_list);
    let is_service = |role: &Value| role.as_enum_number() == Some(ROLE_SERVICE);
    public != Some(true) && roles.unwrap_or_default().iter().all(is_service)
}

/// A message that an RPC has as its option of that name.
fn option(pool: &DescriptorPool, method: &MethodDescriptor, name: &str) -> Option<DynamicMessage> {
    let extension = pool.get_extension_by_name(name)?;
    let options = method.options();
    let value = options
        .has_extension(&extension)
        .then(|| options.get_extension(&extension));
    value.as_deref().and_then(Value::as_message).cloned()
}

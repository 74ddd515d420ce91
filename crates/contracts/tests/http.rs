//! The build script's check of `(google.api.http)`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "../build/http.rs"]
mod http;

use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{
    ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver,
};

const FILE: &str = "sample.proto";
const USERS: &str = "roles: [ROLE_PARENT, ROLE_SERVICE]";
const SERVICES: &str = "roles: [ROLE_SERVICE]";

/// Resolves the one file.
struct Sample(String);

impl FileResolver for Sample {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == FILE {
            File::from_source(name, &self.0)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}

/// The service with these RPCs, which all take a `Request`.
fn pool(rpcs: &str) -> DescriptorPool {
    let source = format!(
        r#"syntax = "proto3";
        package sample;
        import "divinetime/common/v1/access.proto";
        import "divinetime/common/v1/position.proto";
        import "google/api/annotations.proto";
        import "google/protobuf/struct.proto";
        import "google/protobuf/timestamp.proto";
        import "google/type/date.proto";
        service Samples {{ {rpcs} }}
        enum Colour {{ COLOUR_UNSPECIFIED = 0; }}
        message Range {{ int64 least = 1; Span within = 2; }}
        message Span {{ repeated int64 steps = 1; }}
        message Tree {{ string leaf = 1; Tree branch = 2; }}
        message Sealed {{ bytes text = 1; }}
        message Response {{}}
        message Plain {{
            string id = 1;
            optional bool active = 2;
            repeated string names = 3;
            repeated Colour colours = 4;
            divinetime.common.v1.LogPosition min_position = 5;
            google.protobuf.Timestamp from = 6;
            google.type.Date day = 7;
            Range range = 8;
        }}
        message Odd {{
            string id = 1;
            repeated divinetime.common.v1.LogPosition positions = 2;
            map<string, string> labels = 3;
            bytes digest = 4;
            google.protobuf.Struct anything = 5;
            Tree tree = 6;
            Sealed sealed = 7;
        }}"#
    );
    let protos = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");
    let mut resolver = ChainFileResolver::new();
    resolver.add(Sample(source));
    resolver.add(IncludeFileResolver::new(protos.into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file(FILE).unwrap();
    compiler.descriptor_pool()
}

fn rpc(name: &str, request: &str, http: &str, access: &str) -> String {
    format!(
        "rpc {name}({request}) returns (Response) {{ {http} \
         option (divinetime.common.v1.access) = {{{access}}}; }}"
    )
}

fn bound(rule: &str) -> String {
    format!("option (google.api.http) = {{{rule}}};")
}

/// What is wrong with one RPC of users that is bound so.
fn problems(request: &str, rule: &str) -> Vec<String> {
    found(&rpc("Do", request, &bound(rule), USERS))
}

fn found(rpcs: &str) -> Vec<String> {
    let found = http::problems(&pool(rpcs), "sample.").into_iter();
    found
        .map(|problem| problem.replace("the RPC sample.Samples.", ""))
        .collect()
}

#[test]
fn what_a_gateway_can_carry_is_well() {
    for rule in [
        r#"get: "/v1/things""#,
        r#"get: "/v1/things/{id}""#,
        r#"get: "/v1/things/{min_position.service}/{active}""#,
        r#"get: "/v1/{id=things/*}""#,
        r#"delete: "/v1/things/{id}""#,
        r#"post: "/v1/things/{id}:turn" body: "*""#,
        r#"patch: "/v1/things/{id}" body: "range""#,
    ] {
        assert_eq!(problems("Plain", rule), Vec::<String>::new(), "{rule}");
    }
    let list = problems("Odd", r#"post: "/v1/things:search" body: "*""#);
    assert_eq!(list, Vec::<String>::new());
}

#[test]
fn what_a_query_cannot_say_is_in_none() {
    let unsayable = [
        "positions",
        "labels",
        "digest",
        "anything",
        "tree",
        "sealed",
    ];
    let expected = |fields: &[&str]| -> Vec<String> {
        let problems = fields.iter();
        problems
            .map(|field| format!("Do has {field} in its query, which cannot say it"))
            .collect()
    };
    for rule in [
        r#"get: "/v1/things/{id}""#,
        r#"delete: "/v1/things""#,
        r#"post: "/v1/things" body: "id""#,
        r#"post: "/v1/things""#,
    ] {
        assert_eq!(problems("Odd", rule), expected(&unsayable), "{rule}");
    }
    let all_but_one = problems("Odd", r#"post: "/v1/things" body: "positions""#);
    assert_eq!(all_but_one, expected(&unsayable[1..]));
}

#[test]
fn a_path_has_scalars_of_the_request() {
    for (rule, problem) in [
        ("{nothing}", "nothing in its path, and no such field"),
        ("{id.nothing}", "id.nothing in its path, and no such field"),
        ("{names}", "names in its path, which is no scalar"),
        ("{day}", "day in its path, which is no scalar"),
        ("{id}/{range=**}", "range in its path, which is no scalar"),
    ] {
        let found = problems("Plain", &format!(r#"get: "/v1/things/{rule}""#));
        assert_eq!(found, [format!("Do has {problem}")]);
    }
}

#[test]
fn a_body_is_sent_with_what_has_one_and_is_of_the_request() {
    let found = problems("Plain", r#"get: "/v1/things" body: "*""#);
    assert_eq!(found, ["Do is a get with a body"]);
    let found = problems("Plain", r#"post: "/v1/things" body: "nothing""#);
    assert_eq!(found, ["Do has nothing for its body, and no such field"]);
    let found = problems("Plain", r#"custom: {kind: "HEAD" path: "/v1/things"}"#);
    assert_eq!(found, ["Do is bound to the method  and the path "]);
}

#[test]
fn what_is_for_services_alone_has_no_path_and_what_is_for_users_has_one() {
    let get = bound(r#"get: "/v1/things""#);
    let services =
        "Do is for services alone, which speak gRPC, and has the option (google.api.http)";
    assert_eq!(found(&rpc("Do", "Plain", &get, SERVICES)), [services]);
    assert_eq!(found(&rpc("Do", "Plain", "", SERVICES)), [""; 0]);
    let users = "Do is for users and lacks `option (google.api.http) = {...};`";
    for access in [USERS, "public: true"] {
        assert_eq!(found(&rpc("Do", "Plain", "", access)), [users]);
        let stream = rpc("Do", "Plain", "", access).replace("(Response)", "(stream Response)");
        assert_eq!(found(&stream), [""; 0]);
    }
}

#[test]
fn two_rpcs_never_answer_to_one_method_and_path() {
    let two = |first: &str, second: &str| {
        let first = rpc("Do", "Plain", &bound(first), USERS);
        found(&(first + &rpc("Undo", "Plain", &bound(second), USERS)))
    };
    let (get, other) = (r#"get: "/v1/things/{id}""#, r#"get: "/v1/things/{active}""#);
    let problem = "Undo has the method and path of sample.Samples.Do: get /v1/things/{active}";
    assert_eq!(two(get, other), [problem]);
    assert_eq!(two(get, r#"get: "/v1/things/{id}:turn""#), [""; 0]);
    assert_eq!(two(get, r#"delete: "/v1/things/{id}""#), [""; 0]);
    let also = r#"get: "/v2/things" additional_bindings {get: "/v1/things/{active}"}"#;
    assert_eq!(two(get, also), [problem]);
}

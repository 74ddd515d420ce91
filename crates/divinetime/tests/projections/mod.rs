//! What operators see and do of what is derived from the logs.

use std::path::Path;

use serde_json::Value;

use crate::first_event;
use crate::support::{Up, execute, json, output, stderr};

#[test]
fn a_rebuilt_projection_is_live_again_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    assert!(
        output(dir.path(), &["projections", "wait"])
            .status
            .success()
    );
    let both = ["projections", "rebuild", "users", "identity/trainers"];
    let rebuilt = json(dir.path(), &[&both[..], &["users", "--json"]].concat());
    assert_eq!(rebuilt.as_array().unwrap().len(), 2, "{rebuilt}");
    for (index, name) in ["trainers", "users"].into_iter().enumerate() {
        assert_eq!(rebuilt[index]["projection"], name, "{rebuilt}");
        assert_eq!(rebuilt[index]["state"], "LIVE", "{rebuilt}");
        assert_eq!(rebuilt[index]["position"], 1, "{rebuilt}");
    }
    for (other, why) in [
        ("nonsense", "There is no nonsense"),
        ("refund", "refund is not a projection"),
    ] {
        let refused = output(dir.path(), &[&both[..], &[other]].concat());
        let error = stderr(&refused);
        assert!(error.contains(why), "{error}");
        assert!(refused.stdout.is_empty(), "nothing is rebuilt");
    }
    what_parks_again_is_told(&up, dir.path());
    assert!(up.stop().success());
}

/// No row fits into the table for a while.
fn what_parks_again_is_told(up: &Up, data_dir: &Path) {
    let url = database_url(up, data_dir);
    let event = first_event(data_dir);
    let key = event["aggregate_id"].as_str().expect("an id");
    execute(
        &url,
        "alter table identity.users add constraint closed check (false) not valid",
    );
    let at = format!(
        "{}, event 1 of identity",
        event["event_type"].as_str().expect("a type")
    );
    let fails = |command: &[&str]| {
        let failed = output(data_dir, command);
        assert_eq!(failed.status.code(), Some(1), "{command:?}");
        let error = stderr(&failed);
        for text in [
            "Parked again: identity/users has 1 parked key",
            key,
            &at,
            "closed",
        ] {
            assert!(error.contains(text), "expected {text} in: {error}");
        }
        String::from_utf8(failed.stdout).expect("text")
    };
    let rebuilt = fails(&["projections", "rebuild", "users"]);
    assert!(!rebuilt.contains("live again"), "{rebuilt}");
    let list = output(data_dir, &["projections", "list"]);
    let list = String::from_utf8_lossy(&list.stdout);
    let mut lines = list.lines().skip_while(|line| !line.starts_with("PARKED"));
    let row = lines.nth(1).expect("a row");
    assert!(
        row.starts_with("identity/users") && row.contains(key) && row.contains(&at),
        "{list}"
    );
    assert!(
        lines.next().expect("its error").contains("closed"),
        "{list}"
    );
    let retried = fails(&["projections", "retry", "users", "--json"]);
    let retried: Value = serde_json::from_str(&retried).expect("JSON");
    assert_eq!(retried["keys"], serde_json::json!([key]));
    assert_eq!(retried["parked"][0]["event_type"], event["event_type"]);
    execute(&url, "alter table identity.users drop constraint closed");
    let retried = output(data_dir, &["projections", "retry", "users", key]);
    assert!(retried.status.success(), "{}", stderr(&retried));
    let retried = output(data_dir, &["projections", "retry", "users"]);
    let said = String::from_utf8_lossy(&retried.stdout);
    assert_eq!(said.trim(), "nothing of identity/users is parked");
    let waited = output(data_dir, &["projections", "wait"]);
    assert!(waited.status.success(), "{}", stderr(&waited));
}

/// The private database of an `up`, as its owner.
fn database_url(up: &Up, data_dir: &Path) -> String {
    let password =
        std::fs::read_to_string(data_dir.join("keys/postgres.password")).expect("the password");
    format!(
        "postgres://divinetime:{password}@127.0.0.1:{}/divinetime",
        up.ready["postgres_port"]
    )
}

#[test]
fn a_command_that_was_refused_for_good_is_shown_and_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    assert!(
        output(dir.path(), &["projections", "wait"])
            .status
            .success()
    );
    let url = database_url(&up, dir.path());
    // What the service does take, as if it had refused it before.
    execute(
        &url,
        "insert into payments.process_outbox (request_id, process, key, service, method, body, \
                correlation_id, causation_id, parked, code, message) \
         values (gen_random_uuid(), 'refund', 'a', 'payments', '/grpc.health.v1.Health/Check', '', \
                gen_random_uuid(), gen_random_uuid(), true, 7, 'not yours')",
    );
    let list = output(dir.path(), &["projections", "list"]);
    let list = String::from_utf8_lossy(&list.stdout);
    let line = "payments/refund: /grpc.health.v1.Health/Check of a is refused, code 7: not yours";
    assert!(list.contains(line), "{list}");
    let statuses = json(dir.path(), &["projections", "list", "--json"]);
    let of_refund = statuses.as_array().unwrap().iter();
    let of_refund = of_refund.filter(|status| status["projection"] == "refund");
    let sum = |count: &str| -> i64 {
        let counts = of_refund.clone().map(|status| &status[count]);
        counts.map(|count| count.as_i64().unwrap()).sum()
    };
    // It follows two logs, and its refusal is counted once.
    assert_eq!(of_refund.clone().count(), 2, "{statuses}");
    assert_eq!(
        (sum("parked_commands"), sum("waiting_commands")),
        (1, 0),
        "{statuses}"
    );
    let refused = of_refund.flat_map(|status| status["refused"].as_array().unwrap());
    let messages: Vec<&Value> = refused.map(|command| &command["message"]).collect();
    assert_eq!(messages, ["not yours"], "{statuses}");
    let waited = output(dir.path(), &["projections", "wait"]);
    assert!(
        stderr(&waited).contains("payments/refund has commands that were refused for good"),
        "{}",
        stderr(&waited)
    );
    let unknown = output(
        dir.path(),
        &["projections", "retry", "payments/refund", "b"],
    );
    assert!(stderr(&unknown).contains("There is no parked key b of refund"));
    let retry = ["projections", "retry", "payments/refund", "a", "--json"];
    let retried = json(dir.path(), &retry);
    assert_eq!(retried["commands"].as_array().unwrap().len(), 1);
    assert_eq!(retried["keys"].as_array().unwrap().len(), 0);
    let waited = output(dir.path(), &["projections", "wait"]);
    assert!(waited.status.success(), "{}", stderr(&waited));

    execute(
        &url,
        "insert into payments.process_outbox (request_id, process, key, service, method, body, \
                correlation_id, causation_id, parked, code, message) \
         values (gen_random_uuid(), 'refund', 'c', 'payments', '/nothing.Here/Nothing', '', \
                gen_random_uuid(), gen_random_uuid(), true, 7, 'not yours')",
    );
    let retried = output(dir.path(), &["projections", "retry", "payments/refund"]);
    let error = stderr(&retried);
    assert_eq!(retried.status.code(), Some(1), "{error}");
    let again = "Parked again: payments/refund has 1 refused command (/nothing.Here/Nothing of c";
    assert!(
        error.contains(again) && !error.contains("not yours"),
        "{error}"
    );
    execute(&url, "delete from payments.process_outbox");
    what_is_under_way_is_waited_for(&url, dir.path());
    assert!(up.stop().success());
}

/// As if the provider had not told the outcome of a payment.
fn what_is_under_way_is_waited_for(url: &str, data_dir: &Path) {
    execute(
        url,
        "insert into payments.process_timers (process, key, name, due, correlation_id, causation_id) \
         values ('charge', 'p', 'ask', now() + interval '1 hour', gen_random_uuid(), gen_random_uuid())",
    );
    let open = "payments/charge is not done after 0 s: the outcome of 1 is not known yet";
    let waited = output(data_dir, &["projections", "wait", "--timeout", "0"]);
    assert_eq!(waited.status.code(), Some(1));
    assert!(stderr(&waited).contains(open), "{}", stderr(&waited));
    let waited = output(data_dir, &["projections", "wait", "--but-unknown"]);
    assert!(waited.status.success(), "{}", stderr(&waited));
    assert!(
        stderr(&waited).starts_with("payments/charge: the outcome of 1 is not known yet"),
        "{}",
        stderr(&waited)
    );
    execute(url, "delete from payments.process_timers");
    let waited = output(data_dir, &["projections", "wait"]);
    assert!(waited.status.success(), "{}", stderr(&waited));
}

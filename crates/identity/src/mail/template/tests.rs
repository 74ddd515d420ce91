//! What the templates make of good and of hostile values, against committed files.

use std::fs;
use std::path::Path;

use crate::{IdentitySettings, MailSettings};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;
use values::Zone;

use super::{Template, Templates, TemplatesError};
use crate::domain::child::OFFER;

fn settings() -> IdentitySettings {
    IdentitySettings {
        mail: MailSettings {
            platform: "Harbour & Sons".to_owned(),
            public_url: "https://harbour.example/".to_owned(),
            ..MailSettings::default()
        },
        ..IdentitySettings::default()
    }
}

fn templates() -> Templates {
    Templates::new(&settings()).unwrap()
}

fn values(first_name: &str) -> Value {
    json!({
        "first_name": first_name,
        "code": "49 3027+",
        "expires_at": "2026-06-01T10:10:00Z",
        "occurred_at": "2026-01-31T23:59:59.5+00:00",
    })
}

#[test]
fn every_template_reads_as_it_was_committed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/mail");
    let mut expected = 0;
    for template in Template::iter() {
        let content = templates()
            .render(template, &values("Zoë \"O'Hara\" <b>"))
            .unwrap();
        let name = template.name().to_lowercase();
        let text = format!("Subject: {}\n\n{}\n", content.subject, content.text);
        for (name, text) in [
            (format!("{name}.txt"), text),
            (format!("{name}.html"), content.html),
        ] {
            let path = folder.join(&name);
            if std::env::var_os("GOLDEN_WRITE").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&path, &text).unwrap();
            }
            let golden = fs::read_to_string(&path)
                .unwrap_or_else(|_| panic!("{name} is missing: run once with GOLDEN_WRITE=1"));
            assert_eq!(text, golden, "{name} has changed");
            expected += 1;
        }
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), expected);
}

#[test]
fn the_mail_tells_for_how_long_a_child_is_offered() {
    let template = Template::GuardianTransferOffered;
    let content = templates().render(template, &values("Zoë")).unwrap();
    let until = format!("within {} days", OFFER.num_days());
    assert!(content.text.contains(&until), "{}", content.text);
    assert!(content.html.contains(&until), "{}", content.html);
}

#[test]
fn nothing_is_left_unrendered_and_nothing_hostile_becomes_markup() {
    let name = "<img src=x onerror=alert(1)> {{ code }} {% raw %}";
    for template in Template::iter() {
        let content = templates().render(template, &values(name)).unwrap();
        let html = &content.html;
        assert!(!html.contains("<img"), "{html}");
        assert!(
            html.contains("Hello &lt;img src=x onerror=alert(1)&gt; {{ code }}"),
            "{html}"
        );
        for text in [
            html.replace(" {{ code }} {% raw %}", ""),
            content.text.replace(name, ""),
        ] {
            for placeholder in ["{{", "}}", "{%", "%}", "undefined", "none"] {
                assert!(!text.contains(placeholder), "{placeholder} in {text}");
            }
        }
        assert!(!content.subject.contains("img"));
    }
}

#[test]
fn a_name_cannot_end_its_line_or_become_a_header() {
    let hostile = "Anna\r\nBcc\u{2028}everybody";
    let content = templates()
        .render(Template::Welcome, &values(hostile))
        .unwrap();
    assert!(
        content.text.starts_with("Hello Anna  Bcc everybody,\n\n"),
        "{}",
        content.text
    );
    let platform = MailSettings {
        platform: "Harbour\r\nBcc: all@example.com".to_owned(),
        ..settings().mail
    };
    let templates = Templates::new(&IdentitySettings {
        mail: platform,
        ..settings()
    });
    let content = templates
        .unwrap()
        .render(Template::Welcome, &values("Anna"))
        .unwrap();
    assert_eq!(content.subject, "Welcome to Harbour  Bcc: all@example.com");
}

#[test]
fn nobody_is_greeted_by_a_name_that_leads_somewhere() {
    let long = "A".repeat(61);
    for name in [
        "",
        "  ",
        "Win at evil.example",
        "https://evil.example",
        "a@b.example",
        "Call: 1",
        &long,
    ] {
        let content = templates()
            .render(Template::Welcome, &values(name))
            .unwrap();
        assert!(
            content.text.starts_with("Hello,\n\n"),
            "{name}: {}",
            content.text
        );
    }
    for name in ["Anna", "J. R.", "Anne-Marie", "Nguyễn Thị"] {
        let content = templates()
            .render(Template::Welcome, &values(name))
            .unwrap();
        assert!(
            content.text.starts_with(&format!("Hello {name},\n\n")),
            "{}",
            content.text
        );
    }
}

#[test]
fn times_are_those_of_the_business_zone_with_its_name() {
    let cases = [
        (Zone::new_york(), "January 31, 2026 at 6:59 PM EST"),
        (
            Zone::named("Europe/Berlin").unwrap(),
            "February 1, 2026 at 12:59 AM CET",
        ),
        (Zone::utc(), "January 31, 2026 at 11:59 PM UTC"),
    ];
    for (business_zone, expected) in cases {
        let settings = IdentitySettings {
            business_zone,
            ..settings()
        };
        let templates = Templates::new(&settings).unwrap();
        let content = templates
            .render(Template::PasswordChanged, &values("Anna"))
            .unwrap();
        assert!(content.text.contains(expected), "{}", content.text);
        assert!(content.html.contains(expected), "{}", content.html);
    }
}

#[test]
fn what_a_template_needs_is_asked_for() {
    let missing = |values: Value| Template::VerifyEmail.missing(&values);
    assert_eq!(missing(json!({})), ["code", "expires_at"]);
    assert_eq!(
        missing(json!({"code": 1, "expires_at": "tomorrow"})),
        ["code", "expires_at"]
    );
    assert_eq!(missing(values("Anna")), [""; 0]);
}

#[test]
fn an_address_that_links_cannot_lead_to_is_refused() {
    for url in [
        "",
        "harbour.example",
        "javascript:alert(1)",
        "https://",
        "https://a.example/\"x",
    ] {
        let settings = IdentitySettings {
            mail: MailSettings {
                public_url: url.to_owned(),
                ..settings().mail
            },
            ..settings()
        };
        let refused = Templates::new(&settings).map(|_| ());
        assert!(matches!(refused, Err(TemplatesError::PublicUrl)), "{url}");
    }
}

//! What the tests of logins, codes and passwords share.

use contracts::identity::v1::{RefreshTokenRequest, RefreshTokenResponse};
use eventsourcing::personal::Personal;
use serde_json::Value;
use testing::Caller;
use tonic::Status;
use uuid::Uuid;

use crate::world::World;

impl World {
    pub async fn refresh(&self, token: &str) -> Result<RefreshTokenResponse, Status> {
        let request = RefreshTokenRequest {
            refresh_token: token.to_owned(),
        };
        self.call(Caller::Nobody, request).await
    }

    /// The codes in the letters of a template, the last one at the end.
    pub async fn codes(&self, user_id: &str, template: &str) -> Vec<String> {
        let sealed: Vec<String> = sqlx::query_scalar(
            "select parameters from emails where user_id = $1 and template = $2 order by cause",
        )
        .bind(user_id.parse::<Uuid>().unwrap())
        .bind(template)
        .fetch_all(&self.database().pool())
        .await
        .unwrap();
        let user_id: Uuid = user_id.parse().unwrap();
        let keyring = &self.resources().await.keyring;
        let opener = keyring.opener([user_id]).await.unwrap();
        let code = |sealed: &String| {
            let values: Personal<Value> = Personal::from_sealed(sealed).unwrap();
            let values = opener.open(&values).unwrap().known().unwrap();
            values["code"].as_str().unwrap().to_owned()
        };
        sealed.iter().map(code).collect()
    }

    /// The code in the last letter of a template.
    pub async fn last_code(&self, user_id: &str, template: &str) -> String {
        self.codes(user_id, template).await.pop().unwrap()
    }

    /// The same for one that is sent beside the answer, and may still be on its way.
    pub async fn awaited_code(&self, user_id: &str, template: &str) -> String {
        loop {
            if let Some(code) = self.codes(user_id, template).await.pop() {
                let stored: bool = sqlx::query_scalar(
                    "select exists (select from otps o join emails e on e.cause = o.id \
                     where e.user_id = $1 and e.template = $2)",
                )
                .bind(user_id.parse::<Uuid>().unwrap())
                .bind(template)
                .fetch_one(&self.database().pool())
                .await
                .unwrap();
                if stored {
                    return code;
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// The types of the events of a user.
    pub async fn events_of(&self, user_id: &str) -> Vec<String> {
        sqlx::query_scalar(
            "select event_type from events where aggregate_id = $1 order by sequence",
        )
        .bind(user_id)
        .fetch_all(&self.database().pool())
        .await
        .unwrap()
    }
}

/// Another code of six digits.
pub fn wrong(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

//! The table beside the log that holds password hashes.

use sqlx::{PgConnection, PgPool};

use crate::domain::values::UserId;

/// Password hashes by user. No event carries one.
#[derive(Clone)]
pub struct Credentials {
    pool: PgPool,
}

impl Credentials {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Stores the hash of a user who is to be registered.
    pub async fn store(&self, user_id: UserId, hash: &str) -> Result<(), sqlx::Error> {
        sqlx::query("insert into credentials (user_id, password_hash) values ($1, $2)")
            .bind(user_id.uuid())
            .bind(hash)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The hash of a user's password; `None` for an unknown user.
    pub async fn hash_of(&self, user_id: UserId) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar("select password_hash from credentials where user_id = $1")
            .bind(user_id.uuid())
            .fetch_optional(&self.pool)
            .await
    }

    /// Replaces the hash of a user, in a transaction.
    pub async fn replace(
        &self,
        connection: &mut PgConnection,
        user_id: UserId,
        hash: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("update credentials set password_hash = $2 where user_id = $1")
            .bind(user_id.uuid())
            .bind(hash)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Replaces the hash of a user if it is still the old one, and returns whether it was.
    pub async fn exchange(
        &self,
        connection: &mut PgConnection,
        user_id: UserId,
        old: &str,
        new: &str,
    ) -> Result<bool, sqlx::Error> {
        let exchanged = sqlx::query(
            "update credentials set password_hash = $3 where user_id = $1 and password_hash = $2",
        )
        .bind(user_id.uuid())
        .bind(old)
        .bind(new)
        .execute(connection)
        .await?;
        Ok(exchanged.rows_affected() == 1)
    }

    /// Deletes the hash of a user who was not registered or is being erased.
    pub async fn discard(&self, user_id: UserId) -> Result<(), sqlx::Error> {
        sqlx::query("delete from credentials where user_id = $1")
            .bind(user_id.uuid())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

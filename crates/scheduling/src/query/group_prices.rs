use service::{Page, json_row};
use sqlx::PgPool;
use values::TrainerId;

use crate::projector::GroupDiscountRow;

/// What groups pay a trainer, by number of children, after which a page goes on. A price in a
/// currency that the trainer has left is none.
pub async fn group_prices(
    pool: &PgPool,
    trainer_id: TrainerId,
    page: &Page<u32>,
) -> Result<Vec<GroupDiscountRow>, sqlx::Error> {
    sqlx::query(
        "select to_jsonb(p) from trainer_group_discounts p
         where trainer_id = $1 and ($2::bigint is null or participants > $2)
           and exists (select from known_trainers t
                       where t.trainer_id = p.trainer_id and t.currency = p.currency)
         order by participants limit $3",
    )
    .bind(trainer_id.uuid())
    .bind(page.after.map(i64::from))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}

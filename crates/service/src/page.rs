//! Pages of lists: opaque tokens of keyset cursors.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Rows of a page when the caller does not say.
pub const DEFAULT_SIZE: i64 = 50;
/// Rows of a page at most; a greater wish is cut down to it.
pub const MAX_SIZE: i64 = 200;

/// Which page of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<C> {
    /// How many rows the caller gets at most, 1 to [`MAX_SIZE`].
    pub size: i64,
    /// The cursor of the last row of the page before; `None` on the first page.
    pub after: Option<C>,
}

impl<C> Default for Page<C> {
    fn default() -> Self {
        Self {
            size: DEFAULT_SIZE,
            after: None,
        }
    }
}

impl<C: Serialize> Page<C> {
    /// What to give to `LIMIT`: one row more than the page, to see whether another follows.
    pub fn limit(&self) -> i64 {
        self.size + 1
    }

    /// The messages of a page, from the rows of a query with [`Page::limit`], and the token of the
    /// next page: empty when there is none. Rows that are more than a conversion away from their
    /// messages stay rows.
    pub fn cut<R, M: From<R>>(
        &self,
        mut rows: Vec<R>,
        cursor: impl Fn(&R) -> C,
    ) -> (Vec<M>, String) {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more);
        let next_page_token = last.map(|row| encode(&cursor(row)));
        let messages = rows.into_iter().map(M::from).collect();
        (messages, next_page_token.unwrap_or_default())
    }
}

/// The opaque token of a cursor.
pub fn encode<C: Serialize>(cursor: &C) -> String {
    serde_json::to_vec(cursor)
        .map(|json| URL_SAFE_NO_PAD.encode(json))
        .unwrap_or_default()
}

/// The cursor of a token; `None` for a token that was not made here.
pub fn decode<C: DeserializeOwned>(token: &str) -> Option<C> {
    let json = URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_back_its_cursor() {
        let cursor = (12_i64, "2027-05-01".to_owned());
        assert_eq!(decode(&encode(&cursor)), Some(cursor));
    }

    #[test]
    fn a_foreign_token_gives_nothing() {
        assert_eq!(decode::<i64>("%%"), None);
        assert_eq!(decode::<i64>(&encode(&"text")), None);
    }

    #[test]
    fn only_a_full_page_with_a_row_behind_it_has_a_next_one() {
        let page = Page {
            size: 2,
            after: None,
        };
        let (rows, token) = page.cut(vec![1, 2, 3], |row| *row);
        assert_eq!((rows, decode(&token)), (vec![1, 2], Some(2)));
        let (rows, token) = page.cut(vec![3, 4], |row| *row);
        assert_eq!((rows, token), (vec![3, 4], String::new()));
    }
}

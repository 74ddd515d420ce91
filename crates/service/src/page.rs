//! Pages of lists: opaque tokens of keyset cursors, each good for one list only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts_core::ListRpc;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{Call, FingerprintKey};

/// Rows of a page when the caller does not say.
pub const DEFAULT_SIZE: i64 = 50;
/// Rows of a page at most; a greater wish is cut down to it.
pub const MAX_SIZE: i64 = 200;
/// Bytes of a token's fingerprint.
const SEAL: usize = 32;

/// Which page of a list is wanted.
#[derive(Debug, Clone)]
pub struct Page<C> {
    /// How many rows the caller gets at most, 1 to [`MAX_SIZE`].
    pub size: i64,
    /// The cursor of the last row of the page before; `None` on the first page.
    pub after: Option<C>,
    list: List,
}

/// The list that a page is of: one RPC with one filter, as one caller sees it.
#[derive(Debug, Clone)]
struct List {
    key: FingerprintKey,
    path: &'static str,
    actor: String,
    filter: Vec<u8>,
}

impl<C> Page<C> {
    /// A page of that size of a list that no caller asked for.
    pub fn first(size: i64) -> Self {
        Self {
            size,
            after: None,
            list: List {
                key: FingerprintKey::of_process(),
                path: "",
                actor: String::new(),
                filter: Vec::new(),
            },
        }
    }

    /// The page of that size after a row.
    #[must_use]
    pub fn after(self, cursor: C) -> Self {
        Self {
            after: Some(cursor),
            ..self
        }
    }
}

impl<C: DeserializeOwned> Page<C> {
    /// The page that a request asks for with a size of so many rows; nothing when its token was
    /// not made for this list.
    pub(crate) fn of<M: ListRpc>(call: &Call, request: &M, size: i64) -> Option<Self> {
        let list = List {
            key: call.fingerprint_key.clone(),
            path: M::PATH,
            actor: call.principal.actor(),
            filter: request.without_page().encode_to_vec(),
        };
        let token = request.page_token();
        let after = if token.is_empty() {
            None
        } else {
            Some(list.cursor(token)?)
        };
        Some(Self { size, after, list })
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
        let next_page_token = last.map(|row| self.token(&cursor(row)));
        let messages = rows.into_iter().map(M::from).collect();
        (messages, next_page_token.unwrap_or_default())
    }

    /// The opaque token of the page after a row.
    pub fn token(&self, cursor: &C) -> String {
        let json = serde_json::to_vec(cursor);
        json.map(|json| self.list.token(&json)).unwrap_or_default()
    }
}

impl List {
    /// What the fingerprint of a token covers beside path and caller.
    fn sealed(&self, cursor: &[u8]) -> Vec<u8> {
        let mut message = self.filter.clone();
        message.extend_from_slice(cursor);
        // Where the filter ends, so that none can be continued by a cursor.
        message.extend_from_slice(&(self.filter.len() as u64).to_be_bytes());
        message
    }

    fn token(&self, cursor: &[u8]) -> String {
        let message = self.sealed(cursor);
        let seal = self.key.fingerprint(self.path, &self.actor, &message);
        URL_SAFE_NO_PAD.encode([seal.as_slice(), cursor].concat())
    }

    fn cursor<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (seal, cursor) = token.split_at_checked(SEAL)?;
        let message = self.sealed(cursor);
        let is_ours = self.key.is_of(seal, self.path, &self.actor, &message);
        is_ours.then(|| serde_json::from_slice(cursor).ok())?
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use contracts_core::Rpc;
    use contracts_core::common::v1::Role;
    use uuid::Uuid;

    use crate::auth::Principal;

    use super::*;

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ListThings {
        #[prost(string, tag = "1")]
        pub kind: String,
        #[prost(int32, tag = "2")]
        pub page_size: i32,
        #[prost(string, tag = "3")]
        pub page_token: String,
    }

    impl Rpc for ListThings {
        const SERVICE: &'static str = "things";
        const PATH: &'static str = "/divinetime.things.v1.Things/List";
        type Answer = Self;
    }

    impl ListRpc for ListThings {
        fn page_size(&self) -> i32 {
            self.page_size
        }

        fn page_token(&self) -> &str {
            &self.page_token
        }

        fn without_page(&self) -> Self {
            Self {
                page_size: 0,
                page_token: String::new(),
                ..self.clone()
            }
        }
    }

    fn by(id: u128) -> Call {
        Call::by(Principal::User {
            id: Uuid::from_u128(id),
            role: Role::Parent,
        })
    }

    fn list(kind: &str, page_token: &str) -> ListThings {
        ListThings {
            kind: kind.to_owned(),
            page_token: page_token.to_owned(),
            ..ListThings::default()
        }
    }

    type Cursor = (i64, String);

    fn cursor() -> Cursor {
        (12, "2027-05-01".to_owned())
    }

    fn token(call: &Call, request: &ListThings) -> String {
        let page = Page::<Cursor>::of(call, request, 2).unwrap();
        page.token(&cursor())
    }

    fn after(call: &Call, request: &ListThings) -> Option<Cursor> {
        Page::of(call, request, 2).and_then(|page| page.after)
    }

    #[test]
    fn a_token_gives_back_its_cursor_with_whatever_size() {
        let token = token(&by(1), &list("a", ""));
        let smaller = ListThings {
            page_size: 1,
            ..list("a", &token)
        };
        assert_eq!(after(&by(1), &smaller), Some(cursor()));
    }

    #[test]
    fn a_token_is_good_for_its_list_and_caller_only() {
        let token = token(&by(1), &list("a", ""));
        assert_eq!(after(&by(1), &list("b", &token)), None);
        assert_eq!(after(&by(2), &list("a", &token)), None);
    }

    #[test]
    fn what_was_not_made_here_is_no_token() {
        let whole = token(&by(1), &list("a", ""));
        let bytes = URL_SAFE_NO_PAD.decode(&whole).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(after(&by(1), &list("a", &changed)), None, "{place}");
        }
        let bare = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor()).unwrap());
        for token in ["%%", "\0", "AAAA", &whole[..20], &bare] {
            assert_eq!(after(&by(1), &list("a", token)), None, "{token}");
        }
    }

    #[test]
    fn only_a_full_page_with_a_row_behind_it_has_a_next_one() {
        let page = Page::first(2);
        let (rows, token) = page.cut(vec![1, 2, 3], |row| *row);
        assert_eq!((rows, page.list.cursor(&token)), (vec![1, 2], Some(2)));
        let (rows, token) = page.cut(vec![3, 4], |row| *row);
        assert_eq!((rows, token), (vec![3, 4], String::new()));
    }
}

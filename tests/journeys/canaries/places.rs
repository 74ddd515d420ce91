//! Everywhere a value could have got to.

use std::path::{Path, PathBuf};

use sqlx::PgPool;

use super::search::Search;

/// One place, and something that is known to be there.
pub struct Place {
    pub name: String,
    content: Content,
    /// Not personal; a search that does not find it here is blind.
    marker: Option<String>,
}

enum Content {
    Bytes(Vec<u8>),
    /// All files below the first, except below the others.
    Files(PathBuf, Vec<PathBuf>),
}

impl Place {
    pub fn bytes(name: &str, bytes: Vec<u8>, marker: &str) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Bytes(bytes),
            marker: Some(marker.to_owned()),
        }
    }

    pub fn files(name: &str, directory: PathBuf, except: &[PathBuf], marker: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Files(directory, except.to_vec()),
            marker: marker.map(str::to_owned),
        }
    }

    /// The canaries that are here, as (canary, where), and how many bytes were searched.
    pub fn search(&self, search: &Search) -> (Vec<(usize, String)>, usize) {
        let marker = self.marker.as_deref().map(Search::for_text);
        let (mut found, mut searched, mut seeing) = (Vec::new(), 0, marker.is_none());
        self.each(&mut |part, bytes| {
            searched += bytes.len();
            seeing |= marker
                .as_ref()
                .is_some_and(|marker| !marker.found_in(bytes).is_empty());
            let canaries = search.found_in(bytes);
            found.extend(canaries.into_iter().map(|canary| (canary, part.to_owned())));
        });
        assert!(
            seeing,
            "the search is blind in {}: {:?} is not there",
            self.name, self.marker
        );
        (found, searched)
    }

    fn each(&self, see: &mut impl FnMut(&str, &[u8])) {
        match &self.content {
            Content::Bytes(bytes) => see(&self.name, bytes),
            Content::Files(directory, except) => each_file(directory, except, see),
        }
    }
}

fn each_file(directory: &Path, except: &[PathBuf], see: &mut impl FnMut(&str, &[u8])) {
    for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        if except.contains(&path) {
            continue;
        }
        if path.is_dir() {
            each_file(&path, except, see);
        } else if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            see(&path.display().to_string(), &bytes);
        }
    }
}

/// Every table of every schema, as JSON, one place for each schema.
pub async fn tables(database: &PgPool, markers: &[(&str, &str)]) -> Vec<Place> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select table_schema::text, table_name::text from information_schema.tables \
         where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1, 2",
    )
    .fetch_all(database)
    .await
    .expect("the tables");
    let mut places: Vec<Place> = Vec::new();
    for (schema, table) in tables {
        let sql = format!("select row_to_json(t)::text from {schema}.{table} t");
        let rows: Vec<String> = sqlx::query_scalar(&sql)
            .fetch_all(database)
            .await
            .expect("its rows");
        let marker = markers.iter().find(|(of, _)| *of == schema);
        places.push(Place {
            name: format!("table {schema}.{table}"),
            content: Content::Bytes(rows.join("\n").into_bytes()),
            // Where every command leaves a trace.
            marker: marker
                .filter(|_| table == "events")
                .map(|(_, text)| (*text).to_owned()),
        });
    }
    places
}

//! Lines for whoever sits at the terminal. A reader that has gone away is no error.

use std::fmt::Arguments;
use std::io::{Write as _, stderr, stdout};

use serde::Serialize;

use crate::Failure;

/// A line of the result.
pub fn line(text: Arguments<'_>) {
    let mut out = stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).ok();
}

/// A line of the result that says no more than fits into the terminal, if it goes to one.
pub fn cut_line(text: &str) {
    line(format_args!("{}", cut(text, width())));
}

/// A line beside the result.
pub fn error(text: Arguments<'_>) {
    writeln!(stderr().lock(), "{text}").ok();
}

/// The result as one line of JSON.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(format_args!("{}", serde_json::to_string(value)?));
    Ok(())
}

/// Rows under their titles, each column as wide as its widest cell; numbers to the right.
pub fn table<const N: usize>(titles: [&str; N], rows: &[[String; N]]) {
    for row in aligned(titles, rows) {
        line(format_args!("{row}"));
    }
}

/// The lines of a table: the titles, then the rows.
pub fn aligned<const N: usize>(titles: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([titles[column].len()])
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let padded = |cells: [&str; N]| {
        let cells: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| {
                let number = cell.starts_with(|first: char| first.is_ascii_digit());
                if number {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            })
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    let rows = rows
        .iter()
        .map(|row| padded(std::array::from_fn(|column| row[column].as_str())));
    [padded(titles)].into_iter().chain(rows).collect()
}

/// How many characters a line of the terminal has; `None` where the result goes elsewhere.
fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

/// One line of at most so many characters.
fn cut(text: &str, width: Option<usize>) -> String {
    let line = text.replace(['\n', '\r', '\t'], " ");
    match width {
        Some(width) if line.chars().count() > width => {
            let kept: String = line.chars().take(width.saturating_sub(1)).collect();
            format!("{kept}…")
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_at_the_width_of_the_terminal() {
        assert_eq!(cut("a\nlong line", Some(6)), "a lon…");
        assert_eq!(cut("a\nlong line", Some(11)), "a long line");
        assert_eq!(cut("überall", Some(3)), "üb…");
        assert_eq!(cut("a long line", None), "a long line");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["users", "12"], ["b", "3"]].map(|row| row.map(str::to_owned));
        assert_eq!(
            aligned(["NAME", "EVENTS"], &rows),
            ["NAME   EVENTS", "users      12", "b           3"]
        );
    }
}

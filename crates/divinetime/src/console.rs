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
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([titles[column].len()])
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let print = |cells: [&str; N]| {
        let padded: Vec<String> = cells
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
        line(format_args!("{}", padded.join("  ").trim_end()));
    };
    print(titles);
    for row in rows {
        print(std::array::from_fn(|column| row[column].as_str()));
    }
}

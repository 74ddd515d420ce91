//! Text as people type it: one form of each character, and nothing that cannot be seen.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Why something is no text of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It holds a character that steers what shows it.
    #[error("must not contain control characters")]
    Control,
    /// It has more than one line.
    #[error("must be one line")]
    LineBreak,
    /// It changes the direction in which what stands beside it is read.
    #[error("must not contain characters that change the direction of text")]
    Direction,
    /// Nobody would see it.
    #[error("must have at least one visible character")]
    Invisible,
}

/// A text of one line in the form in which it is stored and shown (Unicode's NFC), without space
/// around it. It may be empty.
///
/// # Errors
/// For control characters, line breaks, characters that change the direction of text, and for a
/// text of which nothing is visible.
pub fn line(text: &str) -> Result<String, TextError> {
    if text.trim().chars().any(is_line_break) {
        return Err(TextError::LineBreak);
    }
    lines(text)
}

/// The same for a text of several lines, which all end with `\n` afterwards.
///
/// # Errors
/// As [`line()`], but for line breaks.
pub fn lines(text: &str) -> Result<String, TextError> {
    let text = text.trim().replace("\r\n", "\n");
    let text: String = text.replace(is_line_break, "\n").nfc().collect();
    if text.chars().any(|it| it.is_control() && it != '\n') {
        return Err(TextError::Control);
    }
    if text.chars().any(changes_direction) {
        return Err(TextError::Direction);
    }
    if !text.is_empty() && !text.chars().any(is_visible) {
        return Err(TextError::Invisible);
    }
    Ok(text)
}

/// What two spellings of one name have in common: the key by which a name is unique. It ignores
/// case, full-width and other compatible forms (Unicode's NFKC), and how much space is between
/// words.
pub fn unique_key(name: &str) -> String {
    let folded: String = name.nfkc().collect();
    // By way of the upper case "ß" and "SS" become one, and so do both kinds of sigma.
    let folded = folded.to_uppercase().to_lowercase();
    let folded: String = folded.nfkc().filter(|it| !is_ignorable(*it)).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A password as it is compared, however it was typed (Unicode's NFKC).
pub fn password(typed: &str) -> String {
    typed.nfkc().collect()
}

fn is_line_break(it: char) -> bool {
    matches!(
        it,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Embeddings, overrides and isolates.
fn changes_direction(it: char) -> bool {
    matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_visible(it: char) -> bool {
    const BLANK_BRAILLE: char = '\u{2800}';
    let is_blank = it.is_whitespace() || it.is_control() || it == BLANK_BRAILLE;
    !is_blank && !is_ignorable(it) && !is_combining_mark(it)
}

/// The characters of Unicode's `Default_Ignorable_Code_Point`, which leave no trace where they are
/// shown.
fn is_ignorable(it: char) -> bool {
    matches!(
        it,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_trimmed_and_composed() {
        assert_eq!(line("  Cafe\u{301} \u{a0}"), Ok("Caf\u{e9}".to_owned()));
        assert_eq!(line(""), Ok(String::new()));
    }

    #[test]
    fn a_line_has_no_break_and_no_control_character() {
        for text in [
            "a\nb",
            "a\rb",
            "a\u{2028}b",
            "a\u{2029}b",
            "a\u{85}b",
            "a\u{b}b",
        ] {
            assert_eq!(line(text), Err(TextError::LineBreak), "{text:?}");
        }
        for text in ["a\0b", "a\u{1b}[31m", "a\u{7f}", "a\tb", "a\u{9b}b"] {
            assert_eq!(line(text), Err(TextError::Control), "{text:?}");
        }
        for text in ["a\u{202e}b", "\u{2066}a\u{2069}"] {
            assert_eq!(line(text), Err(TextError::Direction), "{text:?}");
            assert_eq!(lines(text), Err(TextError::Direction), "{text:?}");
        }
    }

    #[test]
    fn several_lines_keep_their_breaks() {
        assert_eq!(lines("a\r\n\nb\u{2028}c\n"), Ok("a\n\nb\nc".to_owned()));
        assert_eq!(lines("a\0b"), Err(TextError::Control));
    }

    #[test]
    fn what_nobody_sees_is_no_text() {
        let nothing = [
            "\u{200b}",
            "\u{2800}",
            "\u{3164}",
            "\u{feff}",
            "\u{ad}",
            "\u{115f}\u{1160}",
            "\u{e0041}",
            "\u{301}",
            "\u{2800} \u{200d}",
            "\u{fe0f}",
        ];
        for text in nothing {
            assert_eq!(line(text), Err(TextError::Invisible), "{text:?}");
            assert_eq!(lines(text), Err(TextError::Invisible), "{text:?}");
        }
        // A family is several people and what joins them.
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert_eq!(line(family).as_deref(), Ok(family));
        assert_eq!(line("می\u{200c}خواهم").as_deref(), Ok("می\u{200c}خواهم"));
    }

    #[test]
    fn spellings_of_one_name_have_one_key() {
        let same = [
            ("Caf\u{e9}", "CAFE\u{301}"),
            ("Straße", "STRASSE"),
            ("GRÖSSE", "größe"),
            ("\u{ff21}rena", "arena"),
            ("\u{fb01}eld", "FIELD"),
            ("North  Field", "north field"),
            ("ΟΔΟΣ", "οδος"),
            ("No\u{ad}rth", "north"),
        ];
        for (one, other) in same {
            assert_eq!(unique_key(one), unique_key(other), "{one} and {other}");
        }
        assert_ne!(unique_key("Cafe"), unique_key("Café"));
    }

    #[test]
    fn a_password_is_the_same_however_it_was_typed() {
        assert_eq!(password("Cafe\u{301} 12"), password("Caf\u{e9} 12"));
        assert_ne!(password("cafe"), password("CAFE"));
        assert_eq!(password(" a "), " a ");
    }

    proptest! {
        #[test]
        fn a_line_reads_back_as_itself(text in "\\PC*") {
            if let Ok(once) = line(&text) {
                prop_assert_eq!(line(&once), Ok(once.clone()));
                prop_assert_eq!(unique_key(&unique_key(&once)), unique_key(&once));
            }
        }
    }
}

//! Sealed texts are found by keyed tokens of their words, which are computed while a text is clear.
//!
//! Somebody who has the tokens but not the key learns how many words there are and which texts
//! share some, but not which words.

use std::collections::BTreeSet;

use eventsourcing::personal::LookupKey;

/// The purpose of the tokens of trainers' profiles.
const PURPOSE: &str = "trainer.search";
/// Shorter words are left out.
const SHORTEST: usize = 2;
/// A longer word is cut to this length.
const LONGEST: usize = 12;

/// The sorted tokens of every beginning of every word, from two letters on: a name is found while
/// it is typed.
pub fn beginnings(lookup: &LookupKey, text: &str) -> Vec<i64> {
    let beginnings = words(text).into_iter().flat_map(|word| {
        let letters: Vec<char> = word.chars().collect();
        (SHORTEST..=letters.len()).map(move |length| letters[..length].iter().collect::<String>())
    });
    tokens(lookup, &beginnings.collect())
}

/// The sorted tokens of every word. A text is found by words when it has the tokens of all of them.
pub fn whole_words(lookup: &LookupKey, text: &str) -> Vec<i64> {
    tokens(lookup, &words(text))
}

fn tokens(lookup: &LookupKey, words: &BTreeSet<String>) -> Vec<i64> {
    let tokens: BTreeSet<i64> = words
        .iter()
        .map(|word| lookup.token(PURPOSE, word))
        .collect();
    tokens.into_iter().collect()
}

/// The words of a text, folded and cut.
fn words(text: &str) -> BTreeSet<String> {
    folded(text)
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| word.chars().count() >= SHORTEST)
        .map(|word| word.chars().take(LONGEST).collect())
        .collect()
}

/// The text in lower case, without accents and apostrophes.
fn folded(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter(|character| !is_mark(*character))
        .fold(
            String::with_capacity(text.len()),
            |mut folded, character| {
                match plain(character) {
                    Some(plain) => folded.push_str(plain),
                    None => folded.push(character),
                }
                folded
            },
        )
}

/// Whether it is a combining accent or stands for an apostrophe.
fn is_mark(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}' | '\'' | '\u{2019}' | '\u{2bc}' | '`' | '\u{b4}'
    )
}

/// A letter of the alphabets of Europe and of Vietnamese without its accent.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'à'..='å'
        | 'ā'
        | 'ă'
        | 'ą'
        | 'ǎ'
        | 'ạ'
        | 'ả'
        | 'ấ'
        | 'ầ'
        | 'ẩ'
        | 'ẫ'
        | 'ậ'
        | 'ắ'
        | 'ằ'
        | 'ẳ'
        | 'ẵ'
        | 'ặ' => "a",
        'æ' | 'ǽ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ' | 'ẻ' | 'ẽ' | 'ế' | 'ề' | 'ể' | 'ễ' | 'ệ' => {
            "e"
        }
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ǐ' | 'ỉ' | 'ị' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö'
        | 'ø'
        | 'ō'
        | 'ŏ'
        | 'ő'
        | 'ơ'
        | 'ǒ'
        | 'ọ'
        | 'ỏ'
        | 'ố'
        | 'ồ'
        | 'ổ'
        | 'ỗ'
        | 'ộ'
        | 'ớ'
        | 'ờ'
        | 'ở'
        | 'ỡ'
        | 'ợ' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü'
        | 'ũ'
        | 'ū'
        | 'ŭ'
        | 'ů'
        | 'ű'
        | 'ų'
        | 'ư'
        | 'ǔ'
        | 'ụ'
        | 'ủ'
        | 'ứ'
        | 'ừ'
        | 'ử'
        | 'ữ'
        | 'ự' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' | 'ỳ' | 'ỵ' | 'ỷ' | 'ỹ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ё' => "е",
        'й' => "и",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        words(text).into_iter().collect()
    }

    #[test]
    fn words_are_folded_and_cut() {
        assert_eq!(all("Zoë O’Brien-Łukasz"), ["lukasz", "obrien", "zoe"]);
        assert_eq!(all("STRASSE Straße strasse"), ["strasse"]);
        assert_eq!(all("Jose\u{301} JOSÉ"), ["jose"]);
        assert_eq!(all("İlker ılker"), ["ilker"]);
        assert_eq!(all("internationalisation"), ["internationa"]);
        assert_eq!(all("a b, U-9; 7x"), ["7x"]);
        assert_eq!(all(" \n…"), Vec::<String>::new());
    }

    #[test]
    fn words_of_other_alphabets_are_words_too() {
        assert_eq!(all("Жанна Ли"), ["жанна", "ли"]);
        assert_eq!(all("王小明"), ["王小明"]);
    }
}

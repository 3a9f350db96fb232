//! Full-text search that finds Chinese substrings of any length from one index.
//!
//! SQLite's FTS5 splits text at spaces and punctuation, which Chinese does not have. So every
//! Chinese character is made a word of its own on its way into the index, and a search for
//! several in a row is a search for a phrase. Latin letters and digits stay words, of which the
//! beginning is enough.

/// The text to index: each Chinese, Japanese or Korean character its own word, one line a text.
pub fn segment(texts: &[&str]) -> String {
    let mut segmented = String::with_capacity(texts.iter().map(|text| text.len() * 2).sum());
    for text in texts {
        push_segmented(&mut segmented, text);
        // A word of its own, so that no phrase reaches from one text into the next.
        segmented.push_str(" \u{e000} ");
    }
    segmented
}

fn push_segmented(out: &mut String, text: &str) {
    for character in text.chars() {
        if is_ideograph(character) {
            out.extend([' ', character, ' ']);
        } else {
            out.push(character);
        }
    }
}

/// The FTS5 query of what somebody typed: all of its terms, each as a phrase. `None` where there
/// is nothing to search for.
pub fn match_expression(typed: &str) -> Option<String> {
    let phrases: Vec<String> = typed.split_whitespace().filter_map(phrase).collect();
    (!phrases.is_empty()).then(|| phrases.join(" AND "))
}

fn phrase(term: &str) -> Option<String> {
    let mut words = String::new();
    push_segmented(&mut words, term);
    // Only what the index keeps: letters, digits, ideographs. Quotes cannot get in.
    let words: String = words
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let last = words.chars().next_back()?;
    let prefix = if is_ideograph(last) { "" } else { "*" };
    Some(format!("\"{words}\"{prefix}"))
}

fn is_ideograph(character: char) -> bool {
    matches!(u32::from(character),
        0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af
        | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn finds(text: &str, typed: &str) -> bool {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE VIRTUAL TABLE s USING fts5 (text, tokenize = 'unicode61')")
            .unwrap();
        conn.execute("INSERT INTO s VALUES (?1)", [segment(&[text, "第二段"])])
            .unwrap();
        let Some(expression) = match_expression(typed) else {
            return false;
        };
        conn.query_row(
            "SELECT count(*) FROM s WHERE s MATCH ?1",
            [expression],
            |row| row.get(0),
        )
        .unwrap()
    }

    #[test]
    fn chinese_substrings_of_every_length_are_found() {
        let text = "3号电解槽北侧消防通道堵塞，灭火器 MF/ABC4 过期";
        for typed in [
            "槽",
            "消防",
            "防通道",
            "消防通道堵塞",
            "3号",
            "abc4",
            "AB",
            "mf",
            "通道 灭火",
            "号电",
        ] {
            assert!(finds(text, typed), "{typed}");
        }
        for typed in [
            "防消",
            "消防堵塞",
            "bc4",
            "期第",
            "\"",
            "",
            "过期第二",
            "通道 没有",
        ] {
            assert!(!finds(text, typed), "{typed}");
        }
    }

    #[test]
    fn what_somebody_types_is_never_syntax() {
        for typed in [
            "\"消", "AND", "NEAR(", "a OR b", "*", "col:消", "-", "消*防", "(", "^消",
        ] {
            finds("消防 and or near col", typed);
        }
    }
}

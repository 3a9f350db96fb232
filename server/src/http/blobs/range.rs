//! Which bytes of a blob a request asks for, and whether it has them already (RFC 9110, 13 and 14).

use std::ops::Range;

use axum::http::{HeaderMap, header};

/// What is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Nothing: the caller has it.
    Nothing,
    /// Nothing: the range lies outside.
    Outside,
}

/// What a request for a blob of so many bytes, with this entity tag, asks for. More than one range is
/// answered with the whole, as anybody may.
pub(super) fn wanted(headers: &HeaderMap, tag: &str, bytes: u64) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(held) = text(header::IF_NONE_MATCH)
        && held.split(',').any(|held| is_tag(held, tag, true))
    {
        return Wanted::Nothing;
    }
    let Some(range) = text(header::RANGE) else {
        return Wanted::Whole;
    };
    // A blob never changes: only another one's tag, or a date, makes the range moot.
    if text(header::IF_RANGE).is_some_and(|held| !is_tag(held, tag, false)) {
        return Wanted::Whole;
    }
    part(range, bytes)
}

/// Whether a tag of a condition is this one; weak ones match only where the bytes need not be the
/// same.
fn is_tag(held: &str, tag: &str, takes_weak: bool) -> bool {
    let held = held.trim();
    let strong = held.strip_prefix("W/").filter(|_| takes_weak);
    held == "*" && takes_weak || strong.unwrap_or(held) == tag
}

fn part(range: &str, bytes: u64) -> Wanted {
    let Some((unit, set)) = range.split_once('=') else {
        return Wanted::Whole;
    };
    let set = set.trim();
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return Wanted::Whole;
    }
    let Some((first, last)) = set.split_once('-') else {
        return Wanted::Whole;
    };
    let number = |text: &str| -> Option<u64> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a number has lie beyond every blob.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let range = match (number(first.trim()), number(last.trim())) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(bytes),
        (Some(first), None) if last.trim().is_empty() => first..bytes,
        (None, Some(suffix)) if first.trim().is_empty() => bytes.saturating_sub(suffix)..bytes,
        _ => return Wanted::Whole,
    };
    if range.start >= range.end {
        return Wanted::Outside;
    }
    Wanted::Part(range)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const TAG: &str = "\"abc\"";

    fn ask(pairs: &[(header::HeaderName, &str)]) -> Wanted {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect();
        wanted(&headers, TAG, 100)
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let cases = [
            ("bytes=0-9", Wanted::Part(0..10)),
            ("bytes=90-", Wanted::Part(90..100)),
            ("bytes=90-1000", Wanted::Part(90..100)),
            ("bytes=-5", Wanted::Part(95..100)),
            ("bytes=-500", Wanted::Part(0..100)),
            ("Bytes= 5 - 5 ", Wanted::Part(5..6)),
            ("bytes=5-99999999999999999999999", Wanted::Part(5..100)),
            ("bytes=100-", Wanted::Outside),
            ("bytes=-0", Wanted::Outside),
            ("bytes=99999999999999999999999-", Wanted::Outside),
            ("bytes=9-5", Wanted::Whole),
            ("bytes=0-1,5-9", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
            ("bytes", Wanted::Whole),
        ];
        for (text, expected) in cases {
            assert_eq!(ask(&[(header::RANGE, text)]), expected, "{text}");
        }
        assert_eq!(ask(&[]), Wanted::Whole);
    }

    #[test]
    fn conditions_come_first() {
        let range = (header::RANGE, "bytes=0-9");
        let none = |text| ask(&[(header::IF_NONE_MATCH, text), range.clone()]);
        assert_eq!(none("\"x\", W/\"abc\""), Wanted::Nothing);
        assert_eq!(none("*"), Wanted::Nothing);
        assert_eq!(none("\"x\""), Wanted::Part(0..10));
        let still = |text| ask(&[(header::IF_RANGE, text), range.clone()]);
        assert_eq!(still("\"abc\""), Wanted::Part(0..10));
        assert_eq!(still("W/\"abc\""), Wanted::Whole);
        assert_eq!(still("Sat, 31 Oct 2026 16:00:00 GMT"), Wanted::Whole);
    }
}

//! The language that a client asks for: Chinese unless it prefers English.

use axum::http::{HeaderMap, header};
use vanguard_core::catalogue::Language;

/// The language of `Accept-Language` (RFC 9110, 12.5.4) with the highest weight that this program
/// speaks.
pub fn preferred(headers: &HeaderMap) -> Language {
    let text = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut best = (0.0, Language::default());
    for part in text.split(',').take(32) {
        let (range, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let weight: f32 = weight.trim().parse().unwrap_or(0.0);
        let range = range.trim().to_ascii_lowercase();
        let language = match range.split('-').next() {
            Some("zh") => Language::Chinese,
            Some("en") => Language::English,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

/// The language's tag (BCP 47).
pub const fn tag(language: Language) -> &'static str {
    match language {
        Language::Chinese => "zh-CN",
        Language::English => "en",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_that_is_spoken_here_wins() {
        let cases = [
            (None, Language::Chinese),
            (Some("fr"), Language::Chinese),
            (Some("en-GB,en;q=0.9,zh;q=0.8"), Language::English),
            (Some("zh-CN,zh;q=0.9,en;q=0.8"), Language::Chinese),
            (Some("fr, en;q=0.3, zh-Hans;q=0.5"), Language::Chinese),
            (Some(";q=,,en;q=x"), Language::Chinese),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some(text) = text {
                headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            }
            assert_eq!(preferred(&headers), expected, "{text:?}");
        }
    }
}

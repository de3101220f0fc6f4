//! Address patterns of OSC 1.0 ("OSC Message Dispatching and Pattern Matching") within one segment: `?` `*` `[a-c]` `[!a]` `{foo,bar}`.
//!
//! Our own because a `*` must also match nothing, so that `1*` finds cue 1, which `rosc`'s matcher does not do.

/// Longer patterns match nothing: matching is exponential in the number of stars at worst.
const LENGTH_MAX: usize = 64;
/// More stars and braces than this match nothing.
const CHOICES_MAX: usize = 4;

/// True when the text has a pattern in it.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// True when `pattern` fits all of `text`.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let choices = pattern.chars().filter(|c| matches!(c, '*' | '{')).count();
    pattern.len() <= LENGTH_MAX && choices <= CHOICES_MAX && rest_fits(pattern, text)
}

fn rest_fits(pattern: &str, text: &str) -> bool {
    let mut characters = pattern.chars();
    let Some(first) = characters.next() else { return text.is_empty() };
    let after = characters.as_str();
    let mut letters = text.chars();
    match first {
        '*' => text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| rest_fits(after, &text[at..])),
        '?' => letters.next().is_some() && rest_fits(after, letters.as_str()),
        '[' => after
            .split_once(']')
            .is_some_and(|(class, after)| letters.next().is_some_and(|c| in_class(class, c)) && rest_fits(after, letters.as_str())),
        '{' => after
            .split_once('}')
            .is_some_and(|(words, after)| words.split(',').any(|word| text.strip_prefix(word).is_some_and(|text| rest_fits(after, text)))),
        literal => letters.next() == Some(literal) && rest_fits(after, letters.as_str()),
    }
}

fn in_class(class: &str, c: char) -> bool {
    let (negated, class) = class.strip_prefix('!').map_or((false, class), |class| (true, class));
    let letters: Vec<char> = class.chars().collect();
    let mut at = 0;
    let mut found = false;
    while let Some(low) = letters.get(at) {
        if letters.get(at + 1) == Some(&'-')
            && let Some(high) = letters.get(at + 2)
        {
            found |= (*low..=*high).contains(&c);
            at += 3;
        } else {
            found |= *low == c;
            at += 1;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_of_the_standard() {
        for (pattern, text) in [
            ("1*", "1"),
            ("1*", "12.5"),
            ("*", ""),
            ("?2.5", "12.5"),
            ("1[0-3]", "12"),
            ("[!a]b", "cb"),
            ("{12,13}.5", "13.5"),
            ("*.*", "1.2"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("1*", "21"), ("?", ""), ("1[0-3]", "14"), ("[!a]b", "ab"), ("{12,13}", "1"), ("[", "["), ("{", "{"), ("", "1")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_nothing() {
        assert!(!fits(&"*a".repeat(30), &"a".repeat(500)));
    }
}

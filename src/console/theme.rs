//! Colours by role: the 16 of every terminal, or none; lights alone are shown in more where the terminal has them. Words and symbols carry every state; colour only repeats it.

use ratatui::style::{Color, Modifier, Style};

/// How the console looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The 16 colours of every terminal, and lights in 16 million.
    True,
    /// The 16 colours of every terminal, and lights in the 216 of xterm's cube.
    Cube,
    /// The 16 colours of every terminal.
    #[default]
    Sixteen,
    /// Bold, reverse and underline only (`NO_COLOR`).
    Plain,
}

/// What a piece of text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Ordinary text.
    Text,
    /// Worth having, not worth a glance.
    Quiet,
    /// As it should be.
    Good,
    /// Under way.
    Busy,
    /// Look when you can.
    Warn,
    /// Look now.
    Loud,
    /// The bar of NEXT when a GO would go.
    Next,
    /// The bar of NEXT when a GO would be refused.
    NextHeld,
    /// Titles of panes.
    Title,
    /// Names and numbers that the eye looks for.
    Strong,
    /// A key of the keyboard.
    Key,
    /// The mark of a simulation.
    Mark,
    /// The line under the cursor.
    Cursor,
}

impl Theme {
    /// What the environment says of the terminal: no colour when `NO_COLOR` is set and not empty (<https://no-color.org>), 16 million
    /// when `COLORTERM` says so, the cube when `TERM` does.
    #[must_use]
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let (colour, term) = (variable("COLORTERM").unwrap_or_default(), variable("TERM").unwrap_or_default());
        if variable("NO_COLOR").is_some_and(|v| !v.is_empty()) {
            Self::Plain
        } else if matches!(&*colour, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Cube
        } else {
            Self::Sixteen
        }
    }

    /// The style of a role.
    pub(super) fn style(self, role: Role) -> Style {
        let base = Style::new();
        match (self == Self::Plain, role) {
            (_, Role::Text) => base,
            (false, Role::Quiet) => base.fg(Color::DarkGray),
            (false, Role::Good) => base.fg(Color::Green),
            (false, Role::Busy) => base.fg(Color::Cyan),
            (false, Role::Warn) => base.fg(Color::Yellow).add_modifier(Modifier::BOLD),
            (false, Role::Loud) => base.fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
            // Not bold: many terminals brighten bold, and bright black is grey.
            (false, Role::Next) => base.fg(Color::Black).bg(Color::Green),
            (false, Role::NextHeld) => base.fg(Color::Black).bg(Color::Yellow),
            (false, Role::Title) => base.fg(Color::DarkGray),
            (false, Role::Mark) => base.fg(Color::White).bg(Color::Magenta).add_modifier(Modifier::BOLD),
            (false, Role::Cursor) => base.fg(Color::White).bg(Color::Blue),
            (true, Role::Quiet | Role::Good | Role::Busy | Role::Title) => base,
            (true, Role::Next | Role::Loud | Role::Mark) => base.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            (true, Role::NextHeld) => base.add_modifier(Modifier::REVERSED),
            (true, Role::Cursor) => base.add_modifier(Modifier::UNDERLINED),
            (_, Role::Strong | Role::Key | Role::Warn) => base.add_modifier(Modifier::BOLD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_on_a_colour_stays_black_where_bold_is_bright() {
        for (theme, role) in [Theme::True, Theme::Cube, Theme::Sixteen].into_iter().flat_map(|theme| ROLES.map(|role| (theme, role))) {
            let style = theme.style(role);
            let greys = style.fg == Some(Color::Black) && style.add_modifier.contains(Modifier::BOLD);
            assert!(!greys, "{role:?} would be grey on {:?}", style.bg);
        }
        assert_eq!(Theme::Sixteen.style(Role::Next), Style::new().fg(Color::Black).bg(Color::Green));
    }

    const ROLES: [Role; 13] = [
        Role::Text,
        Role::Quiet,
        Role::Good,
        Role::Busy,
        Role::Warn,
        Role::Loud,
        Role::Next,
        Role::NextHeld,
        Role::Title,
        Role::Strong,
        Role::Key,
        Role::Mark,
        Role::Cursor,
    ];

    #[test]
    fn the_terminal_says_how_many_colours_it_has() {
        let of = |set: &[(&str, &str)]| Theme::from_environment(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
        assert_eq!(of(&[("COLORTERM", "truecolor"), ("TERM", "xterm-256color")]), Theme::True);
        assert_eq!(of(&[("COLORTERM", "24bit"), ("NO_COLOR", "")]), Theme::True);
        assert_eq!(of(&[("TERM", "xterm-direct")]), Theme::True);
        assert_eq!(of(&[("TERM", "screen-256color")]), Theme::Cube);
        assert_eq!(of(&[("TERM", "linux")]), Theme::Sixteen);
        assert_eq!(of(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Theme::Plain);
    }
}

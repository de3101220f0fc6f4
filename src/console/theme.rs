//! Colours by role: the 16 of every terminal, or none. Words and symbols carry every state; colour only repeats it.

use ratatui::style::{Color, Modifier, Style};

/// How the console looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
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
    /// No colour when the environment's `NO_COLOR` is set and not empty (<https://no-color.org>).
    #[must_use]
    pub fn from_no_color(value: Option<&str>) -> Self {
        if value.is_some_and(|v| !v.is_empty()) { Self::Plain } else { Self::Sixteen }
    }

    /// The style of a role.
    pub(super) fn style(self, role: Role) -> Style {
        let base = Style::new();
        match (self, role) {
            (_, Role::Text) => base,
            (Self::Sixteen, Role::Quiet) => base.fg(Color::DarkGray),
            (Self::Sixteen, Role::Good) => base.fg(Color::Green),
            (Self::Sixteen, Role::Busy) => base.fg(Color::Cyan),
            (Self::Sixteen, Role::Warn) => base.fg(Color::Yellow).add_modifier(Modifier::BOLD),
            (Self::Sixteen, Role::Loud) => base.fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
            (Self::Sixteen, Role::Next) => base.fg(Color::Black).bg(Color::Green).add_modifier(Modifier::BOLD),
            (Self::Sixteen, Role::NextHeld) => base.fg(Color::Black).bg(Color::Yellow).add_modifier(Modifier::BOLD),
            (Self::Sixteen, Role::Title) => base.fg(Color::DarkGray),
            (Self::Sixteen, Role::Mark) => base.fg(Color::White).bg(Color::Magenta).add_modifier(Modifier::BOLD),
            (Self::Sixteen, Role::Cursor) => base.fg(Color::White).bg(Color::Blue),
            (Self::Plain, Role::Quiet | Role::Good | Role::Busy | Role::Title) => base,
            (Self::Plain, Role::Next | Role::Loud | Role::Mark) => base.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            (Self::Plain, Role::NextHeld) => base.add_modifier(Modifier::REVERSED),
            (Self::Plain, Role::Cursor) => base.add_modifier(Modifier::UNDERLINED),
            (_, Role::Strong | Role::Key | Role::Warn) => base.add_modifier(Modifier::BOLD),
        }
    }
}

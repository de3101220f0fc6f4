//! The one door to standard output and standard error. What goes through it comes from show files, devices and file names: nothing that would
//! act on the terminal is let through ([`crate::show::printable`]). In JSON and in TOML strings an escape means the character itself.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;

use crate::show::printable::printable;

/// Writes a line to standard output. Formats as `println!` does; a reader that has gone (`| head`) is no error.
macro_rules! say {
    ($($text:tt)*) => {
        drop($crate::cli::output::line(format_args!($($text)*)))
    };
}

/// Writes a line to standard error. Formats as `eprintln!` does.
macro_rules! say_err {
    ($($text:tt)*) => {
        $crate::cli::output::err(&format!("{}\n", format_args!($($text)*)))
    };
}

pub(crate) use {say, say_err};

/// Writes a text to standard output.
///
/// # Errors
/// When the reader has gone or the disk is full.
pub fn out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(printable(text).as_bytes()).and_then(|()| out.flush())
}

/// Writes a line to standard output.
///
/// # Errors
/// As [`out`].
pub fn line(text: impl Display) -> io::Result<()> {
    out(&format!("{text}\n"))
}

/// Writes a page to standard output; on a terminal it takes the place of what is there.
///
/// # Errors
/// As [`out`].
pub fn page(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        out.write_all(b"\x1b[H\x1b[2J")?;
    }
    writeln!(out, "{}", printable(text)).and_then(|()| out.flush())
}

/// Writes a text to standard error. Where that goes nowhere, there is nobody to tell.
pub fn err(text: &str) {
    let _ = io::stderr().lock().write_all(printable(text).as_bytes());
}

/// Writes a text with colours of our own to standard error; every other sequence is shown as text.
pub fn err_coloured(text: &str) {
    let _ = io::stderr().lock().write_all(coloured(text).as_bytes());
}

/// Whether standard error takes colours: a terminal, and `NO_COLOR` is not set.
#[must_use]
pub fn err_takes_colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether standard output is a terminal.
#[must_use]
pub fn out_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Leaves colours (ECMA-48, select graphic rendition: `ESC [ digits m`) in a text and shows everything else that acts.
fn coloured(text: &str) -> String {
    let mut pieces = text.split('\x1b');
    let mut out = printable(pieces.next().unwrap_or_default()).into_owned();
    for piece in pieces {
        let parameters = piece.strip_prefix('[').and_then(|rest| rest.split_once('m'));
        match parameters.filter(|(digits, _)| digits.bytes().all(|b| b.is_ascii_digit() || b == b';' || b == b':')) {
            Some((digits, rest)) => out.extend(["\x1b[", digits, "m", &printable(rest)]),
            None => out.extend([&*printable("\x1b"), &*printable(piece)]),
        }
    }
    out
}

/// Says a panic through the door: its message may hold what a device or a file told. `RUST_BACKTRACE=1` adds the way there.
pub fn panics_too() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let payload = info.payload();
        let message = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let thread = std::thread::current();
        let way = std::backtrace::Backtrace::capture();
        say_err!(
            "showcall: fault in the program, thread {} at {place}: {}",
            thread.name().unwrap_or("without a name"),
            message.unwrap_or("")
        );
        if way.status() == std::backtrace::BacktraceStatus::Captured {
            say_err!("{way}");
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_pass_and_nothing_else_that_acts() {
        assert_eq!(coloured("\x1b[31;1mred\x1b[0m plain\n"), "\x1b[31;1mred\x1b[0m plain\n");
        assert_eq!(coloured("\x1b[2Jgone \x1b]0;title\x07 \x1b[31\x1b[5n"), "\\u001b[2Jgone \\u001b]0;title\\u0007 \\u001b[31\\u001b[5n");
        assert_eq!(coloured("\x1b[38:5:1m\u{202e}"), "\x1b[38:5:1m\\u202e");
    }
}

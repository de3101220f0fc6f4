//! The loop: keys in, intents out, at most 30 frames a second. It takes the terminal and gives it back on every way out.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::act;
use super::bytes::{Press, Reader};
use super::ui::View;
use super::{Seat, Theme, Ui, draw};
use crate::engine::{Intent, KeyPhase, Snapshot};
use crate::show::Show;
use crate::time::Span;

/// No more than 30 frames a second.
const FRAME: Duration = Duration::from_millis(33);
/// Clocks and countdowns move at least this often.
const CLOCKS: Duration = Duration::from_millis(100);
/// Asks for kitty's keyboard flags, then for the primary attributes, which every terminal answers.
const ASK_KEYBOARD: &[u8] = b"\x1b[?u\x1b[c";

type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Where the bytes of the keyboard come from.
pub trait Input {
    /// Waits at most `timeout` for bytes; `None` when none came.
    ///
    /// # Errors
    /// The terminal is gone.
    fn read(&mut self, timeout: Duration) -> io::Result<Option<Vec<u8>>>;
}

/// How a console is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Colours or none.
    pub theme: Theme,
    /// What leaving means.
    pub leaving: Leaving,
    /// A clock that never steps back; the console reads no other.
    pub clock: fn() -> Duration,
}

/// What leaving the console means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// It ends the show: [`Intent::Quit`] is sent.
    EndsShow,
    /// The show goes on without this console.
    LeavesShow,
}

/// How a console ended.
#[derive(Debug)]
pub enum Ended {
    /// The word was typed.
    Left,
    /// The terminal is gone; the show goes on headless.
    TerminalLost(io::Error),
    /// The run is over or its process is gone, and why.
    Gone(Arc<str>),
}

/// Runs a console in this process's terminal until it ends.
///
/// # Errors
/// When the terminal cannot be taken at all.
pub fn run(seat: &dyn Seat, input: &mut dyn Input, options: Options) -> io::Result<Ended> {
    let mut taken = Taken::take()?;
    let backend = CrosstermBackend::new(BufWriter::with_capacity(16 * 1024, io::stdout()));
    let mut screen = Terminal::new(backend)?;
    screen.backend_mut().write_all(ASK_KEYBOARD)?;
    let mut console = Console::new(seat, options);
    loop {
        if let Some(why) = seat.gone() {
            return Ok(Ended::Gone(why));
        }
        if let Err(error) = console.frame(&mut screen) {
            return Ok(Ended::TerminalLost(error));
        }
        let pressed = match input.read(console.wait()) {
            Ok(Some(bytes)) => console.reader.feed((options.clock)(), &bytes),
            Ok(None) => console.reader.tick((options.clock)()),
            Err(error) => return Ok(Ended::TerminalLost(error)),
        };
        for press in pressed {
            if press == Press::Reports && !console.reports {
                console.reports = taken.ask_for_releases().is_ok();
            }
            if console.press(press) {
                return Ok(Ended::Left);
            }
        }
    }
}

/// Everything of one run but the terminal.
struct Console<'a> {
    seat: &'a dyn Seat,
    options: Options,
    show: Arc<Show>,
    snap: Arc<Snapshot>,
    arrived: Duration,
    ui: Ui,
    reader: Reader,
    reports: bool,
    drawn: Option<Duration>,
    stale: bool,
    /// The seat knows that the lights are looked at.
    looks: bool,
}

impl<'a> Console<'a> {
    fn new(seat: &'a dyn Seat, options: Options) -> Self {
        Self {
            show: seat.show(),
            snap: seat.snapshot(),
            arrived: (options.clock)(),
            ui: Ui::new(options.theme, seat.read_only(), options.leaving == Leaving::EndsShow),
            reader: Reader::default(),
            reports: false,
            drawn: None,
            stale: true,
            looks: false,
            seat,
            options,
        }
    }

    /// Looks for a newer snapshot, and draws when it is time to.
    fn frame(&mut self, screen: &mut Screen) -> io::Result<()> {
        let now = (self.options.clock)();
        let newest = self.seat.snapshot();
        if !Arc::ptr_eq(&newest, &self.snap) {
            // The same instant again, as an attached console gets it, is no sign of life.
            if newest.now != self.snap.now {
                self.arrived = now;
            }
            self.snap = newest;
            self.show = self.seat.show();
            self.stale = true;
        }
        self.look();
        let since = self.drawn.map_or(CLOCKS, |at| now.saturating_sub(at));
        if since < FRAME || !(self.stale || since >= CLOCKS) {
            return Ok(());
        }
        let lead = Span(u64::try_from(now.saturating_sub(self.arrived).as_nanos()).unwrap_or(u64::MAX));
        self.ui.see(&self.show, &self.snap, lead);
        screen.draw(|frame| draw(&self.show, &self.snap, &self.ui, frame))?;
        self.ui.drawn(&self.snap);
        self.drawn = Some(now);
        self.stale = false;
        Ok(())
    }

    /// Looks at the lights while they are shown.
    fn look(&mut self) {
        let on = self.ui.view == View::Lights;
        if on != self.looks && self.seat.look(on) {
            self.looks = on;
        }
        if on {
            self.seat.monitor().want();
            self.stale |= self.ui.frames.look(self.seat.monitor());
        }
    }

    /// How long the keyboard may be waited for.
    fn wait(&self) -> Duration {
        let now = (self.options.clock)();
        self.reader.due().map_or(FRAME, |due| due.saturating_sub(now).min(FRAME))
    }

    /// Applies what came from the keyboard; true when the console ends.
    fn press(&mut self, press: Press) -> bool {
        self.stale = true;
        let now = self.ui.now(&self.snap);
        let (key, kind) = match press {
            Press::Key(key, kind) => (key, kind),
            Press::Pasted(_) => {
                self.ui.say("pasted text was not taken", now);
                return false;
            }
            Press::Reports => return false,
        };
        let asked = act::press(&self.show, &self.snap, &mut self.ui, key, kind);
        if let Some(intent) = asked.intent {
            let phase = match (self.reports, &intent) {
                (_, Intent::GoReleased) => KeyPhase::Release,
                (true, _) => KeyPhase::Press,
                (false, _) => KeyPhase::Legacy,
            };
            if let Err(busy) = self.seat.send(intent, phase) {
                self.ui.say(busy.to_string(), now);
            }
        }
        if asked.end && self.options.leaving == Leaving::EndsShow && self.seat.send(Intent::Quit, KeyPhase::Legacy).is_err() {
            self.ui.say(super::Busy.to_string(), now);
            return false;
        }
        asked.end
    }
}

/// The terminal while it is ours; dropping gives it back, on a panic too.
struct Taken {
    releases: bool,
}

impl Taken {
    fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let taken = Self { releases: false };
        queue!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        io::stdout().flush()?;
        Ok(taken)
    }

    /// Kitty's flags: every key with its release, and the characters that shift makes.
    fn ask_for_releases(&mut self) -> io::Result<()> {
        let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES
            | KeyboardEnhancementFlags::REPORT_EVENT_TYPES
            | KeyboardEnhancementFlags::REPORT_ALTERNATE_KEYS
            | KeyboardEnhancementFlags::REPORT_ALL_KEYS_AS_ESCAPE_CODES;
        self.releases = true;
        queue!(io::stdout(), PushKeyboardEnhancementFlags(flags))?;
        io::stdout().flush()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // On a terminal that is gone nothing of this can work, and nobody is left to tell.
        let mut out = io::stdout();
        if self.releases {
            let _ = queue!(out, PopKeyboardEnhancementFlags);
        }
        let _ = queue!(out, DisableBracketedPaste, cursor::Show, LeaveAlternateScreen);
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}

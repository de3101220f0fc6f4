//! What every pane needs: the scene, styles, and names of things that may not be there.

use ratatui::style::Style;

use super::keys::Scene;
use super::row::Row;
use super::theme::Role;
use super::ui::Ui;
use crate::engine::Snapshot;
use crate::rundown::Rundown;
use crate::show::{Cue, CueIx, DeptIx, Device, DeviceIx, ListIx, Show};
use crate::time::{Mono, Span};

/// A snapshot older than this comes from a stage that stands still.
const FROZEN: Span = Span::secs(1);

/// One frame in the making.
pub(super) struct Screen<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) show: &'a Show,
    pub(super) snap: &'a Snapshot,
    pub(super) ui: &'a Ui,
    /// The instant of the frame.
    pub(super) now: Mono,
    /// The day of the list that is shown.
    pub(super) day: Rundown,
}

impl<'a> Screen<'a> {
    pub(super) fn new(scene: Scene<'a>) -> Self {
        let Scene { show, snap, ui } = scene;
        let now = ui.now(snap);
        Self { scene, show, snap, ui, now, day: snap.rundown(show, ui.list(), now) }
    }

    /// The stage has said nothing for so long that the screen may be untrue; it makes a snapshot ten times a second.
    pub(super) fn frozen(&self) -> bool {
        self.ui.lead >= FROZEN
    }

    pub(super) fn style(&self, role: Role) -> Style {
        self.ui.theme.style(role)
    }

    pub(super) fn row(&self, text: impl AsRef<str>, role: Role) -> Row {
        Row::new().put(text, self.style(role))
    }

    pub(super) fn list(&self) -> ListIx {
        self.ui.list()
    }

    pub(super) fn cue(&self, ix: CueIx) -> Option<&'a Cue> {
        self.show.cues.get(ix.at())
    }

    pub(super) fn device(&self, ix: DeviceIx) -> Option<&'a Device> {
        self.show.devices.get(ix.at())
    }

    /// How long an instant has passed.
    pub(super) fn since(&self, at: Mono) -> Span {
        self.now.since(at)
    }

    /// How long until an instant.
    pub(super) fn until(&self, at: Mono) -> Span {
        at.since(self.now)
    }

    /// The wall clock of an instant, `19:42:07`.
    pub(super) fn clock_at(&self, at: Mono) -> String {
        super::clock::hms(self.snap, at)
    }

    /// Whom to call: `Sound, comms A, ring 2`.
    pub(super) fn department(&self, ix: Option<DeptIx>) -> Option<String> {
        let department = self.show.departments.get(ix?.at())?;
        Some(match &department.contact {
            Some(contact) => format!("{}, {contact}", department.name),
            None => department.name.to_string(),
        })
    }

    /// Whom to call about a device.
    pub(super) fn owner(&self, device: Option<DeviceIx>) -> Option<String> {
        self.department(self.device(device?)?.department)
    }

    /// The name of the department that owns a device: `Sound`.
    pub(super) fn department_name(&self, device: Option<DeviceIx>) -> Option<&'a str> {
        let department = self.device(device?)?.department?;
        self.show.departments.get(department.at()).map(|department| &*department.name)
    }

    /// ` → Sound, comms A, ring 2`, or nothing.
    pub(super) fn call(&self, device: Option<DeviceIx>) -> String {
        self.owner(device).map_or_else(String::new, |who| format!(" → {who}"))
    }

    /// A pane's title, ruled to its width.
    pub(super) fn title(&self, title: &str, width: usize) -> Row {
        let row = self.row(format!("─ {title} "), Role::Title);
        let rest = width.saturating_sub(row.width());
        row.put("─".repeat(rest), self.style(Role::Title))
    }
}

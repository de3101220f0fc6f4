//! What a journal line holds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::{ActionId, Input, Mode, Note};
use crate::show::DeviceIx;
use crate::time::{Mono, Wall};

/// The format that this version writes; a reader refuses another.
pub const FORMAT: u32 = 2;

/// One line: a numbered, timed entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Rises by one from line to line, through every resume; a checkpoint repeats the number that it stands after.
    pub seq: u64,
    /// The show's clock.
    pub mono: Mono,
    /// What.
    pub entry: Entry,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// The first line of a file.
    Header(Box<Header>),
    /// A process takes the run over: the first one, and after each resume the next.
    Process(Process),
    /// An input, written before it is applied. Replay applies it again.
    Input(Input),
    /// The bytes of this action are about to leave. Written before they do.
    Sending {
        /// The action.
        action: ActionId,
        /// To which device.
        device: DeviceIx,
    },
    /// A line of the as-run record; derived from inputs.
    Note(Note),
    /// The whole state after the record with this line's number.
    Checkpoint(Box<Checkpoint>),
    /// So many reports and notes were lost because the ring was full.
    Lost {
        /// How many.
        count: u64,
    },
    /// Something of the stage itself: the terminal was lost, a signal came.
    Stage {
        /// In words.
        text: String,
    },
    /// The run ended in order.
    End {
        /// Why: `quit`, `SIGTERM`.
        why: String,
    },
}

/// What a journal belongs to: enough to run it again without the show's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: u32,
    /// The showcall that wrote it.
    pub showcall: String,
    /// Names the run: no two runs share it.
    pub run: u64,
    /// The show's title.
    pub title: String,
    /// Live or simulation.
    pub mode: Mode,
    /// SHA-256 of the sources, in hex.
    pub hash: String,
    /// Name and text of the show's file and of the profiles that it uses.
    pub sources: Arc<[(String, String)]>,
}

/// The process that writes from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The kernel's boot id: the clock's base is only the same within one.
    pub boot: String,
    /// The wall clock at this line's `mono`.
    pub wall: Wall,
    /// Where the show's clock starts on the machine's own (time since boot, in ns); the same through a boot.
    pub base: u64,
}

/// A state to start from instead of the first input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Actions whose sending was begun and not known to be finished.
    pub open: Vec<ActionId>,
    /// The engine's own state.
    pub engine: EngineState,
}

/// The engine's state as the JSON it wrote; read only when a resume starts from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EngineState(pub Box<serde_json::value::RawValue>);

impl PartialEq for EngineState {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Entry {
    /// Whether the show can be resumed without this line: it may be dropped when the ring is nearly full.
    #[must_use]
    pub fn droppable(&self) -> bool {
        use crate::engine::Report;
        match self {
            Self::Note(_) => true,
            Self::Input(Input::Device { report, .. }) => !matches!(report, Report::Sent { .. }),
            _ => false,
        }
    }
}

/// SHA-256 over names and texts, in hex. Each is preceded by its length, so no two sets of sources give the same bytes.
#[must_use]
pub fn hash(sources: &[(String, String)]) -> String {
    use sha2::{Digest, Sha256};
    let mut sha = Sha256::new();
    for part in sources.iter().flat_map(|(name, text)| [name, text]) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part.as_bytes());
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

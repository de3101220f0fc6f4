//! What a show refers to outside its own text.

/// A text that holds a secret, and who may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its content.
    pub text: String,
    /// Only its owner may read it.
    pub private: bool,
}

/// Where secrets are looked for that a show names and does not hold.
pub trait Outside {
    /// `secrets.toml` beside the show; `None` when there is none.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn secrets(&self) -> Result<Option<Kept>, String>;

    /// A file by its path as the show gives it: from the show's folder.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn file(&self, path: &str) -> Result<Kept, String>;

    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
}

/// What stands for a secret that is not asked for.
const BLANK: &str = "***";

/// For a show that comes out of a journal or from another process: it is looked at, it sends nothing, so it needs no secret.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Outside for Nothing {
    fn secrets(&self) -> Result<Option<Kept>, String> {
        Ok(None)
    }

    fn file(&self, _: &str) -> Result<Kept, String> {
        Ok(Kept { text: BLANK.to_owned(), private: true })
    }

    fn variable(&self, _: &str) -> Option<String> {
        Some(BLANK.to_owned())
    }
}

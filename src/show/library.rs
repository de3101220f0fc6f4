//! All profiles that a show can name: its own, those of a folder, those built in.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::Profile;
use super::fault::Fault;
use super::fixture::FixtureProfile;
use super::{fixture_text, profile_text};

/// Every file under `hardware-profiles/`, by its path there.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

/// Profiles by key; what was added last is found first.
#[derive(Debug, Default)]
pub struct Library {
    sources: Vec<Source>,
}

/// One profile file, read when it is first asked for.
#[derive(Debug)]
pub struct Source {
    /// Where it comes from, as a person would open it.
    pub name: String,
    /// Its whole text.
    pub text: std::borrow::Cow<'static, str>,
    read: OnceLock<Read>,
}

/// A file as it was read.
#[derive(Debug)]
enum Read {
    Device(Arc<Profile>),
    Fixture(Arc<FixtureProfile>),
    Broken { fixture: bool, faults: Vec<Fault> },
}

impl Source {
    fn new(name: impl Into<String>, text: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { name: name.into(), text: text.into(), read: OnceLock::new() }
    }

    /// The key that shows use.
    #[must_use]
    pub fn key(&self) -> &str {
        key_of(&self.name)
    }

    fn read(&self) -> &Read {
        self.read.get_or_init(|| {
            let fixture = fixture_text::is_fixture(&self.text);
            let read = if fixture {
                fixture_text::parse(self.key(), &self.text).map(|one| Read::Fixture(Arc::new(one)))
            } else {
                profile_text::parse(self.key(), &self.text).map(|one| Read::Device(Arc::new(one)))
            };
            read.unwrap_or_else(|faults| Read::Broken { fixture, faults })
        })
    }

    /// What is wrong in it; empty when it can be used.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        match self.read() {
            Read::Broken { faults, .. } => faults,
            _ => &[],
        }
    }

    fn is_fixture(&self) -> bool {
        matches!(self.read(), Read::Fixture(_) | Read::Broken { fixture: true, .. })
    }
}

/// The key of a profile's file: its name without folder and ending.
#[must_use]
pub fn key_of(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    file.strip_suffix(".toml").unwrap_or(file)
}

impl Library {
    /// The profiles that the program carries.
    #[must_use]
    pub fn builtin() -> Self {
        Self { sources: BUILT_IN.iter().map(|(name, text)| Source::new(*name, *text)).collect() }
    }

    /// Adds one text, found before what is there already.
    #[must_use]
    pub fn with_source(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.sources.push(Source::new(name, text.into()));
        self
    }

    /// Adds every `.toml` of a folder and of its `fixtures/`, found before what is there already.
    ///
    /// # Errors
    /// When the folder or a file in it can not be read; names it.
    pub fn with_dir(mut self, folder: &Path) -> std::io::Result<Self> {
        for folder in [folder.join("fixtures"), folder.to_path_buf()] {
            if !folder.is_dir() && folder.ends_with("fixtures") {
                continue;
            }
            let named = |path: &Path, e: std::io::Error| std::io::Error::new(e.kind(), format!("{}: {e}", path.display()));
            let mut files = Vec::new();
            for entry in std::fs::read_dir(&folder).map_err(|e| named(&folder, e))? {
                let path = entry?.path();
                if path.extension().is_some_and(|ending| ending == "toml") {
                    files.push(path);
                }
            }
            files.sort();
            for path in files {
                let text = std::fs::read_to_string(&path).map_err(|e| named(&path, e))?;
                self.sources.push(Source::new(path.to_string_lossy().into_owned(), text));
            }
        }
        Ok(self)
    }

    /// The device profile of a key; `None` when there is none or it has faults ([`Library::source`] tells which).
    #[must_use]
    pub fn profile(&self, key: &str) -> Option<Arc<Profile>> {
        match self.source(key, false)?.read() {
            Read::Device(profile) => Some(profile.clone()),
            _ => None,
        }
    }

    /// The fixture profile of a key; `None` when there is none or it has faults.
    #[must_use]
    pub fn fixture(&self, key: &str) -> Option<Arc<FixtureProfile>> {
        match self.source(key, true)?.read() {
            Read::Fixture(fixture) => Some(fixture.clone()),
            _ => None,
        }
    }

    /// The file that a key stands for, its text and its faults.
    #[must_use]
    pub fn source(&self, key: &str, fixture: bool) -> Option<&Source> {
        self.sources.iter().rev().find(|source| source.key() == key && source.is_fixture() == fixture)
    }

    /// The keys of all device profiles, sorted; those with faults too.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        self.keys_of(false)
    }

    /// The keys of all fixture profiles, sorted; those with faults too.
    #[must_use]
    pub fn fixture_keys(&self) -> Vec<&str> {
        self.keys_of(true)
    }

    fn keys_of(&self, fixture: bool) -> Vec<&str> {
        let keys: BTreeSet<&str> = self.sources.iter().filter(|source| source.is_fixture() == fixture).map(Source::key).collect();
        keys.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_built_in_profile_loads() {
        let library = Library::builtin();
        for source in &library.sources {
            assert_eq!(source.faults(), [], "{}", source.name);
        }
        assert!(library.profile("behringer-x32").is_some());
        assert!(library.fixture("generic-rgbw").is_some());
        assert!(library.profile("generic-rgbw").is_none(), "a fixture is no device");
    }

    #[test]
    fn what_lies_beside_the_show_is_found_first() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("fixtures")).unwrap();
        let dimmer = "maker = \"Own\"\nmodel = \"One\"\nfootprint = 1\n[[channel]]\nattribute = \"Dimmer\"\nslot = 1\n";
        std::fs::write(folder.path().join("fixtures/generic-rgbw.toml"), dimmer).unwrap();
        std::fs::write(folder.path().join("broken.toml"), "maker = 3").unwrap();
        let library = Library::builtin().with_dir(folder.path()).unwrap();
        assert_eq!(library.fixture("generic-rgbw").map(|one| one.maker.to_string()), Some("Own".into()));
        assert!(library.profile("behringer-x32").is_some(), "the others are still there");
        assert!(library.profile("broken").is_none());
        assert!(!library.source("broken", false).unwrap().faults().is_empty());
        assert!(Library::builtin().with_dir(&folder.path().join("nowhere")).is_err());
    }
}

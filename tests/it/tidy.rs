//! The house rules as a test: who may know whom, what may be called where, and how large things may grow.
//!
//! Reads the syntax tree, so words in comments and strings do not count, and code under `#[cfg(test)]` is left out of
//! the dependency and call rules (not of the size limits).

use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Lines of a file at the most, and of the median file.
const FILE_MAX: usize = 600;
const MEDIAN_MAX: usize = 200;
/// Lines of a function at the most.
const FUNCTION_MAX: usize = 80;

/// (room, rooms it may name). A room may always name itself; `time` is ring 0.
const RINGS: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("show", &["time"]),
    ("light", &["time", "show"]),
    ("rundown", &["time", "show"]),
    ("import", &["time", "show"]),
    ("device_api", &["time", "show"]),
    ("engine", &["time", "show", "light", "rundown", "device_api"]),
    ("devices", &["time", "show", "device_api"]),
    ("links", &["time", "show", "device_api", "devices"]),
    ("console", &["time", "show", "light", "engine", "rundown", "remote"]),
    ("remote", &["time", "show", "light", "engine", "rundown"]),
    ("stage", &["*"]),
    ("cli", &["*"]),
    ("main", &["*"]),
    ("lib", &["*"]),
];

/// (what, the end of the path, rooms where it may stand).
const BANNED: &[(&str, &[&str], &[&str])] = &[
    ("reads a clock", &["Instant", "now"], &["stage", "links", "cli"]),
    ("reads a clock", &["SystemTime"], &["stage", "links", "cli"]),
    ("reads a clock", &["Timestamp", "now"], &["stage", "links", "cli"]),
    ("reads a clock", &["Zoned", "now"], &["stage", "links", "cli"]),
    ("sleeps or makes a thread", &["std", "thread"], &["stage", "links", "cli"]),
    ("sleeps or makes a thread", &["thread", "sleep"], &["stage", "links", "cli"]),
    ("sleeps or makes a thread", &["thread", "spawn"], &["stage", "links", "cli"]),
    ("waits", &["tokio"], &["stage", "links", "cli", "console", "remote"]),
    ("is random", &["rand"], &[]),
    ("is random", &["RandomState"], &[]),
    ("opens a socket", &["UdpSocket"], &["links"]),
    ("opens a socket", &["TcpStream"], &["links"]),
    ("opens a socket", &["TcpListener"], &["links"]),
    ("opens a socket", &["socket2"], &["links"]),
    ("is a system call", &["libc"], &["links"]),
    ("opens a MIDI port", &["midir"], &["links"]),
];

/// What writes to the terminal, and the files that may: the door, the console's screen, and what lends and keeps stderr.
const DOOR: [[&str; 2]; 7] =
    [["print", "!"], ["println", "!"], ["eprint", "!"], ["eprintln", "!"], ["dbg", "!"], ["io", "stdout"], ["io", "stderr"]];
const DOORS: [&str; 4] = ["cli/output.rs", "console/run.rs", "cli/terminal.rs", "links/sys.rs"];

/// Rooms whose results must not depend on an iteration order or on rounding.
const EXACT: &[(&str, &[&str])] = &[("engine", &["HashMap", "HashSet", "f32", "f64"]), ("rundown", &["HashMap", "HashSet", "f32", "f64"])];

/// The one file that may hold `unsafe`.
const UNSAFE_IN: &str = "links/sys.rs";

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// `engine/stop.rs` is in `engine`, `time.rs` in `time`.
fn room(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// A file that is only compiled for tests: `tests.rs`, or in a folder `tests`.
fn is_test_file(path: &Path) -> bool {
    path.iter().any(|part| part == "tests.rs" || part == "tests" || part == "testkit.rs" || part == "testkit")
}

/// Paths, functions and `unsafe` of a file's product code.
#[derive(Default)]
struct Reader {
    paths: Vec<(usize, Vec<String>)>,
    functions: Vec<(usize, usize, String)>,
    unsafes: Vec<usize>,
    test_depth: usize,
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg") && quote_tokens(attribute).split(|c: char| !c.is_alphanumeric()).any(|w| w == "test"))
    })
}

fn quote_tokens(attribute: &syn::Attribute) -> String {
    match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    }
}

impl Reader {
    fn function(&mut self, span: proc_macro2::Span, name: &syn::Ident) {
        self.functions.push((span.start().line, span.end().line - span.start().line + 1, name.to_string()));
    }

    fn path(&mut self, line: usize, parts: Vec<String>) {
        if self.test_depth == 0 {
            self.paths.push((line, parts));
        }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, prefix: &[String]) {
        match tree {
            syn::UseTree::Path(path) => {
                let mut prefix = prefix.to_vec();
                prefix.push(path.ident.to_string());
                self.use_tree(&path.tree, &prefix);
            }
            syn::UseTree::Name(name) => self.used(name.ident.span(), prefix, Some(name.ident.to_string())),
            syn::UseTree::Rename(rename) => self.used(rename.ident.span(), prefix, Some(rename.ident.to_string())),
            syn::UseTree::Glob(glob) => self.used(glob.span(), prefix, None),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.use_tree(item, prefix)),
        }
    }

    fn used(&mut self, span: proc_macro2::Span, prefix: &[String], last: Option<String>) {
        let mut parts = prefix.to_vec();
        parts.extend(last);
        self.path(span.start().line, parts);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let test = is_test(&item.attrs);
        self.test_depth += usize::from(test);
        visit::visit_item_mod(self, item);
        self.test_depth -= usize::from(test);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let test = is_test(&item.attrs);
        self.test_depth += usize::from(test);
        self.use_tree(&item.tree, &[]);
        self.test_depth -= usize::from(test);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(item.span(), &item.sig.ident);
        let test = is_test(&item.attrs);
        self.test_depth += usize::from(test);
        visit::visit_item_fn(self, item);
        self.test_depth -= usize::from(test);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let test = is_test(&item.attrs);
        self.test_depth += usize::from(test);
        visit::visit_item_impl(self, item);
        self.test_depth -= usize::from(test);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(item.span(), &item.sig.ident);
        let test = is_test(&item.attrs);
        self.test_depth += usize::from(test);
        visit::visit_impl_item_fn(self, item);
        self.test_depth -= usize::from(test);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(path.span().start().line, path.segments.iter().map(|s| s.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last() {
            self.path(call.path.span().start().line, vec![name.ident.to_string(), "!".to_owned()]);
        }
        visit::visit_macro(self, call);
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.unsafes.push(block.span().start().line);
        visit::visit_expr_unsafe(self, block);
    }
}

/// `super::super::show::X` in `engine/a/b.rs` names `show`; `crate::show::X` anywhere does.
fn names_room(path: &Path, parts: &[String]) -> Option<String> {
    match parts.first()?.as_str() {
        "crate" | "showcall" => parts.get(1).cloned(),
        "super" => {
            let ups = parts.iter().take_while(|part| *part == "super").count();
            let is_mod = path.file_name().is_some_and(|name| name == "mod.rs");
            let depth = path.components().count() - usize::from(is_mod);
            if ups >= depth { parts.get(ups).cloned() } else { None }
        }
        _ => None,
    }
}

fn ends_or_holds(parts: &[String], pattern: &[&str]) -> bool {
    parts.windows(pattern.len()).any(|window| window.iter().zip(pattern).all(|(a, b)| a == b))
}

fn read(text: &str, path: &Path) -> Reader {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Reader::default();
    reader.visit_file(&file);
    reader
}

#[test]
fn arrows_point_inward_only() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        if is_test_file(&path) {
            continue;
        }
        let room = room(&path);
        let Some((_, allowed)) = RINGS.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{}: the plan has no room \"{room}\"", path.display()));
            continue;
        };
        let rooms: Vec<&str> = RINGS.iter().map(|(name, _)| *name).collect();
        for (line, parts) in read(&text, &path).paths {
            let Some(named) = names_room(&path, &parts) else { continue };
            if rooms.contains(&named.as_str()) && named != room && !allowed.contains(&"*") && !allowed.contains(&named.as_str()) {
                faults.push(format!("{}:{line}: {room} names {named}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn clocks_threads_sockets_and_chance_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        if is_test_file(&path) {
            continue;
        }
        let room = room(&path);
        let reader = read(&text, &path);
        for (line, parts) in &reader.paths {
            for (what, pattern, allowed) in BANNED {
                if ends_or_holds(parts, pattern) && !allowed.contains(&room.as_str()) {
                    faults.push(format!("{}:{line}: {} {what}", path.display(), parts.join("::")));
                }
            }
            for (exact, names) in EXACT {
                if room == *exact && parts.iter().any(|part| names.contains(&part.as_str())) {
                    faults.push(format!("{}:{line}: {} in {room}", path.display(), parts.join("::")));
                }
            }
        }
        if path != Path::new(UNSAFE_IN) {
            faults.extend(reader.unsafes.iter().map(|line| format!("{}:{line}: unsafe outside {UNSAFE_IN}", path.display())));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn files_and_functions_stay_small() {
    let mut faults = Vec::new();
    let mut lengths = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        lengths.push(lines);
        if lines > FILE_MAX {
            faults.push(format!("{}: {lines} lines (at most {FILE_MAX}): is it one room, or two", path.display()));
        }
        for (line, length, name) in read(&text, &path).functions {
            if length > FUNCTION_MAX {
                faults.push(format!("{}:{line}: {name} has {length} lines (at most {FUNCTION_MAX})", path.display()));
            }
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN_MAX, "the median file has {median} lines (at most {MEDIAN_MAX})");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The rules themselves can fail: a reader that saw nothing would pass everything.
#[test]
fn the_rules_see_what_they_forbid() {
    let text = "use crate::{links::udp, time::Mono}; fn f() { let _ = std::time::Instant::now(); unsafe { g() } }
        #[cfg(test)] mod tests { use crate::stage::clock; fn t() { std::thread::sleep(d) } }";
    let reader = read(text, Path::new("engine/x.rs"));
    let rooms: Vec<_> = reader.paths.iter().filter_map(|(_, parts)| names_room(Path::new("engine/x.rs"), parts)).collect();
    assert_eq!(rooms, ["links", "time"]);
    assert!(reader.paths.iter().any(|(_, parts)| ends_or_holds(parts, &["Instant", "now"])));
    assert!(!reader.paths.iter().any(|(_, parts)| ends_or_holds(parts, &["thread", "sleep"])));
    assert_eq!(reader.unsafes.len(), 1);
    assert_eq!(
        names_room(Path::new("engine/a/b.rs"), &["super".into(), "super".into(), "super".into(), "links".into()]),
        Some("links".into())
    );
}

#[test]
fn everything_is_printed_through_one_door() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        if is_test_file(&path) || DOORS.iter().any(|door| path.ends_with(door)) {
            continue;
        }
        for (line, parts) in read(&text, &path).paths {
            if DOOR.iter().any(|door| ends_or_holds(&parts, door)) {
                faults.push(format!("{}:{line}: {} writes past cli/output.rs", path.display(), parts.join("::")));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

//! Lists `hardware-profiles/**/*.toml`, so that the program carries every profile of the repository.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=hardware-profiles");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("hardware-profiles");
    let mut files = Vec::new();
    collect(&root, "", &mut files)?;
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        code.push_str(&format!("(\"{file}\", include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/hardware-profiles/{file}\"))),\n"));
    }
    code.push_str("]\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("profiles.rs"), code)
}

/// Adds the profiles of a folder and those below it, as paths from `hardware-profiles` with forward slashes.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else if name.ends_with(".toml") {
            files.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

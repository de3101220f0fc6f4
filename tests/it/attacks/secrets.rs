//! What a run leaves behind: for its own user alone, and without a password in it.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

/// Every way in which a show gives a password, each with one of its own.
const SECRETS: [&str; 6] = ["s3cr3t-remote", "s3cr3t-obs", "s3cr3t-pjlink", "s3cr3t-line", "s3cr3t-http", "s3cr3t-qlab"];

fn show(folder: &Path) {
    let device =
        |key: &str, profile: &str, more: &str| format!("[device.{key}]\nprofile = \"{profile}\"\naddress = \"127.0.0.1\"\n{more}\n");
    let mut text = format!(
        "[show]\ntitle = \"T\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[safe]\ntell = \"x\"\n[remote]\npasscode = \"{}\"\n",
        SECRETS[0]
    );
    text += &device("obs", "obs-studio", &format!("password = \"{}\"\nscenes = {{ a = \"A\" }}", SECRETS[1]));
    text += &device("beamer", "generic-pjlink-class-1", "password = { file = \"beamer.password\" }");
    text += &device("matrix", "extron-sis", "password = { env = \"SHOWCALL_TEST_MATRIX\" }");
    text += &device("web", "own-http", "");
    text += &device("qlab", "qlab-osc", &format!("# password = \"{}\"", SECRETS[5]));
    text += "[[cue]]\nnumber = \"1\"\nname = \"C\"\ndo = [{ take = { on = \"obs\", source = \"a\" } }]\n";
    std::fs::write(folder.join("show.toml"), text.replace("source = \"a\"", "scene = \"a\"")).unwrap();
    std::fs::write(folder.join("secrets.toml"), format!("[device.qlab]\npassword = \"{}\"\n", SECRETS[5])).unwrap();
    std::fs::write(folder.join("beamer.password"), format!("{}\n", SECRETS[2])).unwrap();
    std::fs::create_dir(folder.join("profiles")).unwrap();
    let profile = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("hardware-profiles/generic-http.toml")).unwrap();
    let own = profile.replace("headers = {", &format!("headers = {{ Authorization = \"Bearer {}\",", SECRETS[4]));
    assert!(own.contains(SECRETS[4]), "{own}");
    std::fs::write(folder.join("profiles/own-http.toml"), own).unwrap();
}

fn showcall(folder: &Path, arguments: &[&str]) -> String {
    let line = format!("umask 022; exec '{}' {}", env!("CARGO_BIN_EXE_showcall"), arguments.join(" "));
    let mut command = Command::new("sh");
    command
        .args(["-c", &line])
        .current_dir(folder)
        .env("SHOWCALL_TEST_MATRIX", SECRETS[3])
        .env("SHOWCALL_LOG", "trace")
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn no_file_of_a_run_is_for_others_or_holds_a_password() {
    let folder = tempfile::tempdir().unwrap();
    show(folder.path());
    let says = showcall(folder.path(), &["check", "."]);
    assert_eq!(says.matches("open-secret").count(), 5, "remote, obs, the file, the profile and secrets.toml are told: {says}");
    let run = ["run", ".", "--headless", "--simulate", "--play", "--fresh", "--osc", "127.0.0.1:0"];
    let mut all = vec![says, showcall(folder.path(), &run)];
    assert!(all[1].contains("\"over\""), "{}", all[1]);
    let journal = folder.path().join("journal");
    assert_eq!(journal.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&journal).unwrap() {
        let path = entry.unwrap().path();
        let found = path.metadata().unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600, "{}", path.display());
        if !found.file_type().is_socket() {
            all.push(String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
            files += 1;
        }
    }
    assert!(files >= 3, "the run, its log and its lock");
    all.push(showcall(folder.path(), &["report", ".", "--json"]));
    all.push(showcall(folder.path(), &["replay", "."]));
    assert!(all.last().unwrap().contains("the same as the original"), "{:?}", all.last());
    for (text, secret) in all.iter().flat_map(|text| SECRETS.map(|secret| (text, secret))) {
        assert!(!text.contains(secret), "{secret} stands in: {text}");
    }
    // Another password is no other show.
    let changed = std::fs::read_to_string(folder.path().join("show.toml")).unwrap().replace(SECRETS[1], "another one");
    std::fs::write(folder.path().join("show.toml"), changed).unwrap();
    let resumed = showcall(folder.path(), &["run", ".", "--headless", "--simulate", "--play", "--resume", "--osc", "127.0.0.1:0"]);
    assert!(resumed.contains("\"ready\""), "{resumed}");
}

//! A private network of two hosts: 10.9.0.1 here and 10.9.0.2 over there, in network namespaces that end with the test.
//!
//! Works for root, and for anybody where user namespaces are allowed.

use std::process::{Child, Command, Stdio};

/// Says in a test's child process that it is inside.
const INSIDE: &str = "SHOWCALL_TEST_NAMESPACE";

/// This machine's user is root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n")
}

/// Whether a peer is there. Loud when not, and a failure where peers are required.
pub fn have(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    if !found {
        skip(&format!("{program} is not installed"));
    }
    found
}

/// Says that a test has not been done, or fails where peers are required.
pub fn skip(why: &str) {
    assert!(std::env::var_os("SHOWCALL_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{why}: run tests/peers/setup.sh");
    eprintln!("SKIPPED: {why}");
}

/// `unshare` with what this user needs to make networks.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !is_root() {
        command.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    command.arg("--net");
    command
}

/// The arguments that make this binary run one test alone, also one that is ignored.
pub fn alone<T: Fn()>(_test: T) -> [&'static str; 4] {
    // "it::module::test"; the harness leaves the crate out.
    let (_, name) = std::any::type_name::<T>().split_once("::").unwrap();
    ["--exact", name, "--nocapture", "--include-ignored"]
}

/// True in the child process that runs `test` in a network of its own. Outside it runs that child and gives false.
pub fn inside<T: Fn()>(test: T) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if !have("unshare") || !have("nsenter") || !have("ip") {
        return false;
    }
    if !unshare().arg("true").status().is_ok_and(|s| s.success()) {
        skip("this user may not make network namespaces");
        return false;
    }
    let me = std::env::current_exe().unwrap();
    let arguments = alone(test);
    let status = unshare().arg(me).args(arguments).env(INSIDE, "1").status().unwrap();
    assert!(status.success(), "it failed in its namespace: {arguments:?}");
    false
}

/// The two hosts, while it lives.
pub struct Lan {
    holder: Child,
}

impl Lan {
    /// Brings the network up.
    pub fn up() -> Self {
        let holder = Command::new("unshare").args(["--net", "sleep", "600"]).spawn().unwrap();
        let lan = Self { holder };
        let here = std::fs::read_link("/proc/self/ns/net").unwrap();
        while std::fs::read_link(format!("/proc/{}/ns/net", lan.holder.id())).is_ok_and(|there| there == here) {
            std::thread::yield_now();
        }
        let there = lan.holder.id().to_string();
        ip(&["link", "set", "lo", "up"]);
        ip(&["link", "add", "here", "type", "veth", "peer", "name", "there", "netns", &there]);
        ip(&["addr", "add", "10.9.0.1/24", "brd", "+", "dev", "here"]);
        ip(&["link", "set", "here", "up"]);
        for args in
            [&["link", "set", "lo", "up"][..], &["addr", "add", "10.9.0.2/24", "brd", "+", "dev", "there"], &["link", "set", "there", "up"]]
        {
            let status = lan.there("ip").args(args).status().unwrap();
            assert!(status.success(), "ip {args:?}");
        }
        lan
    }

    /// A command on the other host.
    pub fn there(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--net", "--"]).arg(program);
        command
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        end(&mut self.holder);
    }
}

/// Ends a child of ours.
pub fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

/// Sets something of this host's network.
pub fn ip(args: &[&str]) {
    assert!(Command::new("ip").args(args).status().unwrap().success(), "ip {args:?}");
}

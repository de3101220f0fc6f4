//! A private network of two hosts: 10.9.0.1 here and 10.9.0.2 over there, in network namespaces that end with the test.
//!
//! Works for root, and for anybody where user namespaces are allowed.

use std::process::{Child, Command};

use super::peer;

/// Says in a test's child process on which host it is.
const SIDE: &str = "SHOWCALL_TEST_HOST";
const HERE: &str = "here";
const THERE: &str = "there";

/// This machine's user is root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n")
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

/// Runs the body in a network of its own: in a child process that runs this test alone.
pub fn inside<T: Fn()>(test: T, body: impl FnOnce()) {
    on_two_hosts(test, body, || unreachable!("nobody starts the other half"));
}

/// The same for a test in two halves: the second runs as [`Lan::other_half`] on the other host.
pub fn on_two_hosts<T: Fn()>(test: T, here: impl FnOnce(), there: impl FnOnce()) {
    match std::env::var(SIDE).as_deref() {
        Ok(HERE) => here(),
        Ok(_) => there(),
        Err(_) => {
            ["unshare", "nsenter", "ip"].iter().for_each(|name| peer::program(name));
            assert!(unshare().arg("true").status().unwrap().success(), "this user may not make network namespaces");
            let done = alone(unshare(), test, HERE).output().unwrap();
            print!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            assert!(done.status.success(), "it failed in its network");
        }
    }
}

/// The command goes on with this binary, which runs one test alone.
fn alone<T: Fn()>(mut command: Command, _test: T, side: &str) -> Command {
    // "it::module::test"; the harness leaves the crate out.
    let (_, name) = std::any::type_name::<T>().split_once("::").unwrap();
    command.arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture", "--include-ignored"]).env(SIDE, side);
    command
}

#[test]
fn a_test_that_runs_alone_is_found_by_its_name() {
    let list = alone(Command::new("env"), a_test_that_runs_alone_is_found_by_its_name, HERE).arg("--list").output().unwrap();
    let found = String::from_utf8(list.stdout).unwrap();
    assert!(found.contains("common::lan::a_test_that_runs_alone_is_found_by_its_name: test\n"), "{found}");
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
        let mut command = self.enter();
        command.arg(program);
        command
    }

    /// The second half of this test, on the other host.
    pub fn other_half<T: Fn()>(&self, test: T) -> Command {
        alone(self.enter(), test, THERE)
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--net", "--"]);
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

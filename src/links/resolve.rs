//! Host names to addresses on a thread of its own: a name server that does not answer never delays a GO.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use crossbeam_queue::ArrayQueue;

use super::sys::Wake;

/// The address that a host is, when it is written as one.
#[must_use]
pub fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// A question's ticket, and what came of it.
pub type Answer = (u64, Result<SocketAddr, Arc<str>>);

/// Asks the system's resolver, one name after another.
#[derive(Debug)]
pub struct Resolver {
    state: Arc<State>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    questions: ArrayQueue<(u64, Arc<str>, u16)>,
    answers: ArrayQueue<Answer>,
    over: AtomicBool,
    wake: Wake,
}

impl Resolver {
    /// Starts the thread; `wake` rings when there is an answer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(wake: Wake) -> io::Result<Self> {
        let (questions, answers) = (ArrayQueue::new(256), ArrayQueue::new(256));
        let state = Arc::new(State { questions, answers, over: AtomicBool::new(false), wake });
        let own = state.clone();
        let thread = Builder::new().name("resolver".into()).spawn(move || own.run())?;
        Ok(Self { state, thread })
    }

    /// Asks for a host. False: too many questions wait; ask again later.
    #[must_use]
    pub fn ask(&self, ticket: u64, host: &str, port: u16) -> bool {
        let taken = self.state.questions.push((ticket, host.into(), port)).is_ok();
        self.thread.thread().unpark();
        taken
    }

    /// The next answer.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        self.state.answers.pop()
    }
}

impl Drop for Resolver {
    /// Does not wait for the thread: it may be in a question that takes long.
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }
}

impl State {
    fn run(&self) {
        while !self.over.load(Ordering::Acquire) {
            let Some((ticket, host, port)) = self.questions.pop() else {
                std::thread::park();
                continue;
            };
            // IPv4 first: show networks are, and a device that has both answers there.
            let answer = match (&*host, port).to_socket_addrs() {
                Ok(found) => {
                    let mut found: Vec<SocketAddr> = found.collect();
                    found.sort_by_key(SocketAddr::is_ipv6);
                    found.first().copied().ok_or_else(|| Arc::from(format!("host \"{host}\" has no address")))
                }
                Err(e) => Err(Arc::from(format!("host \"{host}\" is not known here ({e})"))),
            };
            drop(self.answers.force_push((ticket, answer)));
            self.wake.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::links::sys::Poller;
    use std::os::fd::AsFd;

    #[test]
    fn an_address_needs_no_resolver() {
        assert_eq!(literal("10.1.2.3"), Some(IpAddr::from([10, 1, 2, 3])));
        assert_eq!(literal("[::1]").map(|ip| ip.is_loopback()), Some(true));
        assert_eq!(literal("foh.local"), None);
    }

    #[test]
    fn answers_carry_their_ticket() {
        let (wake, mut poller) = (Wake::new().unwrap(), Poller::new().unwrap());
        poller.add(wake.as_fd(), 0).unwrap();
        let resolver = Resolver::start(wake).unwrap();
        assert!(resolver.ask(5, "localhost", 80));
        poller.wait(None).unwrap();
        let (ticket, address) = resolver.answer().unwrap();
        assert_eq!(ticket, 5);
        assert!(address.is_ok_and(|a| a.ip().is_loopback() && a.port() == 80));
    }
}

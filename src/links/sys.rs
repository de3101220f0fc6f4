//! What the kernel offers and std does not: waiting with nanosecond grain, real-time priority, shared memory.
//!
//! The only file with `unsafe`. Every function here is safe to call; each `unsafe` block says why it is sound.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::unix::AsyncFd;

use crate::time::{Mono, Span, Wall};

/// Turns the kernel's `-1` into an error.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn read_clock(clock: libc::clockid_t) -> i64 {
    let mut ts = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `ts` is a valid place for one timespec.
    unsafe { libc::clock_gettime(clock, &raw mut ts) };
    ts.tv_sec.saturating_mul(1_000_000_000).saturating_add(ts.tv_nsec)
}

/// Time since the machine was started, suspended time included (CLOCK_BOOTTIME).
#[must_use]
pub fn boottime() -> Mono {
    Mono(u64::try_from(read_clock(libc::CLOCK_BOOTTIME)).unwrap_or(0))
}

/// CPU time of the calling thread.
#[must_use]
pub fn thread_cpu() -> Span {
    Span(u64::try_from(read_clock(libc::CLOCK_THREAD_CPUTIME_ID)).unwrap_or(0))
}

/// The wall clock (CLOCK_REALTIME).
#[must_use]
pub fn wall() -> Wall {
    Wall(read_clock(libc::CLOCK_REALTIME))
}

/// Has the kernel wake this thread within 1 ns of its timeouts instead of 50 us.
///
/// # Errors
/// What the kernel says.
pub fn tighten_timer_slack() -> io::Result<()> {
    // SAFETY: PR_SET_TIMERSLACK takes one integer and touches no memory.
    check(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_u64, 0_u64, 0_u64, 0_u64) }).map(drop)
}

/// Asks for SCHED_FIFO on the calling thread alone; what it starts later runs as usual (SCHED_RESET_ON_FORK).
/// Takes a lower priority when the limits of the user allow no more. Gives the priority that was granted.
///
/// # Errors
/// Why it was refused and what the technician can do, for the console.
pub fn ask_real_time(priority: u8) -> Result<u8, String> {
    let ask = |priority: libc::c_int| {
        let param = libc::sched_param { sched_priority: priority };
        // SAFETY: `param` is a valid sched_param; thread 0 is the caller.
        check(unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &raw const param) })
    };
    let wanted = libc::c_int::from(priority.clamp(1, 99));
    let Err(refusal) = ask(wanted) else { return Ok(priority.clamp(1, 99)) };
    let allowed = allowed_priority().min(wanted);
    if allowed > 0 && ask(allowed).is_ok() {
        return Ok(u8::try_from(allowed).unwrap_or(1));
    }
    Err(format!("real-time priority refused ({refusal}): timed actions may be some ms late on a busy machine (allow rtprio in limits.d)"))
}

/// The highest real-time priority that the user's limits allow.
fn allowed_priority() -> libc::c_int {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for one rlimit.
    let got = unsafe { libc::getrlimit(libc::RLIMIT_RTPRIO, &raw mut limit) };
    if got == 0 { libc::c_int::try_from(limit.rlim_cur).unwrap_or(99) } else { 0 }
}

/// Gives freed memory back to the system, once, after loading.
pub fn trim_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim may be called at any time from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Waits for many file descriptors at once. A poller is itself one descriptor, so pollers nest.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
    keys: Vec<u64>,
    /// The kernel knows `epoll_pwait2` (5.11 and later).
    exact: bool,
}

impl Poller {
    /// How many ready descriptors one wait can give.
    pub const BATCH: usize = 64;

    /// An empty one.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        // SAFETY: epoll_create1 takes flags only.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: `fd` is fresh and owned by nobody else.
        let epoll = unsafe { OwnedFd::from_raw_fd(fd) };
        let empty = libc::epoll_event { events: 0, u64: 0 };
        Ok(Self { epoll, events: vec![empty; Self::BATCH], keys: Vec::with_capacity(Self::BATCH), exact: true })
    }

    /// Watches a descriptor for input, level-triggered; `key` comes back from [`Poller::wait`].
    /// A descriptor that is closed leaves by itself.
    ///
    /// # Errors
    /// What the kernel says (already watched, not pollable).
    pub fn add(&self, fd: BorrowedFd<'_>, key: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: key };
        // SAFETY: both descriptors are open for the call and `event` is valid.
        check(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd.as_raw_fd(), &raw mut event) }).map(drop)
    }

    /// Stops watching a descriptor.
    ///
    /// # Errors
    /// When it was not watched.
    pub fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        // SAFETY: both descriptors are open for the call; DEL takes no event.
        check(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_DEL, fd.as_raw_fd(), std::ptr::null_mut()) }).map(drop)
    }

    /// Waits until something is ready or `timeout` has passed (`None`: for ever) and gives the keys of what is ready.
    /// A signal ends the wait early with no keys.
    ///
    /// # Errors
    /// What the kernel says; never because of a signal.
    pub fn wait(&mut self, timeout: Option<Span>) -> io::Result<&[u64]> {
        self.keys.clear();
        let ready = match self.ready(timeout) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => 0,
            other => other?,
        };
        for event in self.events.iter().take(ready) {
            self.keys.push(event.u64);
        }
        Ok(&self.keys)
    }

    /// [`Poller::wait`] until an instant of [`boottime`].
    ///
    /// # Errors
    /// As [`Poller::wait`].
    pub fn wait_until(&mut self, deadline: Mono) -> io::Result<&[u64]> {
        self.wait(Some(deadline.since(boottime())))
    }

    fn ready(&mut self, timeout: Option<Span>) -> io::Result<usize> {
        let limit = libc::c_int::try_from(self.events.len()).unwrap_or(1);
        let spec = timeout.map(timespec);
        let pointer = spec.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        if self.exact {
            // SAFETY: `events` has room for `limit` events, `pointer` is null or a valid timespec, no signal mask.
            let ready = unsafe {
                libc::syscall(
                    libc::SYS_epoll_pwait2,
                    self.epoll.as_raw_fd(),
                    self.events.as_mut_ptr(),
                    limit,
                    pointer,
                    std::ptr::null::<libc::sigset_t>(),
                    0_usize,
                )
            };
            if ready >= 0 {
                return Ok(usize::try_from(ready).unwrap_or(0));
            }
            let error = io::Error::last_os_error();
            // Old kernels, and containers whose filter does not know the call, answer ENOSYS or EPERM.
            if !matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) {
                return Err(error);
            }
            self.exact = false;
        }
        let mut poll = libc::pollfd { fd: self.epoll.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd, null or valid timespec, no signal mask.
        check(unsafe { libc::ppoll(&raw mut poll, 1, pointer, std::ptr::null()) })?;
        // SAFETY: `events` has room for `limit` events.
        let ready = check(unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), self.events.as_mut_ptr(), limit, 0) })?;
        Ok(usize::try_from(ready).unwrap_or(0))
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

fn timespec(span: Span) -> libc::timespec {
    let secs = libc::time_t::try_from(span.0 / 1_000_000_000).unwrap_or(libc::time_t::MAX);
    libc::timespec { tv_sec: secs, tv_nsec: libc::c_long::try_from(span.0 % 1_000_000_000).unwrap_or(0) }
}

/// Wakes a poller from another thread: an eventfd. Clones ring the same bell.
#[derive(Debug, Clone)]
pub struct Wake(Arc<OwnedFd>);

impl Wake {
    /// A silent one.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes a count and flags only.
        let fd = check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: `fd` is fresh and owned by nobody else.
        Ok(Self(Arc::new(unsafe { OwnedFd::from_raw_fd(fd) })))
    }

    /// Rings. Never blocks; many rings before a [`Wake::clear`] are one.
    pub fn ring(&self) {
        let one = 1_u64.to_ne_bytes();
        // SAFETY: eight valid bytes. The only failure is a full counter, which is as loud as it gets.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Silences it; say this before looking at what it announces.
    pub fn clear(&self) {
        let mut count = [0_u8; 8];
        // SAFETY: eight valid bytes. Fails only when it was silent.
        unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    }
}

impl Wake {
    /// The same bell as a tokio task hears it.
    ///
    /// # Errors
    /// When the runtime has no reactor, or the process no descriptor left.
    pub fn in_task(&self) -> io::Result<AsyncFd<Self>> {
        // SAFETY: the clone inside keeps the descriptor open for as long as the AsyncFd lives, and always gives the same one.
        unsafe { AsyncFd::register(self.clone()) }.map_err(io::Error::from)
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Wake {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// A file's bytes as memory that outlives the process: what is stored is there after `kill -9`.
///
/// All access is by atomic words of 8 bytes, so that one thread may write while another reads.
#[derive(Debug)]
pub struct SharedMap {
    start: *const AtomicU64,
    words: usize,
}

// SAFETY: the memory is only reached through atomics and lives until drop.
unsafe impl Send for SharedMap {}
// SAFETY: as above.
unsafe impl Sync for SharedMap {}

impl SharedMap {
    /// Maps a file (open for reading and writing), which is made `words` words long; what it held stays.
    ///
    /// # Errors
    /// What the kernel says: a full disk, a file system without shared maps.
    pub fn of(file: &File, words: usize) -> io::Result<Self> {
        let bytes = words.checked_mul(8).filter(|b| *b > 0).ok_or(io::ErrorKind::InvalidInput)?;
        let length = libc::off_t::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
        // A hole in the file would be a SIGBUS on a full disk: have every block given now.
        // SAFETY: `file` is open.
        let given = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) };
        if given != 0 {
            return Err(io::Error::from_raw_os_error(given));
        }
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh shared map of `bytes` bytes of an open file that is that long.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { start: start.cast(), words })
    }

    /// Its words.
    #[must_use]
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: the map is page-aligned, `words` long, lives as long as `self`; any bits are a valid AtomicU64.
        unsafe { std::slice::from_raw_parts(self.start, self.words) }
    }

    /// Copies bytes in from word `at` on; a last word that is not full is filled with zeros. False: they do not fit, nothing is stored.
    #[must_use]
    pub fn store(&self, at: usize, bytes: &[u8]) -> bool {
        let Some(place) = at.checked_add(bytes.len().div_ceil(8)).and_then(|end| self.words().get(at..end)) else { return false };
        for (word, chunk) in place.iter().zip(bytes.chunks(8)) {
            let mut full = [0_u8; 8];
            for (to, from) in full.iter_mut().zip(chunk) {
                *to = *from;
            }
            word.store(u64::from_ne_bytes(full), Ordering::Relaxed);
        }
        true
    }

    /// Copies bytes out from word `at` on. False: there are not so many.
    #[must_use]
    pub fn load(&self, at: usize, bytes: &mut [u8]) -> bool {
        let Some(place) = at.checked_add(bytes.len().div_ceil(8)).and_then(|end| self.words().get(at..end)) else { return false };
        for (word, chunk) in place.iter().zip(bytes.chunks_mut(8)) {
            let full = word.load(Ordering::Relaxed).to_ne_bytes();
            for (to, from) in chunk.iter_mut().zip(full) {
                *to = from;
            }
        }
        true
    }
}

impl Drop for SharedMap {
    fn drop(&mut self) {
        // SAFETY: exactly what mmap gave; no borrow of it can outlive `self`.
        unsafe { libc::munmap(self.start.cast_mut().cast(), self.words * 8) };
    }
}

/// Sends what others print on stderr to nowhere, or to a file, while it lives: sound libraries speak there, into the console's screen.
#[derive(Debug)]
pub struct QuietStderr(Option<OwnedFd>);

impl QuietStderr {
    /// Silences stderr; when that is not possible it stays as it is.
    #[must_use]
    pub fn new() -> Self {
        Self(File::options().write(true).open("/dev/null").and_then(|nowhere| Self::redirect(&nowhere)).ok())
    }

    /// Sends stderr to a file; to nowhere when that is not possible.
    #[must_use]
    pub fn to(file: &File) -> Self {
        Self::redirect(file).map_or_else(|_| Self::new(), |saved| Self(Some(saved)))
    }

    fn redirect(to: &File) -> io::Result<OwnedFd> {
        let saved = io::stderr().as_fd().try_clone_to_owned()?;
        // SAFETY: both descriptors are open; stderr is replaced as a whole.
        check(unsafe { libc::dup2(to.as_raw_fd(), libc::STDERR_FILENO) })?;
        Ok(saved)
    }
}

impl Default for QuietStderr {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for QuietStderr {
    fn drop(&mut self) {
        if let Some(saved) = self.0.take() {
            // SAFETY: both descriptors are open; stderr is put back as it was.
            unsafe { libc::dup2(saved.as_raw_fd(), libc::STDERR_FILENO) };
        }
    }
}

/// Becomes readable when a link of this machine goes up or down, or an address or a way to a network comes or goes (rtnetlink).
#[derive(Debug)]
pub struct NetworkChanges(OwnedFd);

impl NetworkChanges {
    /// Watches from here on.
    ///
    /// # Errors
    /// When the system lets nobody watch.
    pub fn watch() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: socket takes three integers.
        let fd = check(unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) })?;
        // SAFETY: `fd` is fresh and owned by nobody else.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: all zeros is a valid sockaddr_nl: an address of the kernel's choice, no groups.
        let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
        address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
        address.nl_groups = (libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV4_ROUTE) as u32;
        let length = std::mem::size_of::<libc::sockaddr_nl>() as libc::socklen_t;
        // SAFETY: `address` is a valid sockaddr_nl of that length.
        check(unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length) })?;
        Ok(Self(fd))
    }

    /// Forgets what has changed; what that was is asked elsewhere. Too many changes at once are a change as well.
    pub fn clear(&self) {
        let mut buffer = [0_u8; 4096];
        for _ in 0..1024 {
            // SAFETY: `buffer` is valid for its length.
            let read = unsafe { libc::recv(self.0.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0) };
            if read < 0 && io::Error::last_os_error().raw_os_error() != Some(libc::ENOBUFS) {
                return;
            }
        }
    }
}

impl AsFd for NetworkChanges {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Has the kernel stamp each datagram with the wall clock as it arrives (SO_TIMESTAMPNS); read by [`receive_stamped`].
///
/// # Errors
/// What the kernel says.
pub fn stamp_arrivals(socket: BorrowedFd<'_>) -> io::Result<()> {
    let on: libc::c_int = 1;
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: an int option with its size.
    let set = unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, (&raw const on).cast(), size) };
    check(set).map(drop)
}

/// Asks for a receive buffer of so many bytes, past the system's own limit where the process may; otherwise up to it.
pub fn force_receive_buffer(socket: BorrowedFd<'_>, bytes: i32) {
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    for option in [libc::SO_RCVBUF, libc::SO_RCVBUFFORCE] {
        // SAFETY: an int option with its size.
        unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, (&raw const bytes).cast(), size) };
    }
}

/// One datagram's length, where it came from and when the kernel got it (`None` when it was not stamped).
///
/// # Errors
/// What the kernel says; `WouldBlock` when there is none on a non-blocking socket.
pub fn receive_stamped(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, Option<SocketAddr>, Option<Wall>)> {
    // SAFETY: all-zero is a valid value of these plain C structures.
    let (mut from, mut message): (libc::sockaddr_storage, libc::msghdr) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // Aligned as the kernel's control messages are.
    let mut control = [0_u64; 16];
    message.msg_name = (&raw mut from).cast();
    message.msg_namelen = libc::socklen_t::try_from(size_of_val(&from)).unwrap_or(0);
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control);
    // SAFETY: every pointer in `message` is to a living local with the length given beside it.
    let length = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, 0) };
    let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
    let mut stamp = None;
    // SAFETY: the CMSG functions walk the control buffer that the kernel has just filled, within msg_controllen.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&raw const message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_TIMESTAMPNS {
                let ts: libc::timespec = std::ptr::read_unaligned(libc::CMSG_DATA(header).cast());
                stamp = Some(Wall(ts.tv_sec * 1_000_000_000 + ts.tv_nsec));
            }
            header = libc::CMSG_NXTHDR(&raw const message, header);
        }
    }
    Ok((length, address(&from), stamp))
}

fn address(from: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(from.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that it is a sockaddr_in, which is smaller and no stricter in alignment.
            let v4 = unsafe { &*std::ptr::from_ref(from).cast::<libc::sockaddr_in>() };
            Some((IpAddr::from(v4.sin_addr.s_addr.to_ne_bytes()), u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above, for sockaddr_in6.
            let v6 = unsafe { &*std::ptr::from_ref(from).cast::<libc::sockaddr_in6>() };
            Some((IpAddr::from(v6.sin6_addr.s6_addr), u16::from_be(v6.sin6_port)).into())
        }
        _ => None,
    }
}

/// Datagrams that one call of [`send_many`] sends at the most.
pub const MANY: usize = 16;

/// Sends datagrams on a connected socket in their order, the first [`MANY`] of them, by one call of the system; gives how many have left.
///
/// # Errors
/// What the kernel says of the first; then none has left. That of a later one is told when it is the first.
pub fn send_many<'a>(socket: BorrowedFd<'_>, datagrams: impl Iterator<Item = &'a [u8]>) -> io::Result<usize> {
    // SAFETY: all-zero is a valid value of these plain C structures.
    let (mut parts, mut messages): ([libc::iovec; MANY], [libc::mmsghdr; MANY]) = unsafe { std::mem::zeroed() };
    let mut count: libc::c_uint = 0;
    for ((part, message), bytes) in parts.iter_mut().zip(&mut messages).zip(datagrams) {
        // The kernel only reads what is sent.
        *part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        (message.msg_hdr.msg_iov, message.msg_hdr.msg_iovlen) = (part, 1);
        count += 1;
    }
    // SAFETY: the first `count` messages point to one part each, a part to its datagram, and all of them live until the call is over.
    let sent = check(unsafe { libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), count, 0) })?;
    Ok(usize::try_from(sent).unwrap_or(0))
}

#[cfg(test)]
#[path = "sys_tests.rs"]
mod tests;

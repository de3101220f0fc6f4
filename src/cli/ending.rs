//! Commands that go on until they are ended: SIGTERM and Ctrl-C end them in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::links::sys::Wake;

/// True once somebody wants it to end.
#[derive(Debug, Clone, Default)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// From here on signals are heard; `wake` ends whatever wait there is.
    #[must_use]
    pub fn by_signals(wake: Wake) -> Self {
        let ending = Self::default();
        let told = ending.clone();
        let wait = move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                use tokio::signal::unix::{SignalKind, signal};
                let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else { return };
                tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
                told.0.store(true, Ordering::Release);
                wake.ring();
            });
        };
        drop(std::thread::Builder::new().name("signals".into()).spawn(wait));
        ending
    }

    /// Whether it is wanted.
    #[must_use]
    pub fn wanted(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

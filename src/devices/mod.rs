//! Ring 3: one folder a family: codec, driver, simulator. Names neither links nor a runtime.

pub mod artnet;
mod driver;
mod echo;
pub mod registry;

pub use driver::*;
pub use echo::EchoWindow;
pub use registry::family;

//! Ring 3: one folder a family: codec, driver, simulator. Names neither links nor a runtime.

mod driver;
mod echo;

pub use driver::*;
pub use echo::EchoWindow;

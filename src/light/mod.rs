//! Ring 2: the lights in time. Pure; allocation-free per frame.

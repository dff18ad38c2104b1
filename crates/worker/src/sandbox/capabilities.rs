//! The parts of root's power, all of them given up.

use dproxy_ipc::Hold;
use rustix::thread::{CapabilitySet, CapabilitySets};

/// Takes them out of the bounding set, so that no program started later could have one again. Only root can, and
/// nobody else needs to: without root they are not to be had.
pub(super) fn forget_for_good() {
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        // Refused without root, and at the first one that the kernel does not know; what counts is told by `drop_all`.
        if rustix::thread::remove_capability_from_bounding_set(capability).is_err() {
            return;
        }
    }
}

/// Gives up those of this process.
pub(super) fn drop_all() -> Hold {
    let none = CapabilitySets { effective: CapabilitySet::empty(), permitted: CapabilitySet::empty(), inheritable: CapabilitySet::empty() };
    // Older kernels know no ambient set; what is not permitted cannot be in it anyhow.
    let _ = rustix::thread::clear_ambient_capability_set();
    match rustix::thread::set_capabilities(None, none) {
        Ok(()) => Hold::Holds("none".to_owned()),
        Err(error) => Hold::Missing(format!("cannot give them up: {error}")),
    }
}

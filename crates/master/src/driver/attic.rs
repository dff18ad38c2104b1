//! What was large and is not needed any more is let go of on another thread: a hundred thousand routes take a while.

use std::any::Any;
use std::sync::Arc;

use super::Driver;

/// Large things that others have, too. Whoever lets go of one last is always this.
#[derive(Default)]
pub(super) struct Attic(Vec<Arc<dyn Any + Send + Sync>>);

impl Attic {
    /// Keeps it until nobody else does.
    pub(super) fn keep(&mut self, thing: Arc<dyn Any + Send + Sync>) {
        self.0.push(thing);
    }

    /// Everything that nobody else has.
    fn unused(&mut self) -> Vec<Arc<dyn Any + Send + Sync>> {
        self.0.extract_if(.., |thing| Arc::strong_count(thing) == 1).collect()
    }
}

impl Driver {
    pub(super) fn clear_attic(&mut self) {
        let unused = self.attic.unused();
        if !unused.is_empty() {
            self.chores.spawn_blocking(|| drop(unused));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_else_has_is_let_go_of() {
        let (mut attic, thing) = (Attic::default(), Arc::new(1));
        attic.keep(thing.clone());
        attic.keep(Arc::new(2));
        assert_eq!(attic.unused().len(), 1);
        assert_eq!(attic.unused().len(), 0);
        drop(thing);
        assert_eq!(attic.unused().len(), 1);
    }
}

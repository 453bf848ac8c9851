//! Objects behind handles: dense numbers, reused, with a few bits that tell a stale handle.

/// Bits of a key that are the index; the rest, up to [`KEY_BITS`], is the generation.
const INDEX_BITS: u32 = 22;
/// Bits of a key: what a handle of the MPICH ABI has room for.
pub const KEY_BITS: u32 = 26;
const GENERATIONS: u32 = 1 << (KEY_BITS - INDEX_BITS);

/// A table of `T`, addressed by keys of [`KEY_BITS`] bits.
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts `value` in; `None` when every key is in use.
    #[inline]
    pub fn insert(&mut self, value: T) -> Option<u32> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.slots.len() >> INDEX_BITS == 0 => {
                self.slots.push(Slot { generation: 0, value: None });
                (self.slots.len() - 1) as u32
            }
            None => return None,
        };
        let slot = &mut self.slots[index as usize];
        slot.value = Some(value);
        Some(slot.generation << INDEX_BITS | index)
    }

    #[inline]
    fn slot(&mut self, key: u32) -> Option<&mut Slot<T>> {
        let index = key & ((1 << INDEX_BITS) - 1);
        self.slots.get_mut(index as usize).filter(|slot| slot.generation == key >> INDEX_BITS)
    }

    /// True when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.slots.iter().all(|slot| slot.value.is_none())
    }

    /// What `key` stands for.
    #[inline]
    pub fn get(&self, key: u32) -> Option<&T> {
        let index = key & ((1 << INDEX_BITS) - 1);
        let slot = self.slots.get(index as usize)?;
        slot.value.as_ref().filter(|_| slot.generation == key >> INDEX_BITS)
    }

    /// What `key` stands for, to change.
    pub fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        self.slot(key)?.value.as_mut()
    }

    /// Takes it out; the key means nothing from then on.
    #[inline]
    pub fn remove(&mut self, key: u32) -> Option<T> {
        let slot = self.slot(key)?;
        let value = slot.value.take()?;
        slot.generation = (slot.generation + 1) % GENERATIONS;
        self.free.push(key & ((1 << INDEX_BITS) - 1));
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_means_nothing() {
        let mut slab = Slab::default();
        let first = slab.insert("first").unwrap();
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second").unwrap();
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.get_mut(second), Some(&mut "second"));
        assert!(second >> KEY_BITS == 0);
    }

    #[test]
    fn keys_stay_small() {
        let mut slab = Slab::default();
        for round in 0..100 {
            let keys: Vec<u32> = (0..10).map(|n| slab.insert(n + round).unwrap()).collect();
            assert!(keys.iter().all(|key| key & ((1 << INDEX_BITS) - 1) < 10));
            keys.into_iter().for_each(|key| assert!(slab.remove(key).is_some()));
        }
    }
}

//! Groups: ordered sets of ranks, and communicators of them. Sections 7.3 and 7.4.

use crate::communicator::Communicator;
use crate::{Class, Result};
pub use ranks_engine::Comparison;
use ranks_engine::{Call, UNDEFINED};

/// An ordered set of ranks of the job. A value: all operations are local, and clones cost nothing.
///
/// ```
/// ranks::threads(4, |world| {
///     let all = world.group();
///     let (odd, first) = (all.include(&[1, 3])?, all.include(&[0, 1])?);
///     assert_eq!(odd.union(&first).world_ranks(), [1, 3, 0]);
///     assert_eq!(odd.intersection(&first).world_ranks(), [1]);
///     assert_eq!(odd.translate(&[0, 1], &first)?, [Some(1), None]);
///     assert_eq!(odd.rank(), [None, Some(0), None, Some(1)][world.rank()]);
///     Ok(())
/// })?;
/// # Ok::<(), ranks::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group(ranks_engine::Group);

/// As the engine numbers them; what does not fit is no rank, which the engine says.
fn numbers(ranks: &[usize]) -> Vec<i32> {
    ranks.iter().map(|&rank| Communicator::to(rank)).collect()
}

impl Group {
    /// The number of ranks in the group.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let some = world.group().include(&[2, 0])?;
    ///     assert_eq!(some.size(), 2);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn size(&self) -> usize {
        self.0.size() as usize
    }

    /// This rank's number in the group, if it is a member. Section 7.3.1.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let some = world.group().include(&[2, 0])?;
    ///     assert_eq!(some.rank(), [Some(1), None, Some(0)][world.rank()]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn rank(&self) -> Option<usize> {
        self.0.rank().map(|rank| rank as usize)
    }

    /// The members as ranks of world, in the order of the group.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     // In the upper half, ranks count from 0 again.
    ///     let half = world.split(Some(world.rank() as u32 / 2), 0)?.expect("it gave a colour");
    ///     assert_eq!(half.group().world_ranks(), [[0, 1], [2, 3]][world.rank() / 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn world_ranks(&self) -> Vec<usize> {
        self.0.world_ranks().map(|rank| rank as usize).collect()
    }

    /// The numbers that these ranks of this group have in another group, in the same order; `None` for one
    /// that is not in it. Section 7.3.1.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let (all, odd) = (world.group(), world.group().include(&[1, 3])?);
    ///     assert_eq!(odd.translate(&[0, 1], &all)?, [Some(1), Some(3)]);
    ///     assert_eq!(all.translate(&[0, 3], &odd)?, [None, Some(1)]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when a rank is not in this group.
    pub fn translate(&self, ranks: &[usize], to: &Group) -> Result<Vec<Option<usize>>> {
        let found = self.0.translate_ranks(&numbers(ranks), &to.0)?;
        Ok(found.into_iter().map(|rank| (rank != UNDEFINED).then_some(rank as usize)).collect())
    }

    /// Says whether both groups have the same ranks, in the same order (`Ident`) or in another (`Similar`).
    /// Section 7.3.1.
    ///
    /// ```
    /// use ranks::Comparison;
    ///
    /// ranks::threads(3, |world| {
    ///     let all = world.group();
    ///     assert_eq!(all.compare(&all.include(&[0, 1, 2])?), Comparison::Ident);
    ///     assert_eq!(all.compare(&all.include(&[2, 1, 0])?), Comparison::Similar);
    ///     assert_eq!(all.compare(&all.include(&[0, 1])?), Comparison::Unequal);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn compare(&self, other: &Group) -> Comparison {
        self.0.compare(&other.0)
    }

    /// The ranks of this group, then those of the other that are not in it. Section 7.3.2.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let all = world.group();
    ///     let (a, b) = (all.include(&[3, 1])?, all.include(&[0, 1])?);
    ///     assert_eq!(a.union(&b).world_ranks(), [3, 1, 0]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn union(&self, other: &Group) -> Group {
        Group(self.0.union(&other.0))
    }

    /// The ranks that are in both, in this group's order. Section 7.3.2.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let all = world.group();
    ///     let (a, b) = (all.include(&[3, 1, 0])?, all.include(&[0, 3])?);
    ///     assert_eq!(a.intersection(&b).world_ranks(), [3, 0]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn intersection(&self, other: &Group) -> Group {
        Group(self.0.intersection(&other.0))
    }

    /// The ranks that are not in the other, in this group's order. Section 7.3.2.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let all = world.group();
    ///     let (a, b) = (all.include(&[3, 1, 0])?, all.include(&[1])?);
    ///     assert_eq!(a.difference(&b).world_ranks(), [3, 0]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn difference(&self, other: &Group) -> Group {
        Group(self.0.difference(&other.0))
    }

    /// A group of these ranks of this group, in this order. Section 7.3.2.
    ///
    /// ```
    /// use ranks::Class;
    ///
    /// ranks::threads(3, |world| {
    ///     let all = world.group();
    ///     assert_eq!(all.include(&[2, 0])?.world_ranks(), [2, 0]);
    ///     assert_eq!(all.include(&[3]).unwrap_err().class(), Class::Rank);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Rank` when one does not exist or is named twice.
    pub fn include(&self, ranks: &[usize]) -> Result<Group> {
        self.0.incl(&numbers(ranks)).map(Group)
    }

    /// A group of all ranks of this group but these, in the order of this group. Section 7.3.2.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let others = world.group().exclude(&[world.rank()])?;
    ///     assert_eq!((others.size(), others.rank()), (2, None));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::include`].
    pub fn exclude(&self, ranks: &[usize]) -> Result<Group> {
        self.0.excl(&numbers(ranks)).map(Group)
    }
}

impl Communicator {
    /// The group of its ranks. Section 7.3.2.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let group = world.group();
    ///     assert_eq!((group.size(), group.rank()), (3, Some(world.rank())));
    ///     assert_eq!(group.world_ranks(), [0, 1, 2]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn group(&self) -> Group {
        let group = self.engine.engine().comm_group(self.id);
        Group(group.expect("a communicator exists until it is dropped"))
    }

    /// A communicator of the ranks of a group, which all ranks of this communicator give alike; `None` where
    /// this rank is none of them. Collective. Section 7.4.2.
    ///
    /// ```
    /// ranks::threads(4, |world| {
    ///     let backwards = world.group().include(&[3, 2, 1])?;
    ///     match world.create(&backwards)? {
    ///         None => assert_eq!(world.rank(), 0),
    ///         Some(three) => assert_eq!((three.size(), three.rank()), (3, 3 - world.rank())),
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Group` when a rank of the group is not in this communicator.
    pub fn create(&self, group: &Group) -> Result<Option<Communicator>> {
        let id = self.engine.engine().comm_create(self.id, &group.0)?;
        id.map(|id| self.made(id)).transpose()
    }

    /// Makes a communicator of a group. Only the ranks of the group call this; the tag keeps apart what
    /// several make at the same time. Section 7.4.2.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     let workers = world.group().exclude(&[0])?;
    ///     if world.rank() > 0 {
    ///         let apart = world.create_group(&workers, 0)?;
    ///         assert_eq!((apart.size(), apart.rank()), (2, world.rank() - 1));
    ///     }
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Group` when this rank is not in the group, or when a rank of the group is not in this
    /// communicator; class `Tag` when the tag is negative.
    pub fn create_group(&self, group: &Group, tag: i32) -> Result<Communicator> {
        let call = Call::CommCreateGroup;
        let id = self.engine.engine().comm_create_group(self.id, &group.0, tag)?;
        let Some(id) = id else {
            return Err(self.error(Class::Group, call, "this rank is none of the group"));
        };
        self.made(id)
    }

    /// Makes communicators of the ranks that share memory, in order of key, then of rank. One machine is one
    /// node, so there is one, and it holds all ranks. Collective. Section 7.4.2.
    ///
    /// ```
    /// ranks::threads(3, |world| {
    ///     // The last rank comes first.
    ///     let node = world.split_by_node(-(world.rank() as i32))?;
    ///     assert_eq!((node.size(), node.rank()), (3, 2 - world.rank()));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `ProcFailed` when a rank has ended.
    pub fn split_by_node(&self, key: i32) -> Result<Communicator> {
        let id = self.engine.engine().comm_split(self.id, 0, key)?;
        let Some(id) = id else {
            return Err(self.error(Class::Intern, Call::CommSplit, "there is no communicator"));
        };
        self.made(id)
    }

    /// Whether the other is the same communicator, or one of the same ranks. Section 7.4.1.
    ///
    /// ```
    /// use ranks::Comparison;
    ///
    /// ranks::threads(2, |world| {
    ///     assert_eq!(world.compare(world)?, Comparison::Ident);
    ///     assert_eq!(world.compare(&world.duplicate()?)?, Comparison::Congruent);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// It does not fail for two communicators of this rank.
    pub fn compare(&self, other: &Communicator) -> Result<Comparison> {
        self.engine.engine().comm_compare(self.id, other.id)
    }

    /// Its name; empty if it was given none. Section 7.8.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     assert_eq!(world.name(), "world");
    ///     assert_eq!(world.duplicate()?.name(), "");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn name(&self) -> String {
        self.name.borrow().clone()
    }

    /// Gives it a name, for this rank to tell it from others. Local. Section 7.8.
    ///
    /// ```
    /// ranks::threads(2, |world| {
    ///     let pressure = world.duplicate()?;
    ///     pressure.set_name("pressure");
    ///     assert_eq!(pressure.name(), "pressure");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    pub fn set_name(&self, name: impl Into<String>) {
        *self.name.borrow_mut() = name.into();
    }
}

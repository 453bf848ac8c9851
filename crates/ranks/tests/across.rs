//! Collectives between the two groups of an intercommunicator, at several sizes of both.

mod common;

use common::threads;
use ranks::{Class, Intercommunicator, Result, Root, World, op};

/// Sizes of both groups.
const GROUPS: [(usize, usize); 5] = [(1, 1), (1, 2), (2, 2), (3, 1), (3, 4)];

/// What a rank is: the side of its group, its rank there, and the ranks of the world that the other side has.
struct Place {
    side: usize,
    me: usize,
    others: Vec<usize>,
}

/// Runs it with every pair of sizes.
fn with_groups(test: impl Fn(&World, &Intercommunicator, &Place) -> Result<()> + Sync) {
    for (first, second) in GROUPS {
        threads(first + second, |world| {
            let side = usize::from(world.rank() >= first);
            let mine = world.split(Some(side as u32), 0)?.expect("it gave a colour");
            let across = mine.intercommunicator(0, world, if side == 0 { first } else { 0 }, 0)?;
            let others = if side == 0 { first..first + second } else { 0..first };
            test(world, &across, &Place { side, me: across.rank(), others: others.collect() })
        })
        .unwrap();
    }
}

/// As every rank of either group in turn: what this rank is then.
fn with_roots(
    across: &Intercommunicator,
    place: &Place,
    mut test: impl FnMut(Root, usize) -> Result<()>,
) -> Result<()> {
    let (own, other) = (across.size(), across.remote_size());
    for side in 0..2 {
        for root in 0..if side == place.side { own } else { other } {
            let role = match (side == place.side, root == place.me) {
                (true, true) => Root::Here,
                (true, false) => Root::Beside,
                (false, _) => Root::There(root),
            };
            test(role, side * 100 + root)?;
        }
    }
    Ok(())
}

#[test]
fn objects_go_to_the_other_group() {
    with_groups(|world, across, place| {
        let name = |rank: usize| "x".repeat(rank * 1000) + &rank.to_string();
        across.barrier()?;
        assert_eq!(
            across.all_gather(&name(world.rank()))?,
            place.others.iter().map(|&rank| name(rank)).collect::<Vec<_>>()
        );
        let to: Vec<(usize, usize)> = place.others.iter().map(|&to| (world.rank(), to)).collect();
        let from: Vec<(usize, usize)> = place.others.iter().map(|&from| (from, world.rank())).collect();
        assert_eq!(across.all_to_all(&to)?, from);
        let joined = across.all_reduce(&world.rank().to_string(), |a, b| a + "-" + &b)?;
        let expected = place.others.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        assert_eq!(joined, expected);
        with_roots(across, place, |root, number| {
            let (here, there) = (root == Root::Here, matches!(root, Root::There(_)));
            let word = across.broadcast(here.then(|| name(number)).as_deref(), root)?;
            assert_eq!(word, there.then(|| name(number)));
            let all = across.gather(there.then_some(&world.rank()), root)?;
            assert_eq!(all, here.then(|| place.others.clone()));
            let parts: Vec<String> =
                (0..across.remote_size()).map(|to| name(number) + &to.to_string()).collect();
            let part = across.scatter(here.then_some(&parts[..]), root)?;
            assert_eq!(part, there.then(|| name(number) + &place.me.to_string()));
            let all =
                across.reduce(there.then(|| world.rank().to_string()).as_ref(), |a, b| a + "-" + &b, root)?;
            assert_eq!(all, here.then(|| expected.clone()));
            Ok(())
        })
    });
}

#[test]
fn slices_go_to_the_other_group() {
    with_groups(|world, across, place| {
        for len in [0, 1, 3000] {
            let mine: Vec<usize> = (0..len).map(|at| world.rank() * 10_000 + at).collect();
            let of = |rank: usize| (0..len).map(move |at| rank * 10_000 + at);
            let theirs: Vec<usize> = place.others.iter().flat_map(|&rank| of(rank)).collect();
            let sums: Vec<usize> =
                (0..len).map(|at| place.others.iter().map(|rank| rank * 10_000 + at).sum()).collect();
            let mut room = vec![0; theirs.len()];
            across.all_gather_into(&mine, &mut room)?;
            assert_eq!(room, theirs);
            let repeated = mine.repeat(across.remote_size());
            room.fill(0);
            across.all_to_all_into(&repeated, &mut room)?;
            assert_eq!(room, theirs);
            let mut total = vec![0; len];
            across.all_reduce_into(&mine, &mut total, op::sum)?;
            assert_eq!(total, sums);
            with_roots(across, place, |root, number| {
                let (here, there) = (root == Root::Here, matches!(root, Root::There(_)));
                let mut data = vec![if here { number } else { 7 }; len];
                across.broadcast_into(&mut data, root)?;
                assert_eq!(data, vec![if here || there { number } else { 7 }; len]);
                let mut all = vec![0; if here { theirs.len() } else { 0 }];
                across.gather_into(&mine, &mut all, root)?;
                assert_eq!(all, if here { theirs.clone() } else { vec![] });
                let parts: Vec<usize> =
                    (0..across.remote_size()).flat_map(|to| vec![number + to; len]).collect();
                let mut part = vec![0; if there { len } else { 0 }];
                across.scatter_into(&parts, &mut part, root)?;
                assert!(part.iter().all(|&one| one == number + place.me));
                let mut total = vec![0; if here { len } else { 0 }];
                across.reduce_into(&mine, &mut total, op::sum, root)?;
                assert!(!here || total == sums);
                Ok(())
            })?;
        }
        // As many elements in both groups, and in each of them equal parts.
        let (whole, own) = (12, 12 / across.size());
        let mut part = vec![0; own];
        across.reduce_scatter_into(&(0..whole).collect::<Vec<usize>>(), &mut part, op::sum)?;
        let times = place.others.len();
        assert_eq!(part, (own * place.me..own * (place.me + 1)).map(|at| at * times).collect::<Vec<_>>());
        Ok(())
    });
}

#[test]
fn what_cannot_be_meant_is_refused() {
    with_groups(|_, across, place| {
        assert_eq!(across.broadcast(None::<&str>, Root::Here).unwrap_err().class(), Class::Arg);
        assert_eq!(across.gather(None::<&i32>, Root::There(0)).unwrap_err().class(), Class::Arg);
        let one_too_many = vec![0; place.others.len() + 1];
        assert_eq!(across.all_to_all(&one_too_many).unwrap_err().class(), Class::Arg);
        assert_eq!(across.scatter(Some(&one_too_many), Root::Here).unwrap_err().class(), Class::Arg);
        let beyond = Root::There(place.others.len());
        assert_eq!(across.broadcast_into(&mut [0], beyond).unwrap_err().class(), Class::Root);
        if place.others.len() > 1 {
            let error = across.all_to_all_into(&one_too_many, &mut vec![0; place.others.len()]).unwrap_err();
            assert_eq!(error.class(), Class::Count);
        }
        // Nothing of this is on its way.
        across.barrier()
    });
}

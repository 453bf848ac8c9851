//! What the end of a rank does to the others.

use crate::support::*;
use ranks_engine::collective::{Allgather, Allreduce, Alltoall, Barrier, Bcast, ExchangeParts, Gather, Scan};
use ranks_engine::{ANY_SOURCE, Class, Mode, ShmEngine, threads};

#[test]
fn waiting_on_a_finished_rank_is_an_error_and_its_messages_arrive() {
    for n in [2usize, 3, 4] {
        let _dog = watchdog("finished ranks", 60);
        let outcome = threads::run(n, |e| {
            if e.rank() == 1 {
                send(e, Mode::Standard, &[1, 2, 3], 0, 5)?;
                return Ok(());
            }
            if e.rank() == 0 {
                std::thread::sleep(std::time::Duration::from_millis(20));
                let mut got = [0; 3];
                // What it sent before it finished is still there.
                assert_eq!(recv(e, &mut got, 1, 5)?.bytes, 3);
                let error = recv(e, &mut got, 1, 5).unwrap_err();
                assert_eq!(error.class(), Class::ProcFailed);
                assert!(error.to_string().contains("rank 1 of the job has finished"), "{error}");
                let error = send(e, Mode::Standard, &[1], 1, 5).unwrap_err();
                assert!(error.to_string().contains("send to rank 1"), "{error}");
                let long = vec![1; 100_000];
                assert!(send(e, Mode::Standard, &long, 1, 5).is_err());
                assert!(e.probe(1, 5, WORLD).is_err());
                assert!(e.run(WORLD, Barrier).is_err());
            }
            Ok(())
        });
        for result in outcome {
            result.unwrap();
        }
    }
}

#[test]
fn any_source_ends_when_nobody_is_left() {
    let _dog = watchdog("any source", 60);
    let outcome = threads::run(3, |e| {
        if e.rank() == 0 {
            let error = recv(e, &mut [0], ANY_SOURCE, 5).unwrap_err();
            assert!(error.to_string().contains("every other rank has finished"), "{error}");
        } else {
            std::thread::sleep(std::time::Duration::from_millis(10 * e.rank() as u64));
        }
        Ok(())
    });
    for result in outcome {
        result.unwrap();
    }
}

#[test]
fn what_was_under_way_with_a_rank_that_dies_fails() {
    let _dog = watchdog("deaths", 60);
    let outcome = threads::run(2, |e| {
        if e.rank() == 1 {
            std::thread::sleep(std::time::Duration::from_millis(20));
            // Ends without finalising: dead, as far as the others can know.
            return Err(ranks_engine::Error::new(Class::Other, ranks_engine::Call::Unknown, 1, "dies"));
        }
        let long = vec![1; 100_000];
        let mut got = [0; 8];
        let requests = [
            isend(e, Mode::Standard, &long, 1, 1)?,
            irecv(e, &mut got, 1, 2)?,
            isend(e, Mode::Synchronous, &[1], 1, 3)?,
        ];
        for outcome in e.wait_all(&requests)? {
            assert_eq!(outcome.unwrap_err().class(), Class::ProcFailed);
        }
        let error = recv(e, &mut got, ANY_SOURCE, 2).unwrap_err();
        assert!(error.to_string().contains("rank 1 of the job died"), "{error}");
        Ok(())
    });
    outcome.into_iter().next().unwrap().unwrap();
}

#[test]
fn collectives_end_when_a_rank_dies() {
    use crate::collectives::{out, room};
    use ranks_engine::op::{Element, Op, Operation};
    let call = |e: &mut ShmEngine, which: usize, len: usize| {
        let (mine, mut got) = (vec![1; len], vec![0; len]);
        let mut all = vec![0; len * e.size()];
        let mut op = Op::built_in(Operation::Sum, Element::I32).unwrap();
        match which {
            0 => e.run(WORLD, Allreduce { send: Some(out(&mine)), recv: room(&mut got), op: &mut op }),
            1 => e.run(WORLD, Allgather { send: Some(out(&mine)), recv: room(&mut all), parts: None }),
            2 => e.run(WORLD, Alltoall { send: None, recv: room(&mut all), parts: ExchangeParts::Equal }),
            3 => e.run(WORLD, Gather { send: Some(out(&mine)), recv: room(&mut all), parts: None, root: 0 }),
            4 => e.run(
                WORLD,
                Scan { send: Some(out(&mine)), recv: room(&mut got), op: &mut op, inclusive: true },
            ),
            _ => e.run(WORLD, Bcast { buf: room(&mut got), root: 2 }),
        }
    };
    for which in 0..6 {
        for len in [4, 100_000] {
            let _dog = watchdog("a death in a collective", 60);
            let outcome = threads::run(4, |e| {
                call(e, which, len)?;
                if e.rank() == 2 {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    return Err(ranks_engine::Error::new(
                        Class::Other,
                        ranks_engine::Call::Unknown,
                        2,
                        "dies",
                    ));
                }
                // Some ranks need not notice (who has only to send, and could); the failures of those
                // who do end the others.
                call(e, which, len)
            });
            let errors = outcome.into_iter().filter_map(Result::err);
            let failed = errors.filter(|error| error.class() == Class::ProcFailed).count();
            assert!(failed >= 1, "{which} with {len} bytes");
        }
    }
}

#[test]
fn nobody_waits_for_a_communicator_that_cannot_be() {
    use ranks_engine::comm::Edges;
    let making = |e: &mut ShmEngine, which: usize| -> ranks_engine::Result<()> {
        let inter = e.comm_split(WORLD, e.rank() as i32 % 2, 0)?.expect("a half");
        let inter = e.intercomm_create(inter, 0, WORLD, 1 - e.rank() as i32 % 2, 0)?;
        if e.rank() == 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
            return Err(ranks_engine::Error::new(Class::Other, ranks_engine::Call::Unknown, 2, "dies"));
        }
        let none = Edges { sources: &[], degrees: &[], destinations: &[], weights: None };
        match which {
            0 => e.comm_split(WORLD, 0, 0).map(|_| ()),
            1 => e.dist_graph_create(WORLD, &none).map(|_| ()),
            2 => e.intercomm_merge(inter, true).map(|_| ()),
            _ => e.comm_split(inter, 0, 0).map(|_| ()),
        }
    };
    for which in 0..4 {
        let _dog = watchdog("a death while communicators are made", 60);
        let outcome = threads::run(4, |e| making(e, which));
        for rank in [0, 1, 3] {
            // Also those hear of it that wait for another rank than the one that died.
            let error = outcome[rank].as_ref().unwrap_err();
            assert_eq!(error.class(), Class::ProcFailed, "{which}: {error}");
            assert!(error.to_string().contains("rank 2 of the job died"), "{which}: {error}");
        }
    }
}

#[test]
fn plans_under_way_end_when_a_rank_dies() {
    use crate::collectives::{out, room};
    use ranks_engine::op::{Element, Operation, StoredOp};
    use ranks_engine::{Call, Error, Form};
    for len in [4, 100_000] {
        let _dog = watchdog("a death with plans under way", 60);
        let outcome = threads::run(3, |e| {
            let sum = || StoredOp::built_in(Operation::Sum, Element::I32).unwrap();
            let (mine, mut got, mut all) = (vec![1; len], vec![0; len], vec![0; 3 * len]);
            let (send, form) = (Some(out(&mine)), Form::Nonblocking);
            let started =
                e.begin(WORLD, Form::Persistent, Allgather { send, recv: room(&mut all), parts: None })?;
            if e.rank() == 2 {
                std::thread::sleep(std::time::Duration::from_millis(20));
                return Err(Error::new(Class::Other, Call::Unknown, 2, "dies"));
            }
            let requests = [
                e.begin(WORLD, form, Allreduce { send, recv: room(&mut got), op: sum() })?,
                e.begin(WORLD, form, Barrier)?,
                started,
            ];
            e.start(started)?;
            for outcome in e.wait_all(&requests)? {
                let error = outcome.unwrap_err();
                assert_eq!(error.class(), Class::ProcFailed, "{error}");
                let calls = ["MPI_Iallreduce", "MPI_Ibarrier", "MPI_Allgather_init"];
                assert!(calls.contains(&error.call().name()), "{error}");
            }
            // Nothing is under way: the buffers may go, and the next attempt says the same.
            e.start(started)?;
            assert_eq!(e.wait(started).unwrap_err().class(), Class::ProcFailed);
            e.request_free(started)
        });
        outcome.into_iter().take(2).for_each(|result| result.unwrap());
    }
}

#[test]
fn a_forked_child_and_a_finished_engine_refuse() {
    let _dog = watchdog("finished engine", 60);
    let mut engine = match ShmEngine::from_environment() {
        Ok(engine) => engine,
        Err(error) => panic!("{error}"),
    };
    engine.finalize().unwrap();
    let error = send(&mut engine, Mode::Standard, &[1], 0, 0).unwrap_err();
    assert!(error.to_string().contains("called after finalising"), "{error}");
    engine.finalize().unwrap();
}

#[test]
fn a_death_can_be_waited_for() {
    let _dog = watchdog("a death that is waited for", 60);
    let outcome = threads::run(3, |e| {
        e.run(WORLD, Barrier)?;
        if e.rank() == 1 {
            // Ends without finalising: dead, as far as the others can know.
            return Err(ranks_engine::Error::new(Class::Other, ranks_engine::Call::Unknown, 1, "dies"));
        }
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let first = e.begin_failure(WORLD, Vec::new(), stop.clone())?;
        assert_eq!(e.wait(first)?.source, 1);
        let second = e.begin_failure(WORLD, vec![1], stop.clone())?;
        assert!(e.test(second)?.is_none(), "nobody else has died");
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        e.wait(second).map(|_| ())
    });
    let fine = outcome.into_iter().enumerate().filter(|(rank, _)| *rank != 1);
    fine.for_each(|(_, result)| result.unwrap());
}

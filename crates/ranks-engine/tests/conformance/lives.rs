//! What the end of a rank does to the others.

use crate::support::*;
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
                assert!(error.to_string().contains("MPI_Send to rank 1"), "{error}");
                let long = vec![1; 100_000];
                assert!(send(e, Mode::Standard, &long, 1, 5).is_err());
                assert!(e.probe(1, 5, WORLD).is_err());
                assert!(e.barrier(WORLD).is_err());
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

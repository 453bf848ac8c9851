//! `#[ranks::test]`: tests on real processes, and how they fail.

use ranks::{World, op};

#[ranks::test(n = 4)]
fn ranks_are_processes(world: &World) -> ranks::Result<()> {
    let pids = world.all_gather(std::process::id())?;
    assert_eq!(pids.len(), 4);
    for (rank, pid) in pids.iter().enumerate() {
        assert_eq!(pids.iter().filter(|other| *other == pid).count(), 1, "rank {rank} shares its process");
    }
    println!("all are apart");
    Ok(())
}

mod inner {
    #[ranks::test(n = 2, timeout = "20s")]
    fn modules_have_tests(world: &ranks::World) {
        world.barrier().unwrap();
        assert_eq!(world.size(), 2);
    }
}

#[ranks::test(n = 1)]
fn a_job_of_one(world: &World) -> Result<(), Box<dyn std::error::Error>> {
    let mut total = [0];
    world.all_reduce_into(&[5], &mut total, op::sum)?;
    assert_eq!(total, [5]);
    Ok(())
}

#[ranks::test(n = 3)]
fn without_a_world() {
    assert!(std::env::var("RANKS_SIZE").unwrap() == "3");
}

#[ranks::test(n = 3)]
#[should_panic(expected = "on 3 ranks: failed at rank 1")]
fn a_panic_fails_the_test_and_names_the_rank(world: &World) {
    if world.rank() == 1 {
        panic!("rank 1 has had enough");
    }
    // The others wait for what will never come; they are ended.
    let _ = world.receive::<()>(1, 0);
    std::thread::sleep(std::time::Duration::from_secs(20));
}

#[ranks::test(n = 2)]
#[should_panic(expected = ": send to rank 5")]
fn an_error_fails_the_test_and_is_shown(world: &World) -> ranks::Result<()> {
    world.send(&1, 5, 0)
}

#[ranks::test(n = 2, timeout = "1500ms")]
#[should_panic(expected = "was not over after 1.5 s")]
fn a_hang_fails_the_test(world: &World) -> ranks::Result<()> {
    world.receive::<()>(1 - world.rank(), 0).map(|_| ())
}

/// What a task waits for is in the roll-call at a time-out, too.
#[ranks::test(n = 2, timeout = "1500ms")]
#[should_panic(expected = "rank 0 waits in receive from rank 1, tag 3 on world")]
fn a_task_that_hangs_says_for_what(world: &World) -> ranks::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if world.rank() == 1 {
        std::thread::sleep(std::time::Duration::from_secs(20));
    }
    runtime.block_on(world.ireceive::<()>(1, 3)?).map(|_| ())
}

#[ranks::test(n = 2)]
#[should_panic(expected = "rank 1 was killed by signal 9")]
fn a_killed_rank_fails_the_test(world: &World) {
    if world.rank() == 1 {
        std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap();
    }
    let _ = world.barrier();
    std::thread::sleep(std::time::Duration::from_secs(20));
}

/// Of objects: the operation runs outside of the engine, at rank 0 alone, while the others wait for it.
#[ranks::test(n = 3)]
#[should_panic(expected = "the operation of a reduction used a communicator of its rank")]
fn an_operation_on_objects_that_communicates_ends_the_job(world: &World) -> ranks::Result<()> {
    let combine = |a: i32, b: i32| {
        world.barrier().unwrap();
        a + b
    };
    world.all_reduce(1, combine).map(|_| ())
}

#[ranks::test(n = 3)]
#[should_panic(expected = "the operation of a reduction used a communicator of its rank")]
fn an_operation_on_buffers_that_communicates_ends_the_job(world: &World) -> ranks::Result<()> {
    let combine = |a: i32, b: i32| {
        world.barrier().unwrap();
        a + b
    };
    world.all_reduce_into(&[1], &mut [0], combine)
}

#[ranks::test(n = 2)]
fn a_value_of_another_type_is_an_error(world: &World) -> ranks::Result<()> {
    if world.rank() == 0 {
        return world.send(&1.5f64, 1, 0);
    }
    let error = world.receive::<u8>(0, 0).unwrap_err();
    assert_eq!(error.class(), ranks::Class::Type);
    assert!(error.to_string().contains("a f64 was sent, and a u8 is to be received"), "{error}");
    Ok(())
}

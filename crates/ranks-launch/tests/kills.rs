//! `kill -9` of the launcher or of a rank, at any moment: nothing stays. `RANKS_KILL_ROUNDS=200` for more.

mod common;
use common::{
    Random, SOON, command, files, launcher, processes, rounds, signal, stand_in, start, wait_for,
    wait_until_gone,
};
use std::time::{Duration, Instant};

#[test]
fn the_launcher() {
    let (mut random, before, mut launchers) = (Random::seeded(), files(&[]), Vec::new());
    let mut slowest = Duration::ZERO;
    for round in 0..rounds() {
        let ranks = (1 + random.below(6)).to_string();
        let text = "sleep 300 & (sleep 300 & sleep 300) & exec \"$0\" attach barrier sleep:300000";
        let mut launched = start(command(&["-n", &ranks, "sh", "-c", text, &stand_in()]));
        launchers.push(launched.pid());
        std::thread::sleep(Duration::from_micros(random.below(40_000)));
        launched.child.kill().unwrap();
        launched.child.wait().unwrap();
        let gone = wait_until_gone(&launched.mark, SOON);
        println!("round {round}: {gone:?}");
        slowest = slowest.max(gone);
    }
    println!("slowest: {slowest:?}");
    assert_eq!(files(&launchers), before);
}

#[test]
fn a_rank() {
    let (mut random, before, mut launchers) = (Random::seeded(), files(&[]), Vec::new());
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds() {
        let text = "sleep 300 & exec \"$0\" attach barrier sleep:300000";
        let launched = start(command(&["-n", "4", "sh", "-c", text, &stand_in()]));
        let (launcher, mark) = (launched.pid(), launched.mark.clone());
        launchers.push(launcher);
        let ranks = || -> Vec<u32> {
            // By name: the keeper is a child too, and has the launcher's name for its first moment.
            let is_rank = |name: &str| name == "sh" || name == "stand_in";
            let all = processes(&mark).into_iter().filter(|p| p.parent == launcher && is_rank(&p.name));
            all.map(|process| process.pid).collect()
        };
        let mut four = Vec::new();
        wait_for("four ranks", || {
            four = ranks();
            four.len() == 4
        });
        std::thread::sleep(Duration::from_micros(random.below(30_000)));
        let victim = four[random.below(4) as usize];
        let began = Instant::now();
        signal(victim, "KILL");
        let done = launched.finish();
        slowest = slowest.max(began.elapsed());
        assert_eq!(done.code, 137, "{done:?}");
        assert!(done.error.contains(&format!("process {victim}) was killed by signal 9")), "{}", done.error);
        assert_eq!(done.error.matches("ranks run: ").count(), 1, "{}", done.error);
        assert!(began.elapsed() < SOON, "{done:?}");
        wait_until_gone(&mark, SOON);
    }
    println!("slowest: {slowest:?}");
    assert_eq!(files(&launchers), before);
}

#[test]
fn the_launcher_of_launchers() {
    let mut random = Random::seeded();
    for _ in 0..rounds().div_ceil(4) {
        let words = ["-n", "2", &launcher(), "-n", "2", "sh", "-c", "sleep 300 & sleep 300"];
        let mut launched = start(command(&words));
        std::thread::sleep(Duration::from_micros(random.below(60_000)));
        launched.child.kill().unwrap();
        launched.child.wait().unwrap();
        wait_until_gone(&launched.mark, SOON);
    }
}

#[test]
fn the_keeper() {
    // Whoever kills the keeper still has the kernel's notice to the ranks, and an ordinary end.
    let launched = start(command(&["-n", "2", "sleep", "0.5"]));
    let mark = launched.mark.clone();
    let keeper = || processes(&mark).into_iter().find(|process| process.name == "ranks-keeper");
    wait_for("a keeper", || keeper().is_some());
    signal(keeper().unwrap().pid, "KILL");
    assert_eq!(launched.finish().code, 0);

    let mut launched = start(command(&["-n", "2", "sleep", "300"]));
    let mark = launched.mark.clone();
    let keeper = || processes(&mark).into_iter().find(|process| process.name == "ranks-keeper");
    wait_for("ranks and a keeper", || processes(&mark).len() >= 4 && keeper().is_some());
    signal(keeper().unwrap().pid, "KILL");
    launched.child.kill().unwrap();
    launched.child.wait().unwrap();
    wait_until_gone(&mark, SOON);
}

#[test]
fn after_an_end_no_keeper_and_no_zombie_of_ours() {
    let launched = start(command(&["-n", "8", "true"]));
    let mark = launched.mark.clone();
    assert_eq!(launched.finish().code, 0);
    assert!(processes(&mark).is_empty());
}

//! Tests of the duty: by hand, and (under `--cfg loom`) with the sleep word over every interleaving.

use super::*;

#[cfg(not(loom))]
mod plain {
    use super::*;

    #[test]
    fn one_drives_and_the_others_wait() {
        let mut duty = Duty::default();
        assert_eq!(duty.pending(1, || unreachable!()), Part::Begins);
        assert_eq!(duty.pending(2, || unreachable!()), Part::Waits);
        assert_eq!(duty.pending(1, || unreachable!()), Part::Drives);
        assert!(!duty.sleeps(2) && duty.sleeps(1));
        assert_eq!(duty.pending(2, || unreachable!()), Part::Waits);
        assert_eq!(duty.pending(1, || false), Part::Waits, "the sleeper calls it");
        assert_eq!(duty.slept(), Some(1));
        assert_eq!(duty.slept(), None, "it was called");
        assert_eq!(duty.pending(1, || unreachable!()), Part::Drives);
    }

    #[test]
    fn whoever_leaves_hands_the_duty_on() {
        let mut duty = Duty::default();
        duty.pending(1, || true);
        assert_eq!(duty.leave(2, || unreachable!()), None, "it had no duty");
        assert_eq!(duty.leave(1, || Some(3)), Some(3));
        assert_eq!(duty.state(), State::Called(3));
        // Dropped before it was polled.
        assert_eq!(duty.leave(3, || Some(4)), Some(4));
        duty.pending(4, || true);
        assert!(duty.sleeps(4));
        assert_eq!(duty.leave(4, || None), None);
        assert_eq!((duty.state(), duty.slept()), (State::Vacant, None));
    }

    #[test]
    fn a_silent_driver_loses_the_duty() {
        let mut duty = Duty::default();
        duty.pending(1, || true);
        assert_eq!(duty.lapse(|_| unreachable!()), None, "it has reported");
        assert_eq!(duty.lapse(|silent| (silent == 1).then_some(2)), Some(2));
        // The next one has a time of its own.
        assert_eq!(duty.lapse(|_| unreachable!()), None);
        assert_eq!(duty.lapse(|_| None), None, "there is nobody else");
        assert_eq!(duty.pending(3, || unreachable!()), Part::Begins, "and so the next that polls takes it");
        assert_eq!(duty.pending(1, || unreachable!()), Part::Waits);
        assert!(duty.sleeps(3));
        assert_eq!(duty.lapse(|_| unreachable!()), None, "one that sleeps need not report");
    }
}

#[cfg(loom)]
mod model {
    use super::*;
    use crate::primitive::{AtomicU32, Ordering};
    use crate::sleep;
    use loom::sync::{Arc, Condvar, Mutex};
    use loom::thread;

    /// Two tasks, each with a message to come.
    #[derive(Default)]
    struct Tasks {
        duty: Duty<usize>,
        waiting: [bool; 2],
        woken: [bool; 2],
        ended: bool,
    }

    struct Rank {
        messages: [AtomicU32; 2],
        tasks: Mutex<Tasks>,
        /// A task was woken, or the sleeper has something to do.
        changed: Condvar,
        word: AtomicU32,
        queue: Mutex<()>,
        wake: Condvar,
    }

    impl Rank {
        fn new() -> Self {
            Self {
                messages: [AtomicU32::new(0), AtomicU32::new(0)],
                tasks: Mutex::new(Tasks::default()),
                changed: Condvar::new(),
                word: AtomicU32::new(0),
                queue: Mutex::new(()),
                wake: Condvar::new(),
            }
        }

        fn futex_wake(&self) {
            let _guard = self.queue.lock().unwrap();
            self.wake.notify_all();
        }

        fn futex_wait(&self) {
            let mut guard = self.queue.lock().unwrap();
            // As the kernel does: only if the word still is 1, and any wake-up ends it.
            if self.word.load(Ordering::SeqCst) == 1 {
                guard = self.wake.wait(guard).unwrap();
            }
            drop(guard);
        }

        fn publish(&self, task: usize) {
            self.messages[task].store(1, Ordering::Release);
            if sleep::must_wake(&self.word, true) {
                self.futex_wake();
            }
        }

        fn is_here(&self, task: usize) -> bool {
            self.messages[task].load(Ordering::Acquire) != 0
        }

        /// Wakes those whose messages are here.
        fn collect(&self, tasks: &mut Tasks) {
            for task in 0..2 {
                if tasks.waiting[task] && self.is_here(task) {
                    tasks.waiting[task] = false;
                    tasks.woken[task] = true;
                }
            }
        }

        fn leave(&self, tasks: &mut Tasks, task: usize) {
            tasks.waiting[task] = false;
            let waiting = tasks.waiting;
            let next = tasks.duty.leave(task, || (0..2).find(|&other| waiting[other]));
            if let Some(next) = next {
                tasks.woken[next] = true;
            }
        }

        /// A poll, without the time of looking: true when the task is done.
        fn poll(&self, task: usize) -> bool {
            let mut tasks = self.tasks.lock().unwrap();
            self.collect(&mut tasks);
            if self.is_here(task) {
                self.leave(&mut tasks, task);
                return true;
            }
            tasks.waiting[task] = true;
            let part = tasks.duty.pending(task, || self.word.load(Ordering::Acquire) == 0);
            if part == Part::Waits {
                return false;
            }
            if self.word.load(Ordering::Acquire) == 0 {
                sleep::announce(&self.word, true);
            }
            self.collect(&mut tasks);
            if self.is_here(task) {
                self.leave(&mut tasks, task);
                return true;
            }
            assert!(tasks.duty.sleeps(task));
            self.changed.notify_all();
            false
        }

        fn sleeper(&self) {
            loop {
                let mut tasks = self.tasks.lock().unwrap();
                while !matches!(tasks.duty.state(), State::Asleep(_)) && !tasks.ended {
                    tasks = self.changed.wait(tasks).unwrap();
                }
                if tasks.ended {
                    return;
                }
                drop(tasks);
                self.futex_wait();
                let mut tasks = self.tasks.lock().unwrap();
                if let Some(driver) = tasks.duty.slept() {
                    tasks.woken[driver] = true;
                    self.changed.notify_all();
                }
            }
        }

        fn next_woken(&self) -> usize {
            let mut tasks = self.tasks.lock().unwrap();
            loop {
                if let Some(task) = (0..2).find(|&task| tasks.woken[task]) {
                    tasks.woken[task] = false;
                    return task;
                }
                tasks = self.changed.wait(tasks).unwrap();
            }
        }
    }

    /// An executor of two tasks, the sleeper, and another rank. `dropped` is given up when it is polled the second
    /// time, whether its message is here or not. A wake-up that is lost leaves all waiting, which loom reports.
    fn run(dropped: Option<usize>) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(move || {
            let rank = Arc::new(Rank::new());
            let (of_sleeper, of_sender) = (rank.clone(), rank.clone());
            let sleeper = thread::spawn(move || of_sleeper.sleeper());
            let sender = thread::spawn(move || {
                of_sender.publish(0);
                of_sender.publish(1);
            });
            let mut done = [false; 2];
            for task in 0..2 {
                done[task] = rank.poll(task);
                if !done[task] && dropped == Some(task) {
                    // At once, while it may be on duty.
                    rank.leave(&mut rank.tasks.lock().unwrap(), task);
                    done[task] = true;
                }
            }
            while done != [true; 2] {
                let task = rank.next_woken();
                if !done[task] {
                    done[task] = rank.poll(task);
                }
            }
            rank.tasks.lock().unwrap().ended = true;
            rank.changed.notify_all();
            // As `Segment::rouse`; again and again, as it may be just about to sleep.
            sleep::retract(&rank.word);
            rank.futex_wake();
            sender.join().unwrap();
            sleeper.join().unwrap();
        });
    }

    #[test]
    fn each_task_is_woken() {
        run(None);
    }

    #[test]
    fn a_driver_that_is_dropped_hands_over() {
        run(Some(0));
        run(Some(1));
    }
}

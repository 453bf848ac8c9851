//! One operation of one size, ready to be repeated: its buffers, and what a turn does.

use crate::operation::{Operation, window};
use ranks::{BufferReceive, BufferSend, Communicator, Result, op};

/// Messages that are measured.
const MESSAGE: i32 = 1;
/// The answer that ends a window.
const ANSWER: i32 = 2;

/// The buffers of an operation, and the requests under way.
pub struct Work<'c> {
    comm: &'c Communicator,
    operation: Operation,
    out: Vec<u8>,
    into: Vec<u8>,
    numbers: Vec<f32>,
    sums: Vec<f32>,
    sending: Window<BufferSend<'c, u8>>,
    receiving: Window<BufferReceive<'c, u8>>,
}

/// Buffers of a window's messages and requests made with them: they go back and forth between the two.
struct Window<R> {
    buffers: Vec<Vec<u8>>,
    requests: Vec<R>,
}

impl<R> Window<R> {
    fn new(bytes: usize, messages: usize) -> Self {
        Self { buffers: vec![memory(bytes); messages], requests: Vec::with_capacity(messages) }
    }

    fn begin(&mut self, request: impl Fn(Vec<u8>) -> Result<R>) -> Result<()> {
        for buffer in self.buffers.drain(..) {
            self.requests.push(request(buffer)?);
        }
        Ok(())
    }

    fn wait(&mut self, wait: impl Fn(R) -> Result<Vec<u8>>) -> Result<()> {
        for request in self.requests.drain(..) {
            self.buffers.push(wait(request)?);
        }
        Ok(())
    }
}

/// Not zeros: those would be one page of the system's, mapped many times.
fn memory(bytes: usize) -> Vec<u8> {
    vec![0x5a; bytes]
}

impl<'c> Work<'c> {
    /// All ranks of `comm` take part.
    pub fn new(comm: &'c Communicator, operation: Operation, bytes: usize) -> Self {
        use Operation::*;
        let n = comm.size();
        let first_of_pair = comm.rank().is_multiple_of(2);
        let (out, into) = match operation {
            // One byte for the answer.
            Bandwidth | Bidirectional | Rate => (1, 1),
            Latency => (bytes, bytes),
            Bcast => (bytes, 0),
            Gather | Allgather => (bytes, bytes * n),
            Scatter => (bytes * n, bytes),
            Alltoall => (bytes * n, bytes * n),
            Barrier | Allreduce | Reduce => (0, 0),
        };
        let numbers = match operation {
            Allreduce | Reduce => bytes / size_of::<f32>(),
            _ => 0,
        };
        let (sends, receives) = match operation {
            Bandwidth | Rate if first_of_pair => (window(bytes), 0),
            Bandwidth | Rate => (0, window(bytes)),
            Bidirectional => (window(bytes), window(bytes)),
            _ => (0, 0),
        };
        Self {
            comm,
            operation,
            out: memory(out),
            into: memory(into),
            numbers: vec![1.0; numbers],
            sums: vec![-1.0; numbers],
            sending: Window::new(bytes, sends),
            receiving: Window::new(bytes, receives),
        }
    }

    /// Does it once. The number of the turn, the same at all ranks, says who is the root.
    pub fn turn(&mut self, turn: usize) -> Result<()> {
        use Operation::*;
        let comm = self.comm;
        let root = turn % comm.size();
        let at_root = comm.rank() == root;
        match self.operation {
            Latency => self.round_trip(),
            Bandwidth | Bidirectional | Rate => self.windows(),
            Barrier => comm.barrier(),
            Bcast => comm.broadcast_into(&mut self.out, root),
            Allreduce => comm.all_reduce_into(&self.numbers, &mut self.sums, op::sum),
            Allgather => comm.all_gather_into(&self.out, &mut self.into),
            Alltoall => comm.all_to_all_into(&self.out, &mut self.into),
            Gather => comm.gather_into(&self.out, at_root.then_some(&mut self.into), root),
            Scatter => comm.scatter_into(at_root.then_some(&self.out), &mut self.into, root),
            Reduce => comm.reduce_into(&self.numbers, at_root.then_some(&mut self.sums), op::sum, root),
        }
    }

    fn round_trip(&mut self) -> Result<()> {
        let other = self.comm.rank() ^ 1;
        if self.comm.rank() == 0 {
            self.comm.send_from(&self.out, other, MESSAGE)?;
            self.comm.receive_into(&mut self.into, other, MESSAGE).map(|_| ())
        } else {
            self.comm.receive_into(&mut self.into, other, MESSAGE)?;
            self.comm.send_from(&self.out, other, MESSAGE)
        }
    }

    /// Receives are posted before sends; the first of the pair waits for the second's answer.
    fn windows(&mut self) -> Result<()> {
        let comm = self.comm;
        let other = comm.rank() ^ 1;
        self.receiving.begin(|buffer| comm.ireceive_into(buffer, other, MESSAGE))?;
        self.sending.begin(|buffer| comm.isend_from(buffer, other, MESSAGE))?;
        self.receiving.wait(|request| request.wait().map(|(buffer, _)| buffer))?;
        self.sending.wait(BufferSend::wait)?;
        if comm.rank().is_multiple_of(2) {
            comm.receive_into(&mut self.into, other, ANSWER).map(|_| ())
        } else {
            comm.send_from(&self.out, other, ANSWER)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watchdog::watchdog;

    /// Each rank's own memory, so that a buffer which nobody filled is seen.
    fn marked(work: &mut Work<'_>) {
        let mine = work.comm.rank() as u8;
        work.out.fill(mine);
        work.into.fill(99);
        work.sending.buffers.iter_mut().for_each(|buffer| buffer.fill(mine));
        work.receiving.buffers.iter_mut().for_each(|buffer| buffer.fill(99));
    }

    #[test]
    fn every_operation_moves_what_it_says() {
        let _dog = watchdog("an operation");
        use Operation::*;
        for n in [1usize, 2, 4] {
            for operation in Operation::ALL.into_iter().filter(|operation| n > 1 || !operation.needs_two()) {
                for bytes in [4, 100_000] {
                    ranks::threads(operation.part(n), |world| {
                        let mut work = Work::new(world, operation, bytes);
                        let n = world.size();
                        for turn in 0..2 * n {
                            marked(&mut work);
                            work.turn(turn)?;
                            let other = (world.rank() ^ 1) as u8;
                            let root = turn % n;
                            let all: Vec<u8> = (0..n).flat_map(|rank| vec![rank as u8; bytes]).collect();
                            let at_root = world.rank() == root;
                            match operation {
                                Latency => assert_eq!(work.into, vec![other; bytes]),
                                Bandwidth | Bidirectional | Rate => {
                                    let here = &work.receiving.buffers;
                                    assert!(
                                        here.iter().all(|b| b[..] == vec![other; bytes]),
                                        "{operation:?}"
                                    );
                                }
                                Barrier => {}
                                Bcast => assert_eq!(work.out, vec![root as u8; bytes]),
                                Allreduce => assert_eq!(work.sums, vec![n as f32; bytes / 4]),
                                Reduce if at_root => assert_eq!(work.sums, vec![n as f32; bytes / 4]),
                                Allgather | Alltoall => assert_eq!(work.into, all),
                                Gather if at_root => assert_eq!(work.into, all),
                                Scatter => assert_eq!(work.into, vec![root as u8; bytes]),
                                Gather | Reduce => {}
                            }
                        }
                        Ok(())
                    })
                    .unwrap();
                }
            }
        }
    }
}

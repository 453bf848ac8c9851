//! `ranks --help`: the commands in groups, and what to type for what.
//!
//! A new command is a line in one of the groups. `left_out` takes away the lines of commands that this build has not.

/// How the parts of the help follow each other: the groups stand in place of clap's list of commands.
pub const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}{after-help}\n\nOptions:\n{options}";

/// The groups.
pub const GROUPS: &str = "\
Run programs:
  ranks run           Start N ranks of a program and watch over them (also mpiexec and mpirun)
      ranks run -n 4 python hello.py
      ranks run -n 4 --example hello                       built by cargo first

Look and mend:
  ranks info          Show version, CPUs, and what this machine allows ranks to do
  ranks bench         Measure how fast ranks talk on this machine
      ranks run -n 4 --timeout 60 ./solver                 where a program hangs (or Ctrl-\\ while it runs)
      ranks bench -n 2 latency bandwidth

HTTP:
  ranks fetch         Fetch a list of URLs with several ranks: one record for each line
  ranks serve         Serve the files of a folder over HTTP, with several ranks
      ranks fetch -n 4 urls.txt
      ranks serve -n 2 public --listen 0.0.0.0:8080

Set up:
  ranks install       Install mpiexec, mpirun, mpicc, mpi.h and libmpi.so.12
  ranks completions   Write the completions of a shell
      ranks install ~/.local
      ranks completions bash > ~/.local/share/bash-completion/completions/ranks

Where to begin:
  with mpi4py or C    ranks run -n 4 python hello.py, as with any other mpiexec
  with Rust           ranks run -n 4 --bin PROGRAM; the crate is `ranks`
  with web pages      ranks fetch -n 4 urls.txt

ranks COMMAND --help says more.";

//! A bare launcher: `ranks run` without the rest of the `ranks` command. The tests use it.

fn main() {
    let words = std::env::args_os().skip(1);
    std::process::exit(ranks_launch::command::main("ranks run", words));
}

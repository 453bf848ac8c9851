# Commands that contributors use often. `just` alone lists them.

# List the commands
default:
    @just --list

# Build everything, as users do
build:
    cargo build --release --workspace

# Build MPI and the launcher alone: no C is compiled
small:
    cargo build --release -p ranks-cli --no-default-features

# All tests that need Rust alone
test:
    cargo test --workspace

# The conformance cases of the engine whose names contain CASE, on N ranks
case CASE N="2":
    RANKS_CASE={{CASE}} RANKS_COUNTS={{N}} cargo test -p ranks-engine --test conformance

# Formatting, layers, lints
lint:
    cargo fmt --all --check
    .ci/layers
    cargo clippy --workspace --all-targets -- -D warnings

# What each change must pass
ci:
    .ci/run

# What takes longer: just long conformance kills
long *PARTS:
    .ci/long {{PARTS}}

# Run a Python program on N ranks
python N PROGRAM:
    cargo run --release -- run -n {{N}} python {{PROGRAM}}

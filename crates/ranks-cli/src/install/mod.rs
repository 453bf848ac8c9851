//! `ranks install PREFIX`: the command under all its names, libmpi.so.12, the header and compiler wrappers where
//! programs look for them. What was installed is written down, so that it can be renewed and taken away, and nothing
//! else is ever overwritten.

mod place;

use crate::error::Error;
use place::{Content, File, Place};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
FILES
  PREFIX/bin/ranks                 this program
  PREFIX/bin/mpiexec, mpirun       links to it; also mpiexec.ranks, mpirun.ranks and mpirun.openmpi
  PREFIX/bin/mpicc, mpicxx         compile C and C++ programs; -show prints what they call;
                                   RANKS_CC and RANKS_CXX name other compilers than cc and c++
  PREFIX/lib/libmpi.so.12          the library (libmpi.so is a link to it, for linkers; libmpich.so.12 is one too,
                                   for Debian's programs that are built for MPICH)
  PREFIX/include/mpi.h             its header
  PREFIX/lib/pkgconfig/ranks.pc    for pkg-config
  PREFIX/lib/ranks/installed       what is installed here: one path a line

Files that are there already are overwritten only if an earlier `ranks install` made them. Every file is written beside
its place and moved there when it is whole; running programs go on with the old ones.

EXAMPLES
  target/release/ranks install ~/.local        then: mpiexec -n 4 python hello.py
  ~/.local/bin/mpicc hello.c -o hello          then: mpiexec -n 4 ./hello
  ranks install --uninstall ~/.local";

/// Install the command, libmpi.so.12, its header and compiler wrappers
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub struct Options {
    /// The folder that holds bin, lib and include, as in ~/.local or /usr/local
    #[arg(value_name = "PREFIX")]
    prefix: PathBuf,

    /// Take away what was installed there
    #[arg(long)]
    uninstall: bool,
}

/// Runs it.
pub fn run(options: &Options) -> ExitCode {
    let outcome = std::path::absolute(&options.prefix)
        .map_err(Error::at(&options.prefix))
        .and_then(|prefix| if options.uninstall { uninstall(&prefix) } else { install(&prefix) });
    match outcome {
        Ok(text) => {
            use std::io::Write as _;
            // A closed reader is no error.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            crate::own_ranks::complain("ranks install", &error);
            ExitCode::FAILURE
        }
    }
}

fn install(prefix: &Path) -> Result<String, Error> {
    let program = std::env::current_exe().map_err(Error::OwnFile)?;
    let library = ranks_launch::library().ok_or(Error::NoLibrary)?;
    if let Some(odd) = prefix.to_string_lossy().chars().find(|character| matches!(character, ':' | ',')) {
        return Err(Error::OddPrefix(prefix.to_owned(), odd));
    }
    let place = Place::open(prefix)?;
    let files = files(&program, &library);
    place.put(&files)?;
    let mut text = format!("installed in {}: {} files\n", prefix.display(), files.len());
    let bin = prefix.join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder == bin) {
        let _ = writeln!(text, "{} is not in PATH: export PATH={}:$PATH", bin.display(), quoted(&bin));
    } else if let Some(first) =
        std::env::split_paths(&path).map(|folder| folder.join("mpiexec")).find(|it| it.exists())
        && first != bin.join("mpiexec")
    {
        let (first, bin) = (first.display(), quoted(&bin));
        let _ = writeln!(text, "mpiexec is {first}, which stands before it in PATH: export PATH={bin}:$PATH");
    }
    Ok(text)
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |character: char| character.is_alphanumeric() || "/._-+@%".contains(character);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn uninstall(prefix: &Path) -> Result<String, Error> {
    let (count, left) = Place::open(prefix)?.clear()?;
    let mut text = format!("taken from {}: {count} files\n", prefix.display());
    for file in left {
        let _ =
            writeln!(text, "left: {}, which was changed or replaced since it was installed", file.display());
    }
    Ok(text)
}

/// Everything, in the order in which it appears: what others need comes first.
fn files(program: &Path, library: &Path) -> Vec<File> {
    let file = |path: &'static str, content| File { path, content };
    let link = |path, target| file(path, Content::Link(target));
    let script = |path, text: String| file(path, Content::Text { text, executable: true });
    let text = |path, text: &str| file(path, Content::Text { text: text.to_owned(), executable: false });
    vec![
        file("lib/libmpi.so.12", Content::Copy { from: library.to_owned(), executable: true }),
        link("lib/libmpi.so", "libmpi.so.12"),
        // The name of the library that Debian's programs for MPICH ask for.
        link("lib/libmpich.so.12", "libmpi.so.12"),
        text("include/mpi.h", include_str!("mpi.h")),
        text("lib/pkgconfig/ranks.pc", &format!("{PKG_CONFIG}Version: {}\n", env!("CARGO_PKG_VERSION"))),
        script("bin/mpicc", wrapper("mpicc", "C", "CC", "cc")),
        script("bin/mpicxx", wrapper("mpicxx", "C++", "CXX", "c++")),
        link("bin/mpic++", "mpicxx"),
        file("bin/ranks", Content::Copy { from: program.to_owned(), executable: true }),
        link("bin/mpiexec", "ranks"),
        link("bin/mpirun", "ranks"),
        // Names that no other MPI has; and one that guides for Debian write.
        link("bin/mpiexec.ranks", "ranks"),
        link("bin/mpirun.ranks", "ranks"),
        link("bin/mpirun.openmpi", "ranks"),
    ]
}

const PKG_CONFIG: &str = "\
prefix=${pcfiledir}/../..
Name: ranks
Description: Message passing (MPI), with the ABI of MPICH
Cflags: -I${prefix}/include
Libs: -L${prefix}/lib -Wl,-rpath,${prefix}/lib -lmpi
";

/// A compiler wrapper: finds its folder by its own place, so the tree may be moved.
fn wrapper(name: &str, language: &str, variable: &str, compiler: &str) -> String {
    let ending = if language == "C" { "c" } else { "cpp" };
    format!(
        r#"#!/bin/sh
# {name}: compiles and links {language} programs with the mpi.h and libmpi.so.12 of ranks.
#   {name} -show ...              prints the command instead (-showme and --showme are other names of it)
#   {name} -compile_info, -link_info          the command for compiling, and for linking
#   {name} -cc=COMPILER ...       calls this compiler (also RANKS_{variable}=COMPILER)
#   {name} --showme:compile, :link, :incdirs, :libdirs, :libs, :version, :command    one part of it
here=$(dirname -- "$(readlink -f -- "$0")")
prefix=$(dirname -- "$here")
include=$prefix/include
lib=$prefix/lib
# In an environment of Python, folders of their own keep them apart from another MPI's.
[ -e "$include/ranks/mpi.h" ] && include=$include/ranks
[ -e "$lib/ranks/libmpi.so.12" ] && lib=$lib/ranks
compiler=${{RANKS_{variable}:-${{MPICH_{variable}:-{compiler}}}}}
usage="{name}: compiles and links {language} programs with the mpi.h and libmpi.so.12 of ranks {version}
  {name} hello.{ending} -o hello        words go to the compiler, which is ${{compiler%% *}}
  {name} -show ...              prints the command instead
  {name} -cc=COMPILER ...       calls this compiler (also RANKS_{variable}=COMPILER)
  {name} -compile_info, -link_info; --showme:compile, :link, :incdirs, :libdirs, :libs, :version, :command"
if [ $# -eq 0 ]; then
    echo "{name}: no input files; write for instance {name} hello.{ending} -o hello ({name} -help says more)" >&2
    exit 1
fi
# Before anything is printed of the compiler.
for word in "$@"; do
    case $word in -cc=* | -CC=* | -cxx=* | -CXX=*) compiler=${{word#*=}} ;; esac
done
links=yes
show=
for word in "$@"; do
    case $word in --showme*) word=${{word#-}} ;; esac
    case $word in
    -c | -S | -E | -M | -MM) links= ;;
    -help | --help) echo "$usage"; exit 0 ;;
    -show | -showme) show=yes ;;
    -showme:compile) echo "-I$include"; exit 0 ;;
    -showme:link) echo "-L$lib -Wl,-rpath,$lib -lmpi"; exit 0 ;;
    -showme:incdirs) echo "$include"; exit 0 ;;
    -showme:libdirs) echo "$lib"; exit 0 ;;
    -showme:libs) echo mpi; exit 0 ;;
    -showme:command) echo "$compiler"; exit 0 ;;
    -showme:version) echo "{name}: ranks {version} (Language: {language})"; exit 0 ;;
    -showme:*)
        echo "{name}: $word is not known: compile, link, incdirs, libdirs, libs, version or command" >&2
        exit 1
        ;;
    -compile_info | -compile-info) echo "$compiler -I$include"; exit 0 ;;
    -link_info | -link-info) echo "$compiler -I$include -L$lib -Wl,-rpath,$lib -lmpi"; exit 0 ;;
    esac
done
count=$#
while [ "$count" -gt 0 ]; do
    word=$1
    shift
    case $word in -show | -showme | --showme | -cc=* | -CC=* | -cxx=* | -CXX=*) ;; *) set -- "$@" "$word" ;; esac
    count=$((count - 1))
done
if [ -n "$links" ]; then
    set -- "$@" "-L$lib" "-Wl,-rpath,$lib" -lmpi
fi
if [ -n "$show" ]; then
    echo "$compiler -I$include $*"
    exit 0
fi
exec $compiler "-I$include" "$@"
"#,
        version = env!("CARGO_PKG_VERSION"),
    )
}

//! `ranks install`: what it puts where, what it refuses, and that programs run from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const RANKS: &str = env!("CARGO_BIN_EXE_ranks");

/// A folder that is removed with its content.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("install-test-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a program with a watchdog and, so that it finds only what is installed, hardly any environment.
fn run(program: &Path, words: &[&Path]) -> Output {
    let mut command = Command::new("timeout");
    command.arg("120").arg(program).args(words).env_clear().env("PATH", "/usr/bin:/bin");
    command.output().unwrap()
}

fn install(program: &Path, prefix: &Path) -> Output {
    run(program, &[Path::new("install"), prefix])
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// All files below a folder, with their lengths.
fn everything(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let meta = entry.path().symlink_metadata().unwrap();
        if meta.is_dir() {
            found.extend(everything(&entry.path()));
        } else {
            found.push((entry.path(), meta.len()));
        }
    }
    found.sort();
    found
}

const PROGRAM: &str = "\
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
    int rank, sum;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    printf(\"sum %d\\n\", sum);
    return MPI_Finalize();
}
";

#[test]
fn programs_are_compiled_and_run_from_there_and_it_is_taken_away_again() {
    let folder = Folder::new("whole");
    let prefix = folder.path("a prefix");
    fs::create_dir_all(prefix.join("bin")).unwrap();
    fs::write(prefix.join("bin/other"), "of others").unwrap();
    let output = install(Path::new(RANKS), &prefix);
    assert!(output.status.success() && said(&output).contains("is not in PATH"), "{}", said(&output));
    let first = everything(&prefix);
    assert!(first.iter().all(|(path, _)| !path.file_name().unwrap().to_string_lossy().starts_with('.')));

    // By the name that Debian gives to MPICH's library, too.
    let link = fs::read_link(prefix.join("lib/libmpich.so.12")).unwrap();
    assert_eq!(link, Path::new("libmpi.so.12"));

    // From what is installed, over itself.
    let output = install(&prefix.join("bin/ranks"), &prefix);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(everything(&prefix), first);

    let words = ["-n", "3", "echo", "a"].map(Path::new);
    assert_eq!(said(&run(&prefix.join("bin/mpiexec"), &words)), "a\n".repeat(3));
    if Command::new("cc").arg("--version").output().is_ok() {
        let (source, program) = (folder.path("sum.c"), folder.path("sum"));
        fs::write(&source, PROGRAM).unwrap();
        for compiler in ["mpicc", "mpicxx"] {
            let compiler = prefix.join("bin").join(compiler);
            let output = run(&compiler, &[&source, Path::new("-Wall"), Path::new("-o"), &program]);
            assert!(output.status.success() && said(&output).is_empty(), "{}", said(&output));
            let words = [Path::new("-n"), Path::new("4"), program.as_path()];
            assert_eq!(said(&run(&prefix.join("bin/mpirun"), &words)), "sum 6\n".repeat(4));
            assert_eq!(said(&run(&program, &[])), "sum 0\n", "without the launcher");
            let shown = said(&run(&compiler, &[Path::new("-show"), Path::new("-c"), Path::new("x.c")]));
            assert!(shown.contains("/include") && shown.ends_with("-c x.c\n"), "{shown}");
            let asked = |option: &str| said(&run(&compiler, &[Path::new(option), Path::new("x.c")]));
            let at = fs::canonicalize(&prefix).unwrap();
            for dashes in ["-", "--"] {
                let asked = |what: &str| asked(&format!("{dashes}showme:{what}"));
                assert_eq!(asked("compile"), format!("-I{}/include\n", at.display()));
                assert!(asked("link").starts_with(&format!("-L{}/lib", at.display())));
                assert_eq!(asked("incdirs"), format!("{}/include\n", at.display()));
                assert_eq!(asked("libdirs"), format!("{}/lib\n", at.display()));
                assert_eq!(asked("libs"), "mpi\n");
                assert!(asked("version").contains("ranks ") && asked("version").contains("Language: C"));
                assert!(["cc\n", "c++\n"].contains(&asked("command").as_str()));
                assert!(asked("other").contains("not known"));
            }
            let nothing = run(&compiler, &[]);
            assert!(
                !nothing.status.success() && said(&nothing).contains(": no input files; write for instance ")
            );
            assert!(said(&run(&compiler, &[Path::new("-help")])).contains("-cc=COMPILER"));
            let other = ["-cc=no-such-compiler -O1", "-show", "x.c"].map(Path::new);
            let shown = said(&run(&compiler, &other));
            assert!(shown.starts_with("no-such-compiler -O1 -I") && !shown.contains("-cc="), "{shown}");
            assert!(asked("--showme").ends_with("-lmpi\n"), "{}", asked("--showme"));
            assert!(asked("-compile_info").contains("/include") && asked("-link_info").contains("-lmpi"));
        }
    }

    let output = run(&prefix.join("bin/ranks"), &[Path::new("install"), Path::new("--uninstall"), &prefix]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(everything(&prefix), [(prefix.join("bin/other"), 9)]);
    let output = run(Path::new(RANKS), &[Path::new("install"), Path::new("--uninstall"), &prefix]);
    assert!(said(&output).contains("nothing is installed") && !output.status.success(), "{}", said(&output));
}

#[test]
fn files_of_others_stay_and_mistakes_are_one_line() {
    let folder = Folder::new("others");
    let prefix = folder.path("prefix");
    fs::create_dir_all(prefix.join("bin")).unwrap();
    fs::write(prefix.join("bin/mpiexec"), "of another MPI").unwrap();
    let output = install(Path::new(RANKS), &prefix);
    let text = said(&output);
    assert!(!output.status.success() && text.contains("bin/mpiexec is there already"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(everything(&prefix), [(prefix.join("bin/mpiexec"), 14)]);

    let file = folder.path("file");
    fs::write(&file, "").unwrap();
    for wrong in [file.clone(), file.join("below"), PathBuf::from("/proc/no")] {
        let output = install(Path::new(RANKS), &wrong);
        let text = said(&output);
        assert!(!output.status.success() && text.lines().count() == 1, "{}: {text}", wrong.display());
        assert!(text.starts_with("ranks install: /"), "{text}");
    }
}

#[test]
fn a_folder_in_the_way_leaves_everything_as_it_was() {
    let folder = Folder::new("half");
    let prefix = folder.path("prefix");
    assert!(install(Path::new(RANKS), &prefix).status.success());
    let before = everything(&prefix);
    // The library cannot be staged: its folder is a file now.
    fs::rename(prefix.join("include"), folder.path("aside")).unwrap();
    fs::write(prefix.join("include"), "").unwrap();
    let output = install(Path::new(RANKS), &prefix);
    assert!(!output.status.success() && said(&output).lines().count() == 1, "{}", said(&output));
    fs::remove_file(prefix.join("include")).unwrap();
    fs::rename(folder.path("aside"), prefix.join("include")).unwrap();
    assert_eq!(everything(&prefix), before, "nothing half written is left");
}

#[test]
fn what_others_have_changed_or_replaced_is_theirs() {
    let folder = Folder::new("replaced");
    let prefix = folder.path("p");
    assert!(install(Path::new(RANKS), &prefix).status.success());
    // Another MPI takes the name; somebody edits a file.
    let (mpiexec, header) = (prefix.join("bin/mpiexec"), prefix.join("include/mpi.h"));
    fs::remove_file(&mpiexec).unwrap();
    fs::write(&mpiexec, "another MPI's").unwrap();
    fs::write(&header, fs::read_to_string(&header).unwrap() + "/* mine */\n").unwrap();
    // What a killed installation has left: no process has this number.
    let behind = prefix.join("bin/.ranks.4294967294");
    fs::write(&behind, "half").unwrap();

    let again = install(Path::new(RANKS), &prefix);
    assert!(!again.status.success() && said(&again).lines().count() == 1, "{}", said(&again));
    assert!(said(&again).contains("was changed since"), "{}", said(&again));

    let taken = run(Path::new(RANKS), &[Path::new("install"), Path::new("--uninstall"), &prefix]);
    assert!(taken.status.success(), "{}", said(&taken));
    for left in [&mpiexec, &header] {
        assert!(said(&taken).contains(&format!("left: {}", left.display())), "{}", said(&taken));
    }
    let left: Vec<PathBuf> = everything(&prefix).into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, [mpiexec, header]);
}

#[test]
fn prefixes_that_could_not_work_are_refused() {
    let folder = Folder::new("odd");
    // The folder of programs lies elsewhere: a wrapper would look for the header there.
    let (prefix, real) = (folder.path("p"), folder.path("real"));
    fs::create_dir_all(&prefix).unwrap();
    fs::create_dir_all(&real).unwrap();
    std::os::unix::fs::symlink(&real, prefix.join("bin")).unwrap();
    for prefix in [prefix, folder.path("a:b"), folder.path("a,b")] {
        let output = install(Path::new(RANKS), &prefix);
        assert!(!output.status.success() && said(&output).lines().count() == 1, "{}", said(&output));
        assert!(said(&output).contains("PREFIX"), "{}", said(&output));
    }
    assert!(everything(&real).is_empty());

    let prefix = folder.path("with space/and 'quote");
    let output = install(Path::new(RANKS), &prefix);
    let text = said(&output);
    let hint = text.lines().find_map(|line| line.split_once(": export ")).expect("bin is not in PATH").1;
    let shell = Command::new("sh")
        .args(["-c", &format!("export {hint}; command -v mpiexec.ranks")])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&shell.stdout).trim(),
        prefix.join("bin/mpiexec.ranks").to_str().unwrap()
    );

    // Another mpiexec stands before the one that was installed.
    let first = folder.path("first");
    fs::create_dir_all(&first).unwrap();
    fs::copy("/bin/true", first.join("mpiexec")).unwrap();
    let prefix = folder.path("second");
    let path = format!("{}:{}:/usr/bin:/bin", first.display(), prefix.join("bin").display());
    let output = Command::new(RANKS).arg("install").arg(&prefix).env("PATH", path).output().unwrap();
    assert!(
        said(&output).contains(&format!("mpiexec is {}", first.join("mpiexec").display())),
        "{}",
        said(&output)
    );
}

//! Programs that use another MPI's library: the launcher says so, and does not when it is not so.

mod common;
use common::run;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that is removed with its content.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn gcc(folder: &Path, words: &[&str]) {
    let output = Command::new("gcc").current_dir(folder).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
}

/// Programs that use stand-ins of other libraries; `None` without a C compiler.
fn programs(name: &str) -> Option<Folder> {
    if !Command::new("gcc").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no gcc");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("foreign-test-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let library = "#include <unistd.h>\nconst char *version = \"MPICH Version\";\nint begin(void) { return usleep(300000); }\n";
    std::fs::write(folder.join("library.c"), library).unwrap();
    std::fs::write(folder.join("program.c"), "int begin(void);\nint main(void) { return begin(); }\n")
        .unwrap();
    for name in ["libmpi.so.40", "libmpi.so.12"] {
        let soname = format!("-Wl,-soname,{name}");
        gcc(&folder, &["-shared", "-fPIC", &soname, "library.c", "-o", name]);
        let rpath = format!("-Wl,--disable-new-dtags,-rpath,{}", folder.display());
        gcc(&folder, &["program.c", name, &rpath, "-o", &name.replace("libmpi.so.", "uses")]);
    }
    Some(Folder(folder))
}

#[test]
fn a_program_linked_to_open_mpi() {
    let Some(folder) = programs("linked") else { return };
    let program = folder.0.join("uses40");
    let done = run(&["-n", "2", program.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.error.contains("uses40 uses Open MPI (libmpi.so.40), not libmpi.so.12 of ranks"),
        "{done:?}"
    );
    assert!(done.error.contains("rank 0 of 1") && done.error.contains("mpiexec"), "{done:?}");
    assert_eq!(done.error.lines().count(), 2, "{done:?}");
    let done = run(&["-n", "1", program.to_str().unwrap()]);
    assert_eq!(done.error, "", "one rank is what it says it is");
    let done = run(&["-quiet", "-n", "2", program.to_str().unwrap()]);
    assert_eq!(done.error, "");
}

#[test]
fn a_program_that_has_loaded_a_library_of_the_same_name() {
    let Some(folder) = programs("loaded") else { return };
    let program = folder.0.join("uses12");
    let done = run(&["-n", "2", program.to_str().unwrap()]);
    let says = format!("uses12 uses MPICH ({}/libmpi.so.12)", folder.0.canonicalize().unwrap().display());
    assert!(done.code == 0 && done.error.contains(&says), "{says}: {done:?}");
    assert_eq!(done.error.lines().count(), 2, "said once: {done:?}");
}

#[test]
fn other_programs_are_left_alone() {
    let done = run(&["-n", "2", "sleep", "0.3"]);
    assert_eq!((done.code, done.error.as_str()), (0, ""));
}

//! The header as compilers see it, and beside MPICH's, where its wheel has been unpacked.

use super::{functions, header, sections};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that is removed with its content.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ranks-header-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("mpi.h"), header()).unwrap();
        Self(path)
    }

    /// Compiles a program (or with `-fsyntax-only` looks at it); the `include` folder comes before ours.
    fn compile(&self, compiler: &str, options: &[&str], include: &Path, file: &str, text: &str) {
        let source = self.0.join(file);
        std::fs::write(&source, text).unwrap();
        let output = Command::new("timeout")
            .args(["60", compiler, "-Wall", "-Wextra", "-Werror"])
            .args(options)
            .args([Path::new("-I"), include, &source])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let first: Vec<_> = said.lines().take(40).collect();
        assert!(output.status.success(), "{compiler} {options:?}:\n{}", first.join("\n"));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn there_is(compiler: &str) -> bool {
    let found = Command::new(compiler).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: no {compiler}");
    }
    found
}

/// MPICH's headers, as `tests/mpi.py` and `benches-compare/run.py` unpack them.
fn mpich() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let places = ["mpi-tests/include", "compare/mpich/include"].map(|place| target.join(place));
    let found = places.into_iter().find(|place| place.join("mpi.h").exists());
    if found.is_none() {
        eprintln!("skipped: MPICH's header is not in target (tests/mpi.py fetches it)");
    }
    found
}

const PROGRAM: &str = "\
#include <mpi.h>
#include <mpi.h>
int main(int argc, char **argv) {
    int size, flag;
    void *value;
    MPI_Status status = {0, 0, 0, 0, 0};
    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Send_c(&size, (MPI_Count)1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD);
    PMPI_Recv(&size, 1, MPI_INT, MPI_PROC_NULL, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    MPI_Allreduce(MPI_IN_PLACE, &size, 1, MPI_INT, MPI_SUM, MPI_COMM_SELF);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &flag);
    MPI_Pcontrol(0, \"more\", 2.0);
    return MPI_Finalize() != MPI_SUCCESS || status.MPI_SOURCE != MPI_PROC_NULL;
}
";

#[test]
fn c_and_cpp_programs_compile() {
    let folder = Folder::new("compile");
    for (compiler, file) in [("gcc", "program.c"), ("g++", "program.cpp")] {
        if there_is(compiler) {
            let standard = if compiler == "gcc" { "-std=c99" } else { "-std=c++11" };
            let options = [standard, "-pedantic", "-fsyntax-only"];
            folder.compile(compiler, &options, &folder.0, file, PROGRAM);
        }
    }
}

/// Every prototype of ours after MPICH's own: a type that differs is an error of the compiler.
#[test]
fn functions_have_the_types_that_mpich_gives_them() {
    let (Some(mpich), true) = (mpich(), there_is("gcc")) else { return };
    let ours = functions();
    let mut program = String::from("#include <mpi.h>\n");
    for name in ours.split(['(', ' ']).filter(|word| word.starts_with("MPI_") || word.starts_with("PMPI_")) {
        // There, some are macros.
        if name.ends_with("_c2f") || name.ends_with("_f2c") {
            program.push_str(&format!("#undef {name}\n"));
        }
    }
    program.push_str(&ours);
    program.push_str("int main(void) { return 0; }\n");
    Folder::new("types").compile("gcc", &["-std=c99", "-fsyntax-only"], &mpich, "types.c", &program);
}

/// Names of MPICH's that are not in ours: its own tools interface, extensions, and Fortran 2008's statuses.
fn is_left_out(name: &str) -> bool {
    name.starts_with("MPI_T_") || name.starts_with("MPI_F08_") || name == "MPI_FILE_DEFINED"
}

#[test]
fn constants_have_the_values_that_mpich_gives_them() {
    let (Some(mpich), true) = (mpich(), there_is("gcc")) else { return };
    let folder = Folder::new("values");
    let all = sections();
    let ours = || all.iter().flat_map(|(_, constants)| constants);
    let mut print = String::from("int main(void) {\n");
    for (name, _) in ours() {
        // Addresses of functions differ from program to program.
        let is_function = name.ends_with("_FN") && !name.contains("NULL");
        let value = if is_function { "0L".to_owned() } else { format!("(long)({name})") };
        print.push_str(&format!("    printf(\"{name} %ld\\n\", {value});\n"));
    }
    print.push_str(
        "    printf(\"sizes %zu %zu\\n\", sizeof(MPI_Status), sizeof(MPI_Count));\n    return 0;\n}\n",
    );
    let program = format!("#include <mpi.h>\n#include <stdio.h>\n{print}");
    let mut said = Vec::new();
    for (include, name) in [(&folder.0, "ours"), (&mpich, "theirs")] {
        let output = folder.0.join(name);
        folder.compile("gcc", &["-o", output.to_str().unwrap()], include, &format!("{name}.c"), &program);
        said.push(String::from_utf8(Command::new(&output).output().unwrap().stdout).unwrap());
    }
    assert!(said[0].lines().count() > 300, "{}", said[0]);
    for (one, other) in said[0].lines().zip(said[1].lines()) {
        assert_eq!(one, other, "our header, and MPICH's");
    }

    let theirs = std::fs::read_to_string(mpich.join("mpi.h")).unwrap();
    let functions = ["_c2f", "_f2c"];
    let names: BTreeSet<&str> = theirs
        .lines()
        .filter_map(|line| line.strip_prefix("#define MPI_"))
        .filter_map(|rest| rest.split([' ', '(', '\t']).next())
        .filter(|name| !functions.iter().any(|function| name.ends_with(function)))
        .collect();
    let text = header();
    let missing: Vec<_> = names
        .into_iter()
        .map(|name| format!("MPI_{name}"))
        .filter(|name| {
            !is_left_out(name) && !text.contains(&format!("#define {name} ")) && name != "MPI_INCLUDED"
        })
        .collect();
    assert!(missing.is_empty(), "MPICH's header has these too: {missing:?}");
}

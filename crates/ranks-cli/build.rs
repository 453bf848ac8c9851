//! Gives the command its other names: links `mpiexec` and `mpirun` beside `target/<profile>/ranks`. They are
//! made before the command, which does not matter to a link.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    // OUT_DIR is <profile>/build/<package>/out.
    let out = env::var_os("OUT_DIR").expect("cargo says where output goes");
    let Some(profile) = Path::new(&out).ancestors().nth(3) else { return Ok(()) };
    for name in ["mpiexec", "mpirun"] {
        let link = profile.join(name);
        if fs::read_link(&link).is_ok_and(|at| at == Path::new("ranks")) {
            continue;
        }
        if let Err(error) = fs::remove_file(&link)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        std::os::unix::fs::symlink("ranks", &link)?;
    }
    Ok(())
}

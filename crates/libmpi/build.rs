//! Gives the library the name that programs look for: inside as SONAME, outside as a link.
//!
//! Cargo makes `deps/libmpi.so`; `target/<profile>/lib/libmpi.so.12` points there. The link is made before
//! the library, which does not matter to a link.

use std::path::Path;
use std::{env, fs, io};

/// Its own name, and the one that Debian gives to MPICH's library.
const NAMES: [&str; 2] = ["libmpi.so.12", "libmpich.so.12"];

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{}", NAMES[0]);
    // OUT_DIR is <profile>/build/<package>/out.
    let out = env::var_os("OUT_DIR").expect("cargo says where output goes");
    let Some(profile) = Path::new(&out).ancestors().nth(3) else { return Ok(()) };
    let folder = profile.join("lib");
    fs::create_dir_all(&folder)?;
    NAMES.iter().try_for_each(|name| link(&folder.join(name)))
}

/// Makes one link to the library.
fn link(link: &Path) -> io::Result<()> {
    let target = Path::new("../deps/libmpi.so");
    if fs::read_link(link).is_ok_and(|at| at == target) {
        return Ok(());
    }
    match fs::remove_file(link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => std::os::unix::fs::symlink(target, link),
    }
}

"""Makes the wheel: builds with cargo, takes what `ranks install` would install, and packs it.

The interface is that of PEP 517, so `pip wheel ./python` and `pip install ./python` work. The binary and the scripts go
to bin, and the library to lib/ranks. It is tagged for Linux on this machine's processor, without a claim about older
versions of glibc. With `--config-settings manylinux=2_27` it is linked against that version of glibc (zig does that:
`pip install ziglang cargo-zigbuild`) and tagged for all machines that have it or a newer one.

The source archive holds what git tracks, and this folder's pyproject.toml once more at its top, where pip looks.

Packages of other MPIs for Python put their library into lib and their header into include. pip overwrites such files
without a word, and removes them with the package that it removes. So ours are in lib/ranks and include/ranks, and
nothing in lib or include itself is ours. `ranks run` and `mpicc` look there; mpi4py does because of _ranks_libmpi.py.

Wheels hold no links, so the other names of the binary are scripts. libmpich.so.12, the name that Debian's programs for
MPICH ask for, is an empty library that leads the loader to the libmpi.so.12 beside it.
"""

import base64
import hashlib
import io
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile

try:
    import tomllib
except ImportError:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPT = """\
#!/bin/sh
# Found by its own place, or by where a link to it points.
here=${0%/*}
[ -x "$here/ranks" ] || here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/ranks" NAME "$@"
"""
# What linkers find as -lmpi: the library itself has another name.
LINKER = b"INPUT(libmpi.so.12)\n"
# What libmpich.so.12 holds: the variable by which the launcher knows a library that is ours.
FORWARDER = 'const char ranks_forwards_to_libmpi[] = "RANKS_JOB";\n'
# Python executes this line of a .pth file when it starts.
STARTS = b"import _ranks_libmpi\n"
# The same file each time it is packed from the same things.
DATE = (1980, 1, 1, 0, 0, 0)


def version():
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def metadata():
    project = tomllib.loads((ROOT / "python/pyproject.toml").read_text())["project"]
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {version()}",
        f"Summary: {project['description']}",
        f"Keywords: {','.join(project['keywords'])}",
        f"License-Expression: {project['license']}",
        *(f"License-File: {name}" for name in project["license-files"]),
        *(f"Classifier: {one}" for one in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        *(f"Project-URL: {label}, {address}" for label, address in project["urls"].items()),
        "Description-Content-Type: text/markdown",
    ]
    return ("\n".join(lines) + "\n\n" + readme(project["urls"]["Source"])).encode()


def readme(repository):
    """The README, its links to files of the repository made whole, since there are no files beside it on a package's page."""
    text = (ROOT / "README.md").read_text()
    return re.sub(r"\]\((?!https?:|#)([^)]+)\)", rf"]({repository}/blob/main/\1)", text)


def stripped(file, folder):
    """The file without what only debuggers read, if there is a tool for that: a fifth of the size."""
    copy = pathlib.Path(folder, f"{file.name}.stripped")
    if shutil.which("strip"):
        subprocess.run(["strip", "-o", copy, file], check=True)
        return copy.read_bytes()
    return file.read_bytes()


def forwarder(library, folder):
    """A library named libmpich.so.12 that needs `library` and has nothing of its own. A second copy of the library under
    that name would be a second MPI in a process that loads both."""
    source, output = pathlib.Path(folder, "forwarder.c"), pathlib.Path(folder, "forwarder.so")
    source.write_text(FORWARDER)
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("the wheel needs a C compiler (cc), as Rust does")
    options = ["-soname,libmpich.so.12", "--no-as-needed", "--enable-new-dtags", "-rpath,$ORIGIN", "--build-id=none", "-s"]
    linker = [f"-Wl,{option}" for option in options]
    subprocess.run([compiler, "-shared", "-nostdlib", "-fPIC", source, *linker, library, "-o", output], check=True)
    return output.read_bytes()


def build(glibc):
    """Builds the command and the library, for this machine's glibc or for the one named; returns the folder they are in."""
    cargo = os.environ.get("CARGO", "cargo")
    what = ["--release", "--locked", "-p", "ranks-cli"]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    if not shutil.which(cargo):
        raise RuntimeError("building ranks needs Rust 1.89 or newer, and there is no cargo: install Rust (rustup.rs), then try again")
    if glibc is None:
        subprocess.run([cargo, "build", *what], cwd=ROOT, check=True)
        return target / "release"
    triple = f"{platform.machine()}-unknown-linux-gnu"
    if not shutil.which("cargo-zigbuild"):
        raise RuntimeError("a wheel for an older glibc needs cargo-zigbuild and zig: pip install cargo-zigbuild ziglang")
    subprocess.run([cargo, "zigbuild", *what, "--target", f"{triple}.{glibc.replace('_', '.')}"], cwd=ROOT, check=True)
    return target / triple / "release"


def content(glibc):
    """What goes into ranks-VERSION.data: (path below it, bytes, whether it is run)."""
    built = build(glibc)
    with tempfile.TemporaryDirectory() as folder:
        stage = pathlib.Path(folder, "stage")
        subprocess.run([built / "ranks", "install", stage], check=True, stdout=subprocess.DEVNULL)
        for path in sorted(stage.rglob("*")):
            name = path.relative_to(stage).as_posix()
            if path.is_dir() or name == "lib/ranks/installed":
                continue
            if path.is_symlink() and os.readlink(path) == "ranks":
                yield f"scripts/{path.name}", SCRIPT.replace("NAME", path.name).encode(), True
            elif name == "lib/libmpi.so":
                yield "data/lib/ranks/libmpi.so", LINKER, False
            elif name == "lib/libmpi.so.12":
                yield "data/lib/ranks/libmpi.so.12", stripped(path, folder), True
            elif name == "lib/libmpich.so.12":
                yield "data/lib/ranks/libmpich.so.12", forwarder(stage / "lib/libmpi.so.12", folder), True
            elif name == "include/mpi.h":
                yield "data/include/ranks/mpi.h", path.read_bytes(), False
            elif name == "lib/pkgconfig/ranks.pc":
                text = re.sub(r"(\$\{prefix\}/(?:include|lib))\b", r"\1/ranks", path.read_text())
                yield f"data/{name}", text.encode(), False
            elif name == "bin/ranks":
                yield "scripts/ranks", stripped(path, folder), True
            elif name.startswith("bin/"):
                yield f"scripts/{path.name}", path.read_bytes(), True
            else:
                raise RuntimeError(f"no place in the wheel is known for {name}")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    stem = f"ranks-{version()}"
    glibc = (config_settings or {}).get("manylinux")
    tag = f"py3-none-{f'manylinux_{glibc}' if glibc else 'linux'}_{platform.machine()}"
    about = f"Wheel-Version: 1.0\nGenerator: ranks\nRoot-Is-Purelib: false\nTag: {tag}\n"
    files = [(f"{stem}.data/{path}", data, runs) for path, data, runs in content(glibc)]
    files.append(("_ranks_libmpi.py", (ROOT / "python/_ranks_libmpi.py").read_bytes(), False))
    files.append(("ranks-libmpi.pth", STARTS, False))
    info = f"{stem}.dist-info"
    files += [(f"{info}/METADATA", metadata(), False), (f"{info}/WHEEL", about.encode(), False)]
    for license in ("LICENSE-MIT", "LICENSE-APACHE"):
        files.append((f"{info}/licenses/{license}", (ROOT / license).read_bytes(), False))
    record = ""
    for path, data, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(data)}\n"
    files.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode(), False))
    name = f"{stem}-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, data, runs in files:
            entry = zipfile.ZipInfo(path, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if runs else 0o100644) << 16
            wheel.writestr(entry, data)
    return name


def sources():
    """The files of the source archive: what git tracks; in an unpacked archive, what is there but the folder of builds."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    files = (path.relative_to(ROOT) for path in sorted(ROOT.rglob("*")) if path.is_file())
    return [path.as_posix() for path in files if path.parts[0] not in ("target", "PKG-INFO", "pyproject.toml")]


def build_sdist(sdist_directory, config_settings=None):
    stem = f"ranks-{version()}"
    project = (ROOT / "python/pyproject.toml").read_text().replace('backend-path = ["."]', 'backend-path = ["python"]')
    project = project.replace('readme = "../README.md"', 'readme = "README.md"')
    files = [(name, (ROOT / name).read_bytes(), os.access(ROOT / name, os.X_OK)) for name in sources()]
    files += [("pyproject.toml", project.encode(), False), ("PKG-INFO", metadata(), False)]
    with tarfile.open(pathlib.Path(sdist_directory, f"{stem}.tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, data, runs in files:
            entry = tarfile.TarInfo(f"{stem}/{name}")
            entry.size, entry.mode = len(data), 0o755 if runs else 0o644
            archive.addfile(entry, io.BytesIO(data))
    return f"{stem}.tar.gz"

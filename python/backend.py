"""Makes the wheel: builds with cargo, takes what `ranks install` would install, and packs it.

The interface is that of PEP 517, so `pip wheel ./python` and `pip install ./python` work. There is no Python in the
wheel, hence no module: the binary and the scripts go to bin, the library to lib, where mpi4py's wheel looks first.
It is tagged for Linux on this machine's processor, without a claim about older versions of glibc.

Wheels hold no links, so the other names of the binary are scripts. The library is there twice: in lib, where another
MPI's wheel may overwrite it, and in lib/ranks, where our launcher looks.
"""

import base64
import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import tempfile
import tomllib
import zipfile

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
# The same file each time it is packed from the same things.
DATE = (1980, 1, 1, 0, 0, 0)


def version():
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def metadata():
    project = tomllib.loads((ROOT / "python/pyproject.toml").read_text())["project"]
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {version()}",
        f"Summary: {project['description']}",
        f"License: {project['license']}",
        f"Requires-Python: {project['requires-python']}",
        "Description-Content-Type: text/markdown",
    ]
    return ("\n".join(lines) + "\n\n" + (ROOT / "README.md").read_text()).encode()


def stripped(file, folder):
    """The file without what only debuggers read, if there is a tool for that: a fifth of the size."""
    copy = pathlib.Path(folder, f"{file.name}.stripped")
    if shutil.which("strip"):
        subprocess.run(["strip", "-o", copy, file], check=True)
        return copy.read_bytes()
    return file.read_bytes()


def content():
    """What goes into the wheel: (path below ranks-VERSION.data, bytes, whether it is run)."""
    cargo = os.environ.get("CARGO", "cargo")
    subprocess.run([cargo, "build", "--release", "--locked", "-p", "ranks-cli"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    with tempfile.TemporaryDirectory() as folder:
        stage = pathlib.Path(folder, "stage")
        subprocess.run([target / "release/ranks", "install", stage], check=True, stdout=subprocess.DEVNULL)
        for path in sorted(stage.rglob("*")):
            name = path.relative_to(stage).as_posix()
            if path.is_dir() or name == "lib/ranks/installed":
                continue
            if path.is_symlink() and os.readlink(path) == "ranks":
                called = path.name.split(".")[0]
                yield f"scripts/{path.name}", SCRIPT.replace("NAME", called).encode(), True
            elif name == "lib/libmpi.so":
                yield "data/lib/libmpi.so", LINKER, False
            elif name == "lib/libmpi.so.12":
                library = stripped(path, folder)
                yield f"data/{name}", library, True
                yield "data/lib/ranks/libmpi.so.12", library, True
            elif name == "lib/libmpich.so.12":
                # A wheel holds no links, and a second copy in one process would be a second MPI.
                continue
            elif name == "bin/ranks":
                yield "scripts/ranks", stripped(path, folder), True
            elif name.startswith("bin/"):
                yield f"scripts/{path.name}", path.read_bytes(), True
            else:
                yield f"data/{name}", path.read_bytes(), False


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    stem = f"ranks-{version()}"
    tag = f"py3-none-linux_{platform.machine()}"
    about = f"Wheel-Version: 1.0\nGenerator: ranks\nRoot-Is-Purelib: false\nTag: {tag}\n"
    files = [(f"{stem}.data/{path}", data, runs) for path, data, runs in content()]
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


def build_sdist(sdist_directory, config_settings=None):
    raise RuntimeError("ranks has no source archive for Python: build from its repository, pip install ./python")

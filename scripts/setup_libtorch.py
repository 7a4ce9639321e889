#!/usr/bin/env python3
"""Puts libtorch 2.11.0 for the CPU where the build finds it: `.libtorch` in the repository root.

    scripts/setup_libtorch.py          fetch once, link `.libtorch`, say where it is
    scripts/setup_libtorch.py --check  exit 0 if it is in place, 1 if not; fetches nothing

The libraries come out of the pinned Python wheels of PyTorch, whose checksums stand below. They
are kept in POLARIS_CACHE (default: XDG_CACHE_HOME/polaris or ~/.cache/polaris), outside `target/`,
so that clean checkouts share one copy. If LIBTORCH is set, it is used as it is and nothing is
fetched. Safe to run again at any time, and by several processes at once.
"""

import argparse
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "2.11.0"
ROOT = Path(__file__).resolve().parent.parent
LINK = ROOT / ".libtorch"

# name, version, pip platform, sha256 of the wheel, {path in the wheel: path in the libtorch folder}
WHEELS = [
    (
        "torch",
        VERSION,
        "manylinux_2_28_x86_64",
        "0f68f4ac6d95d12e896c3b7a912b5871619542ec54d3649cf48cc1edd4dd2756",
        {
            "torch/include/": "include/",
            "torch/lib/libtorch_cpu.so": "lib/libtorch_cpu.so",
            "torch/lib/libc10.so": "lib/libc10.so",
            "torch/lib/libgomp.so.1": "lib/libgomp.so.1",
        },
    ),
    (
        "nvidia-cuda-runtime",
        "13.0.96",
        "manylinux2014_x86_64",
        "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        {"nvidia/cu13/lib/libcudart.so.13": "lib/libcudart.so.13"},
    ),
    (
        "nvidia-cuda-cupti",
        "13.0.85",
        "manylinux_2_25_x86_64",
        "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
        {"nvidia/cu13/lib/libcupti.so.13": "lib/libcupti.so.13"},
    ),
]


def fail(step: str, remedy: str) -> "None":
    sys.exit(f"setup_libtorch: {step}\n  {remedy}")


def is_complete(folder: Path) -> bool:
    """`build-version` is written last, so its presence says that all else is there."""
    version = folder / "build-version"
    return version.is_file() and version.read_text().strip() == VERSION


def download(folder: Path, name: str, version: str, tag: str, sha256: str) -> Path:
    print(f"setup_libtorch: fetching {name} {version}", flush=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", "3.12", "--implementation", "cp"]
    command += ["--abi", "cp312", "--abi", "none", "--platform", tag, "--dest", str(folder)]
    try:
        subprocess.run(command + [f"{name}=={version}"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(
            f"pip could not fetch {name} {version}: {error}",
            "check the network and pip's index settings, or set LIBTORCH to a libtorch 2.11.0 of your own",
        )
    wheel = next(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"), None)
    if wheel is None:
        fail(f"pip left no wheel of {name} {version} in {folder}", "run again; if it persists, update pip")
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else digest(file)
    if found != sha256:
        fail(f"{wheel.name} has sha256 {found}, not {sha256}", "the download is damaged or not the pinned wheel; run again")
    return wheel


def digest(file) -> str:
    """What hashlib.file_digest does, for Python before 3.11."""
    state = hashlib.sha256()
    while block := file.read(1 << 20):
        state.update(block)
    return state.hexdigest()


def extract(wheel: Path, wanted: dict, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            for source, target in wanted.items():
                if entry.is_dir() or not (entry.filename == source or (source.endswith("/") and entry.filename.startswith(source))):
                    continue
                path = folder / (target + entry.filename[len(source):])
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as reader, path.open("wb") as writer:
                    shutil.copyfileobj(reader, writer, 1 << 20)


def install(folder: Path) -> None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        fail(
            f"no pinned libtorch for {sys.platform} on {platform.machine()}",
            "set LIBTORCH to a libtorch 2.11.0 of your own",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder.parent).free
    if free < 2 << 30:
        fail(f"{folder.parent} has {free >> 20} MiB free, 2048 MiB are needed", "free some space or set POLARIS_CACHE to another disk")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".libtorch-") as temporary:
        build = Path(temporary) / "libtorch"
        for name, version, tag, sha256, wanted in WHEELS:
            wheel = download(Path(temporary), name, version, tag, sha256)
            extract(wheel, wanted, build)
            wheel.unlink()
        # The wheel's libtorch.so also names the CUDA library; the CPU build needs this one alone.
        (build / "lib/libtorch.so").write_text("INPUT(-ltorch_cpu)\n")
        (build / "build-version").write_text(VERSION + "\n")
        if folder.exists():
            shutil.rmtree(folder)
        build.rename(folder)


def link(target: Path) -> None:
    if LINK.is_symlink() and LINK.resolve() == target.resolve():
        return
    if LINK.exists() and not LINK.is_symlink():
        fail(f"{LINK} is there and is not a link", "move it away and run again")
    temporary = LINK.with_name(f".libtorch-{os.getpid()}")
    temporary.symlink_to(target)
    temporary.replace(LINK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether it is in place")
    arguments = parser.parse_args()

    own = os.environ.get("LIBTORCH")
    if own:
        if not (Path(own) / "lib/libtorch_cpu.so").exists():
            fail(f"LIBTORCH is {own}, which has no lib/libtorch_cpu.so", "correct it, or unset it to fetch the pinned one")
        print(f"setup_libtorch: using LIBTORCH {own}")
        return

    base = os.environ.get("POLARIS_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "polaris"
    folder = Path(base).resolve() / f"libtorch-{VERSION}-cpu"
    if arguments.check:
        sys.exit(0 if is_complete(folder) and LINK.exists() else 1)
    if not is_complete(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / f"{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_complete(folder):
                install(folder)
    link(folder)
    print(f"setup_libtorch: libtorch {VERSION} (CPU) in {folder}")


if __name__ == "__main__":
    main()

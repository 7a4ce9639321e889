#!/usr/bin/env python3
"""Puts libtorch 2.11.0 for the CPU where the build finds it: `.libtorch` in the repository root.

    scripts/setup_libtorch.py          fetch once, link `.libtorch`, say where it is
    scripts/setup_libtorch.py --check  exit 0 if it is in place, 1 if not; fetches nothing
    scripts/setup_libtorch.py --cuda FOLDER
                                       what programs need beside the driver to run on a GPU, into FOLDER (some 5 GB):
                                       for images; programs are built with the libtorch for the CPU all the same

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

# name: version, pip platform, sha256 of the wheel. Those of NVIDIA are what torch of this version asks for.
PINS = {
    "torch": (VERSION, "manylinux_2_28_x86_64", "0f68f4ac6d95d12e896c3b7a912b5871619542ec54d3649cf48cc1edd4dd2756"),
    "nvidia-cuda-runtime": (
        "13.0.96",
        "manylinux2014_x86_64",
        "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
    ),
    "nvidia-cuda-cupti": (
        "13.0.85",
        "manylinux_2_25_x86_64",
        "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
    ),
    "nvidia-cublas": (
        "13.1.0.3",
        "manylinux_2_27_x86_64",
        "ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171",
    ),
    "nvidia-cuda-nvrtc": (
        "13.0.88",
        "manylinux2010_x86_64",
        "ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575",
    ),
    "nvidia-cudnn-cu13": (
        "9.19.0.56",
        "manylinux_2_27_x86_64",
        "d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf",
    ),
    "nvidia-cufft": (
        "12.0.0.61",
        "manylinux2014_x86_64",
        "6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3",
    ),
    "nvidia-cufile": (
        "1.15.1.6",
        "manylinux2014_x86_64",
        "08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44",
    ),
    "nvidia-curand": (
        "10.4.0.35",
        "manylinux_2_27_x86_64",
        "1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc",
    ),
    "nvidia-cusolver": (
        "12.0.4.66",
        "manylinux_2_27_x86_64",
        "0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112",
    ),
    "nvidia-cusparse": (
        "12.6.3.3",
        "manylinux2014_x86_64",
        "2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b",
    ),
    "nvidia-cusparselt-cu13": (
        "0.8.0",
        "manylinux2014_x86_64",
        "25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd",
    ),
    "nvidia-nccl-cu13": (
        "2.28.9",
        "manylinux_2_18_x86_64",
        "e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42",
    ),
    "nvidia-nvjitlink": (
        "13.0.88",
        "manylinux2010_x86_64",
        "13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b",
    ),
    "nvidia-nvshmem-cu13": (
        "3.4.5",
        "manylinux2014_x86_64",
        "290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80",
    ),
    "nvidia-nvtx": (
        "13.0.85",
        "manylinux1_x86_64",
        "4936d1d6780fbe68db454f5e72a42ff64d1fd6397df9f363ae786930fd5c1cd4",
    ),
}

# To build, and to run on the CPU: of each wheel, {path in the wheel: path in the libtorch folder}
CPU = {
    "torch": {
        "torch/include/": "include/",
        "torch/lib/libtorch_cpu.so": "lib/libtorch_cpu.so",
        "torch/lib/libc10.so": "lib/libc10.so",
        "torch/lib/libgomp.so.1": "lib/libgomp.so.1",
    },
    "nvidia-cuda-runtime": {"nvidia/cu13/lib/libcudart.so.13": "lib/libcudart.so.13"},
    "nvidia-cuda-cupti": {"nvidia/cu13/lib/libcupti.so.13": "lib/libcupti.so.13"},
}

# To run on a GPU. The libraries find each other by where they lie in the wheels, so they stay there.
CUDA_FOLDERS = [
    "torch/lib/",
    "nvidia/cu13/lib/",
    "nvidia/cudnn/lib/",
    "nvidia/cusparselt/lib/",
    "nvidia/nccl/lib/",
    "nvidia/nvshmem/lib/",
]
# Of Python, which is not there.
CUDA_WITHOUT = ("torch/lib/libtorch_python", "torch/lib/libshm")


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


def extract(wheel: Path, wanted: dict, folder: Path, without: tuple = ()) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            # Programs link no archive of the wheels.
            if entry.is_dir() or entry.filename.startswith(without) or entry.filename.endswith(".a"):
                continue
            for source, target in wanted.items():
                if not (entry.filename == source or (source.endswith("/") and entry.filename.startswith(source))):
                    continue
                path = folder / (target + entry.filename[len(source):])
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as reader, path.open("wb") as writer:
                    shutil.copyfileobj(reader, writer, 1 << 20)


def install_cuda(folder: Path) -> None:
    check_platform()
    check_space(folder.parent, 12 << 30)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".libtorch-") as temporary:
        build = Path(temporary) / "libtorch"
        for name, (version, tag, sha256) in PINS.items():
            wheel = download(Path(temporary), name, version, tag, sha256)
            extract(wheel, {path: path for path in CUDA_FOLDERS}, build, CUDA_WITHOUT)
            wheel.unlink()
        try:
            build.rename(folder)
        except OSError as error:
            fail(f"{folder} cannot be made: {error}", "name a folder that is not there yet")


def check_platform() -> None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        fail(
            f"no pinned libtorch for {sys.platform} on {platform.machine()}",
            "set LIBTORCH to a libtorch 2.11.0 of your own",
        )


def check_space(folder: Path, needed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed:
        fail(
            f"{folder} has {free >> 20} MiB free, {needed >> 20} MiB are needed",
            "free some space or set POLARIS_CACHE to another disk",
        )


def install(folder: Path) -> None:
    check_platform()
    check_space(folder.parent, 2 << 30)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".libtorch-") as temporary:
        build = Path(temporary) / "libtorch"
        for name, wanted in CPU.items():
            wheel = download(Path(temporary), name, *PINS[name])
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
    parser.add_argument("--cuda", metavar="FOLDER", type=Path, help="write the run-time libraries for a GPU to FOLDER")
    arguments = parser.parse_args()

    if arguments.cuda:
        install_cuda(arguments.cuda.resolve())
        print(f"setup_libtorch: libtorch {VERSION} (CUDA, to run) in {arguments.cuda}")
        return

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

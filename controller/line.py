"""The line's description: which machine stands where, and how it is reached and entered."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from controller.tracing.winding import Wound
from drivers import OPEN, POLICIES, Access, access_in

STAGES = ("pretreat", "print", "fix", "wash")
"""The way of the cloth."""

Stage = Literal["pretreat", "print", "fix", "wash"]

DEFAULT_LINE = Path(__file__).with_name("line.yaml")
"""The simulated line on this machine."""


class LineError(ValueError):
    """The line's description cannot be used; the message names the file and the key."""


Security = Literal["encrypted", "Aes256_Sha256_RsaPss", "Basic256Sha256", "none"]


class MachineSpec(BaseModel):
    """One machine of the line: its name here, the stage it does, its device profile and its endpoint URL.

    An ``opc.tcp`` machine is entered encrypted, by the best policy both sides have, unless ``security`` names one or
    says none; with ``user`` under a name, whose password is in a file named like the machine, never here.

    ``takes`` says how a roll has to be wound for the machine to work on the face of its cloth (left out: either way),
    ``turns`` that its winder leaves the roll wound the other way than it came.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^\w[\w.-]*$")
    stage: Stage
    profile: str
    endpoint: str
    security: Security = "encrypted"
    user: str = ""
    takes: Wound | None = None
    turns: bool = False

    @model_validator(mode="after")
    def _no_open_password(self) -> "MachineSpec":
        if self.user and (self.security == "none" or not self.endpoint.startswith("opc.tcp://")):
            msg = f"{self.name}: user {self.user!r} needs an encrypted opc.tcp endpoint: no password goes in the open"
            raise ValueError(msg)
        if self.security == "none" and self.endpoint.startswith("modbus+tls://"):
            msg = (
                f"{self.name}: security: none and modbus+tls contradict each other; plain Modbus is modbus://HOST:PORT"
            )
            raise ValueError(msg)
        return self

    def access(self, data: Path, secrets: Path | None) -> Access:
        """Return how the machine is entered.

        Parameters
        ----------
        data
            Data folder of the line, with its certificates.
        secrets
            Folder of the passwords; `secrets` in `data` if None.
        """
        if self.security == "none":
            return OPEN
        policies = POLICIES if self.security == "encrypted" else (self.security,)
        return access_in(data, self.name, self.user, policies, secrets)


class Line(BaseModel):
    """All machines, in the way of the cloth, and the camera behind the press.

    `nozzles` is the file with the state of the press's nozzles (see `rip.read_nozzles`), relative to the description,
    read anew for every job that is submitted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    machines: tuple[MachineSpec, ...]
    camera: str
    nozzles: Path | None = None

    @model_validator(mode="after")
    def _one_machine_each(self) -> "Line":
        names = [machine.name for machine in self.machines]
        if len(set(names)) != len(names):
            msg = f"two machines share a name: {names}"
            raise ValueError(msg)
        stages = [machine.stage for machine in self.machines]
        if sorted(stages) != sorted(STAGES):
            msg = f"one machine is needed for each of {list(STAGES)}, got {stages}"
            raise ValueError(msg)
        return self

    def machine_for(self, stage: str) -> MachineSpec:
        """Return the machine that does `stage`."""
        return next(machine for machine in self.machines if machine.stage == stage)

    def at(self, endpoints: dict[str, str]) -> "Line":
        """Return the same line at other addresses.

        Parameters
        ----------
        endpoints
            Machine name, or "camera", to URL; names left out keep theirs.
        """
        machines = tuple(
            machine.model_copy(update={"endpoint": endpoints.get(machine.name, machine.endpoint)})
            for machine in self.machines
        )
        return self.model_copy(update={"machines": machines, "camera": endpoints.get("camera", self.camera)})


def load_line(path: Path = DEFAULT_LINE) -> Line:
    """Read a line description.

    Raises
    ------
    LineError
        One line: the file, the key and what is wrong with it.
    """
    try:
        line = Line.model_validate(yaml.safe_load(path.read_text("utf-8")))
        return line.model_copy(update={"nozzles": line.nozzles and (path.parent / line.nozzles).resolve()})
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); give a line description with --line"
        raise LineError(msg) from error
    except yaml.YAMLError as error:
        msg = f"{path}: is not YAML: {str(error).splitlines()[0]}"
        raise LineError(msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"{path}: {'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"
        raise LineError(msg) from error

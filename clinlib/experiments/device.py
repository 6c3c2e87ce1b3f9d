"""The device of a sweep: a CPU, or a GPU where there is one."""

import os
import sys
from pathlib import Path

from clinlib.errors import BadInput, unknown

DEVICES = ("auto", "cpu", "cuda")
DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # NVIDIA, Windows' Linux, AMD


def device(asked: str | None = None) -> str:
    """ "cpu" or "cuda": what is asked for, by the argument or by CLINLIB_DEVICE (default auto).

    Raises BadInput for an unknown name, and for cuda where there is none.
    """
    name = _name(asked)
    if name == "cpu":
        return "cpu"
    if _sees_cuda():
        return "cuda"
    if name == "cuda":
        raise BadInput("cuda was asked for, but torch sees no GPU here; valid: auto, cpu")
    return "cpu"


def likely_device(asked: str | None = None) -> str:
    """The device for an estimate: like `device`, but without importing torch to be sure."""
    name = _name(asked)
    return name if name != "auto" else ("cuda" if _has_driver() else "cpu")


def _name(asked: str | None) -> str:
    name = asked or os.environ.get("CLINLIB_DEVICE") or "auto"
    if name not in DEVICES:
        raise unknown("device", name, DEVICES)
    return name


def _has_driver() -> bool:
    return sys.platform != "linux" or any(Path(path).exists() for path in DRIVERS)


def _sees_cuda() -> bool:
    if not _has_driver():
        return False  # and torch, which takes seconds to import, is not needed
    import torch

    return torch.cuda.is_available()

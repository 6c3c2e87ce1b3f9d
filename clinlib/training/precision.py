"""Precision: whether a device computes in the number format that a configuration asks for."""

import torch

from clinlib.errors import BadInput


def check(precision: str, device: str) -> None:
    """Raises BadInput where bf16 is asked for on a CPU that only emulates it.

    Without bf16 instructions a matrix product takes some twenty times as long as in float32, and
    the precision is part of a run's key, so it is not changed behind the user's back.
    """
    if precision == "bf16" and device == "cpu" and not native_bf16():
        raise BadInput(
            "precision bf16: this CPU has no bf16 instructions and would run some twenty times "
            "slower than in float32; set precision=float32 or use a GPU"
        )


def native_bf16() -> bool:
    """Whether this CPU multiplies bf16 matrices in hardware; True where torch cannot tell."""
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    if capabilities is None:
        return True
    found = capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))

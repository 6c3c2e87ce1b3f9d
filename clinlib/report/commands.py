"""Commands: the lines that make a page again, for clinlib and for papermill."""

import math
import shlex
from collections.abc import Mapping

import yaml

from clinlib.errors import BadInput
from clinlib.report import notebooks


def execute(name: str, parameters: Mapping[str, object]) -> str:
    """The command line of clinlib that executes the notebook with these parameters.

    It names those that differ from what the profile gives.
    """
    words = ["clinlib", "execute", name]
    profile = parameters.get("profile")
    if profile is not None:
        words += ["--profile", str(profile)]
    try:
        usual = notebooks.parameters(name, str(profile)) if profile else {}
    except BadInput:  # a notebook that is not part of the checkout has no profile values
        usual = {}
    for each, value in parameters.items():
        if each != "profile" and (each not in usual or usual[each] != value):
            words += ["-p", f"{each}={value if isinstance(value, str) else flow(value)}"]
    return shlex.join(words)


def papermill(name: str, parameters: Mapping[str, object]) -> str:
    """The same by papermill, which knows no profiles: all that differs from the notebook's own."""
    words = ["papermill", f"notebooks/{name}.ipynb", "out.ipynb"]
    try:
        own = {each.name: each.default for each in notebooks.declared(name).values()}
    except BadInput:
        own = {}
    for each, value in parameters.items():
        if each in own and own[each] == value:
            continue
        if isinstance(value, str):
            words += ["-r", each, value]  # as it is: -p would read "5" as a number
        elif isinstance(value, list | bool):
            words += ["-y", flow({each: value})]  # -p knows neither lists nor "false"
        else:
            words += ["-p", each, flow(value)]
    return shlex.join(words)


def flow(value: object) -> str:
    """A value as YAML in one line, strings quoted where they could be read as something else."""
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    text = yaml.safe_dump(
        value, default_flow_style=True, width=math.inf, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")

"""Parameters of a notebook: declared in one cell, strictly typed, with values per profile."""

import ast
import io
import math
import tokenize
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from clinlib.errors import BadInput, unknown

SCALARS = {"int": int, "float": float, "str": str, "bool": bool}
TYPES = (*SCALARS, *(f"list[{name}]" for name in ("int", "float", "str")))


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: `name: type = default  # help`."""

    name: str
    type: str
    default: object
    help: str = ""


def declared(source: str, where: str) -> dict[str, Parameter]:
    """The parameters that a parameters cell declares, in order.

    Raises BadInput for any line that is not `name: type = literal`, with the types of TYPES.
    """
    try:
        lines = ast.parse(source).body
    except SyntaxError as error:
        raise BadInput(f"{where}: the parameters cell is not Python: {error}") from None
    helps = _comments(source)
    found: dict[str, Parameter] = {}
    for line in lines:
        at = f"{where}: parameters cell, line {line.lineno}"
        if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)):
            raise BadInput(f"{at}: write 'name: type = value', one parameter a line")
        name, kind = line.target.id, ast.unparse(line.annotation)
        if kind not in TYPES:
            raise unknown(f"type of parameter {name} ({at})", kind, TYPES)
        if name in found:
            raise BadInput(f"{at}: {name} is declared twice")
        try:
            default = ast.literal_eval(line.value)
        except (ValueError, TypeError):
            raise BadInput(f"{at}: the default of {name} is not a literal") from None
        default = typed(kind, default, f"{at}: {name}")
        found[name] = Parameter(name, kind, default, helps.get(line.end_lineno, ""))
    return found


def typed(kind: str, value: object, where: str, *, parse: bool = False) -> object:
    """`value` as the declared type: an int becomes a float, and so does YAML's string "1e-3".

    With `parse`, a string is read as YAML first (a command line knows only strings). Raises
    BadInput, with `where` in front, for a value of another type or a float that is not finite.
    """
    if kind.startswith("list["):
        items = _read(value) if parse else value
        if not isinstance(items, (list, tuple)):
            raise BadInput(f"{where} should be {kind}, such as [a, b], not {value!r}")
        inner = kind.removeprefix("list[").removesuffix("]")
        return [typed(inner, item, f"{where}[{place}]") for place, item in enumerate(items)]
    if kind == "str":
        if isinstance(value, str):
            return value
    else:
        read = _read(value) if parse else value
        if kind == "float":
            read = _as_float(read)
        if type(read) is SCALARS[kind]:
            return read
    raise BadInput(f"{where} should be {kind}, not {value!r} ({type(value).__name__})")


def chosen(
    parameters: Mapping[str, Parameter], values: Mapping, where: str, *, parse: bool = False
) -> dict[str, object]:
    """Values for some of the declared parameters; raises BadInput with the nearest valid name."""
    result = {}
    for name, value in values.items():
        if name not in parameters:
            raise unknown(f"parameter of {where}", name, parameters)
        kind = parameters[name].type
        result[name] = typed(kind, value, f"{where}: parameter {name}", parse=parse)
    return result


def profiles(folder: Path) -> dict[str, Path]:
    """The profiles of a folder: name -> file."""
    return {path.stem: path for path in sorted(folder.glob("*.yml"))}


def profile_values(folder: Path, profile: str, notebooks: list[str]) -> dict[str, dict]:
    """What a profile sets: notebook -> parameter -> value, untyped.

    Raises BadInput for an unknown profile, for a notebook that is not one of `notebooks`, and
    where the file is not a mapping of mappings.
    """
    files = profiles(folder)
    if profile not in files:
        raise unknown("profile", profile, files)
    try:
        content = deepcopy(_content(files[profile].read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise BadInput(f"{files[profile].name}: not YAML: {error}") from None
    if not isinstance(content, dict):
        raise BadInput(f"{files[profile].name} should map notebooks to their parameters")
    for notebook, values in content.items():
        if notebook not in notebooks:
            raise unknown(f"notebook in {files[profile].name}", notebook, notebooks)
        if values is not None and not isinstance(values, dict):
            raise BadInput(f"{files[profile].name}: {notebook} should map parameters to values")
    return {notebook: values or {} for notebook, values in content.items()}


@lru_cache(maxsize=4)
def _content(text: str) -> object:
    """What a profile's text holds: every page asks for its own part of it."""
    return yaml.safe_load(text) or {}


def _read(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _as_float(value: object) -> object:
    """A float for an int or for text such as "1e-3"; anything else, and NaN, as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else str(value)


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }

"""Config: the base of every configuration; strict fields, and errors that name the nearest one."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from clinlib.errors import BadInput, unknown


class Config(BaseModel):
    """What every configuration shares: strict fields, a kind, the routine's VERSION, a dict form.

    A field's default means "as before": a new field keeps every key, and a default changes only
    together with VERSION. Where the numerics of one option alone change, REVISED counts how often,
    by (field, value): the `version` of the runs that take it rises, all others keep their records.

    Raises BadInput for an unknown field (naming the nearest), a value of another type (naming the
    type wanted) or fields that contradict each other.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    kind: ClassVar[str]
    VERSION: ClassVar[int] = 1
    REVISED: ClassVar[Mapping[tuple[str, object], int]] = {}
    routine: ClassVar[str] = ""  # "module:function", called with (configuration, RunContext)
    makes_artifact: ClassVar[bool] = False  # whether every run leaves its weights
    starts_from: ClassVar[tuple[str, ...]] = ()  # fields that hold runs whose weights it needs
    by_value: ClassVar[tuple[str, ...]] = ()  # fields that hold a configuration it reads, no run

    def __init__(self, **values: Any):
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise BadInput(_explain(type(self), error)) from None

    def replaced(self, **changes: Any) -> Self:
        """The same configuration with some fields changed, validated anew."""
        return type(self)(**{name: getattr(self, name) for name in self.given()} | changes)

    def given(self) -> dict[str, Any]:
        """The fields that have no default or differ from it: what identifies the configuration."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if field.is_required() or getattr(self, name) != field.default
        }

    @property
    def version(self) -> int:
        """Of the numerics that the run has with its options."""
        taken = (n for (name, value), n in self.REVISED.items() if getattr(self, name) == value)
        return self.VERSION + sum(taken)

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON types, nested configurations likewise, each tagged with its kind."""
        fields = {name: _plain(getattr(self, name)) for name in type(self).model_fields}
        return {"kind": self.kind} | fields

    def label(self) -> str:
        """A short text for people: the kind and the fields that differ from their defaults."""
        shown = (
            str(value) if isinstance(value, str) else f"{name}={_short(value)}"
            for name, value in self.given().items()
        )
        return " ".join((self.kind, *shown))


def _plain(value: Any) -> Any:
    if isinstance(value, Config):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _short(value: Any) -> str:
    if isinstance(value, Config):
        return f"<{value.kind}>"
    if isinstance(value, tuple):
        return ",".join(map(_short, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _explain(cls: type[Config], error: ValidationError) -> str:
    """One sentence per field at fault: what is wrong, what was given, the nearest valid choice."""
    wrong: dict[str, list[dict]] = {}
    for each in error.errors(include_url=False):
        wrong.setdefault(str(each["loc"][0]) if each["loc"] else "", []).append(each)
    return "; ".join(_sentence(cls, field, errors) for field, errors in wrong.items())


def _sentence(cls: type[Config], field: str, errors: list[dict]) -> str:
    first, where = errors[0], f"{cls.__name__}.{field}" if field else cls.__name__
    if first["type"] == "extra_forbidden":
        return str(unknown(f"field of {cls.__name__}", field, cls.model_fields))
    if first["type"] == "missing":
        return f"{where} is missing"
    own = [each["ctx"]["error"] for each in errors if each["type"] == "value_error"]
    if own:
        return f"{where}: {own[0]}"
    if first["type"] == "literal_error":
        valid = get_args(cls.model_fields[field].annotation)
        return f"{where}: {unknown('value', first['input'], valid)}"
    wanted = " or ".join(dict.fromkeys(_wanted(each["msg"]) for each in errors))
    return f"{where} should be {wanted}, not {first['input']!r} ({type(first['input']).__name__})"


def _wanted(message: str) -> str:
    message = message.removeprefix("Input should be ").replace(
        "valid dictionary or instance of ", ""
    )
    return message.replace("a valid integer", "an integer").replace("a valid ", "a ")

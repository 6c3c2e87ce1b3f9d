"""RunContext: all that a routine gets besides its configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.key import key
from clinlib.experiments.spec import Choose


def _silent(fraction: float, text: str) -> None:
    """Reports to nobody."""


def _unheard() -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class RunContext:
    """Where and with what a routine runs; nothing in it may change the numbers of a CPU run.

    `device`: "cpu" or "cuda". `cache`: folder for what can be computed again.
    `artifact`: for a kind that makes one, the empty folder that receives its weights; the sweep
    moves it to its place when the run is finished.
    `journal`: folder of a run's own that outlives an interrupt, until the run is finished.
    `parents`: key -> folder of weights, of every configuration that this one starts from.
    `choices`: what each Choose of the configuration chose.
    `saved()`: to be called whenever the journal holds all that was done so far.
    `report(fraction, text)`: progress in [0, 1] and a short text such as "dev F1 71.3".
    """

    profile: str = "quick"
    device: str = "cpu"
    threads: int = 1
    cache: Path = Path(".cache")
    artifact: Path | None = None
    journal: Path | None = None
    parents: Mapping[str, Path] = field(default_factory=dict)
    choices: Mapping[Choose, Any] = field(default_factory=dict)
    saved: Callable[[], None] = _unheard
    report: Callable[[float, str], None] = _silent

    def chosen(self, value: Any) -> Any:
        """What a Choose chose; any other value is returned as it is.

        Raises BadInput for a Choose that was not resolved before the run.
        """
        if not isinstance(value, Choose):
            return value
        if value not in self.choices:
            raise BadInput(f"{value.label()} was not resolved before the run")
        return self.choices[value]

    def parent(self, config: Config) -> Path:
        """The folder of weights of a configuration that this one starts from, or of the run that
        a Choose chose."""
        config = self.chosen(config)
        name = key(config)
        if name not in self.parents:
            raise BadInput(f"there are no weights of {config.label()} ({name})")
        return self.parents[name]

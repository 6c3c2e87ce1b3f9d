"""ActiveLearning: a tagger whose training sentences are picked round by round."""

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.names import POINTER, Count, OpenShare, Rate, Seed, Weight
from clinlib.experiments.tagger_runs import FineTune

Strategy = Literal[
    "random",
    "least_confidence",
    "plain_least_confidence",
    "tod",
    "learning_loss",
    "mlp",
    "lpn",
    "dbs",
    "core_set",
]
WITH_PREDICTOR = ("learning_loss", "lpn", "dbs")
# what a pool decides instead of the task: the fields that must stand at their defaults
DECIDED = (
    *("patience", "empty_share", "up_sample", "silver", "train_on", "r_drop", "class_weights"),
    *("keep_predictions", "sections", "sentence_type", "draw", "two_passes"),
)
NEAR = 1e-9  # shares are added up in binary


class ActiveLearning(Config):
    """A loop of rounds: pick sentences of the pool, learn from all that are labelled, score.

    `task`: the tagger by value, never run as such. Its training split is the pool, its `epochs`
    are those of one round, its labels the oracle's; its seed is the loop's. `strategy`: what
    picks (clinlib.selection); LASL is dbs with `mean_teacher`. `initial` and `per_round` are
    shares of the pool, counted in `unit_of_size`; the random initial set is round 1 of `rounds`.
    A round goes on from the weights of the last, or with `restart` from the initial model.

    Of dbs: `balance_weight` is Lambda's rule ("root" with `root_power`), `balance_scale` what
    makes the two losses comparable. Of core_set: `candidates`, in budgets of a round.
    `predictor`: the loss predictor's encoder (by the strategy: shared for learning_loss, else
    serial) of `predictor_layers` of `predictor_size`, trained by SGD with ranking `margin`; where
    it is `detached`, its loss does not reach the tagger; `bounds_scale` is how it reads L_min and
    L_max, where it does. Of the mean teacher: `decay`, whether it
    warms up, and weight and reduction of the consistency on the pool. `examples`: how many
    unlabelled sentences have their losses in the record, at most, each round.
    """

    kind: ClassVar[str] = "active_learning"
    VERSION: ClassVar[int] = 1
    routine: ClassVar[str] = "clinlib.experiments.active_learning:run"
    by_value: ClassVar[tuple[str, ...]] = ("task",)

    task: FineTune
    strategy: Strategy = "random"
    initial: Annotated[float, Field(gt=0, le=1)] = 0.01
    per_round: Annotated[float, Field(gt=0, le=1)] = 0.01
    rounds: Count = 30
    unit_of_size: Literal["sentences", "tokens"] = "sentences"
    restart: bool = False
    balance_weight: Literal["mean_probability", "equal", "linear", "root"] = "mean_probability"
    balance_scale: Literal["raw", "z_score", "rank"] = "raw"
    root_power: Count = 2
    candidates: Annotated[float, Field(ge=1)] = 5.0
    predictor: Literal["by_strategy", "shared", "serial", "individual"] = "by_strategy"
    predictor_layers: Annotated[int, Field(ge=1, le=3)] = 2
    predictor_size: Annotated[int, Field(ge=2, multiple_of=2)] = 200
    bounds_scale: Literal["raw", "log"] = "raw"
    margin: Rate = 1.0
    predictor_learning_rate: Rate = 0.01
    predictor_momentum: OpenShare = 0.9
    predictor_weight_decay: Weight = 5e-4
    detached: bool = True
    mean_teacher: bool = False
    decay: OpenShare = 0.999
    warm_up: bool = True
    consistency_weight: Weight = 0.05
    reduction: Literal["sentence", "unit"] = "sentence"
    examples: Annotated[int, Field(ge=0)] = 200
    seed: Seed = 0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.shares[-1] > 1 + NEAR:
            raise BadInput(
                f"rounds: {self.initial:.4g} and {self.rounds - 1} times {self.per_round:.4g} make "
                f"{self.shares[-1]:.0%} of the pool; at most {self.most_rounds} rounds fit"
            )
        defaults = type(self.task).model_fields
        if set_ := [name for name in DECIDED if getattr(self.task, name) != defaults[name].default]:
            raise BadInput(f"task: the loop decides what is learnt; leave out {', '.join(set_)}")
        if self.task.layout == "packed":
            raise BadInput("task: a pool of sentences needs layout sentence, not packed")
        if self.mean_teacher and not self.consistency_weight:
            raise BadInput("consistency_weight: 0 leaves the mean teacher without effect")
        if self.task.seed:
            raise BadInput("task: its seed is the loop's; give seed to ActiveLearning")
        if self.strategy == "tod" and self.task.head == POINTER:
            raise BadInput(
                "strategy: tod compares label probabilities of units, which the head "
                f"{POINTER} lacks; take crf or softmax, or the strategy mlp"
            )
        return self

    @property
    def shares(self) -> list[float]:
        """Shares of the pool that are labelled after each round, at most 1."""
        found = [self.initial + number * self.per_round for number in range(self.rounds)]
        return [1.0 if 1 < share <= 1 + NEAR else share for share in found]

    @property
    def most_rounds(self) -> int:
        """How many rounds fit into the pool."""
        return 1 + math.floor((1 - self.initial) / self.per_round + NEAR)

    @property
    def rounds_to_all(self) -> int:
        """After how many rounds the whole pool would be labelled (T of DBS)."""
        return 1 + math.ceil((1 - self.initial) / self.per_round - NEAR)

    @property
    def predicts(self) -> bool:
        """Whether a loss predictor is trained beside the tagger."""
        return self.strategy in WITH_PREDICTOR

    @property
    def loop_task(self) -> FineTune:
        """The task with the loop's seed."""
        return self.task.replaced(seed=self.seed)

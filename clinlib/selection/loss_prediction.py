"""Loss prediction: a network that says which sentences a tagger gets wrong, without their labels.

It is trained beside the tagger on labelled batches, by the order of their losses.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from clinlib.encoding.batches import Batch
from clinlib.errors import BadInput, unknown
from clinlib.models.bilstm import BiLSTM, mean_of_units
from clinlib.models.tagger import Tagger

Source = Literal["shared", "serial", "individual"]
Scale = Literal["raw", "log"]
MOST_LAYERS = 3


class LossPredictor(nn.Module):
    """A batch and the tagger's hidden states (B, U, H) of it -> predicted losses (B,).

    `encoder` (LASL, Figure 8): the tagger's hidden states go to the last layer as they are
    ("shared"), through a BiLSTM of `layers` 1 to 3 ("serial"), or a BiLSTM of its own reads the
    tagger's input embeddings instead ("individual"). States are averaged over a row's units, the
    paper saying nothing of pooling; with `bounds`, L_min and L_max are appended, and a linear
    layer makes one number of them. Shared without bounds is the learning loss of Yoo and Kweon
    (2019); serial with two layers and bounds the loss prediction network of LASL.

    `scale` of the bounds: as they are ("raw"), or log(1 + L) ("log"). L_max grows with a row's
    length to hundreds of nats, beside states of about 1. Raw, it decides the predictions
    alone, which then lie as far apart as those that the paper prints (its Table 1).

    Predictions rank sentences; their size means nothing. With `detached`, the default, the ranking
    loss does not reach the tagger. `size` is that of both directions together. `seed` draws the
    weights. The tagger gives sizes and input embeddings; it is no part of this module, so it is
    neither among its parameters nor in its state.

    Raises BadInput for an unknown encoder or scale, and for layers that it cannot have ("shared"
    has none and does not read `layers`).
    """

    def __init__(
        self,
        encoder: Source,
        layers: int,
        bounds: bool,
        *,
        tagger: Tagger,
        scale: Scale = "raw",
        size: int = 200,
        detached: bool = True,
        seed: int,
    ):
        super().__init__()
        if encoder not in get_args(Source):
            raise unknown("encoder of a loss predictor", encoder, get_args(Source))
        if encoder != "shared" and not 1 <= layers <= MOST_LAYERS:
            raise BadInput(f"a {encoder} loss predictor has 1 to {MOST_LAYERS} layers: {layers}")
        if scale not in get_args(Scale):
            raise unknown("scale of the bounds", scale, get_args(Scale))
        self.encoder, self.bounds, self.detached = encoder, bounds, detached
        self.scale = scale
        # a bound method, not the module: the tagger's embedding changes when it is made compact
        self.embedded = tagger.embedded if encoder == "individual" else None
        read = tagger.embedding_size if encoder == "individual" else tagger.hidden_size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.lstm = None if encoder == "shared" else BiLSTM(read, size, layers)
            features = read if encoder == "shared" else size
            self.linear = nn.Linear(features + 2 * bounds, 1)

    def forward(
        self, batch: Batch, hidden: Tensor, bounds: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """Predicted losses (B,); `bounds` (L_min (B,), L_max (B,)) are those of the tagger's head.

        Raises BadInput where bounds are given to a network without them, or lack.
        """
        if (bounds is not None) != self.bounds:
            raise BadInput(
                "this loss predictor reads L_min and L_max: give bounds"
                if self.bounds
                else "this loss predictor was made without bounds: give none"
            )
        states = hidden if self.embedded is None else self.embedded(batch)
        if self.detached:
            states = states.detach()
        if self.lstm is not None:
            states = self.lstm(states, batch.mask)  # (B, U, size)
        features = mean_of_units(states, batch.mask)  # (B, size)
        if bounds is not None:
            limits = torch.stack(bounds, 1).detach().to(features.dtype)  # (B, 2)
            if self.scale == "log":
                limits = limits.log1p()
            features = torch.cat([features, limits], 1)
        return self.linear(features).squeeze(1)


def ranking_loss(predicted: Tensor, losses: Tensor, margin: float = 1.0) -> Tensor:
    """max(0, -E(l_i, l_j) (p_i - p_j) + margin) (), the mean over the ring of pairs (i, i + 1).

    LASL, equation 5: predicted losses p (B,), true losses l (B,), which get no gradient;
    E = 1 where l_i > l_j and -1 otherwise, ties among them. The last sentence is paired with the
    first, so that a batch of any size B has B pairs; one of a single sentence has none: 0.
    """
    if len(predicted) < 2:
        return predicted.sum() * 0
    losses = losses.detach()
    sign = torch.where(losses > losses.roll(-1), 1.0, -1.0)
    return (margin - sign * (predicted - predicted.roll(-1))).clamp(min=0).mean()

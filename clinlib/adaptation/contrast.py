"""Contrast: masked entities are drawn to a frozen teacher's states (IBD study, section 3.3)."""

import copy

import torch
from torch import Tensor, nn

from clinlib.adaptation.entity_masking import EntityBatch, LabelledLanguageModel
from clinlib.adaptation.mlm import IGNORED


class EntityContrast:
    """Objective L = L_E-MLM + weight * L_CL (equations 2 to 4).

    The teacher is the encoder as it was: its weights do not change and its dropout is off,
    whatever becomes of the student. It reads the sequences without masks and label tokens.
    """

    def __init__(self, encoder: nn.Module, weight: float, temperature: float):
        self.teacher = copy.deepcopy(encoder).eval().requires_grad_(False)
        self.weight, self.temperature = weight, temperature

    def __call__(self, model: LabelledLanguageModel, batch: EntityBatch) -> Tensor:
        asked = batch.masked | (batch.targets != IGNORED)  # (B, L)
        states = model.states(batch, asked)  # (B, L, H)
        with (
            torch.no_grad(),
            torch.autocast(
                batch.ids.device.type, torch.bfloat16, enabled=model.precision == "bf16"
            ),
        ):
            known = self.teacher(
                input_ids=batch.original, attention_mask=batch.attention
            ).last_hidden_state.float()  # (B, N, H)
        contrast = contrastive_loss(
            states,
            known,
            batch.place,
            masked=batch.masked,
            attention=batch.attention,
            temperature=self.temperature,
        )
        return model.cross_entropy(states, batch.targets) + self.weight * contrast


def contrastive_loss(
    states: Tensor,
    known: Tensor,
    place: Tensor,
    *,
    masked: Tensor,
    attention: Tensor,
    temperature: float,
) -> Tensor:
    """Mean over masked positions of -log softmax_j cos(h_i^m, h_j) / temperature at j = i ().

    states (B, L, H) are the student's h^m, known (B, N, H) the teacher's h; masked (B, L) marks
    the positions i, place (B, L) says which of the N each is; attention (B, N) is off for padding,
    which is no negative. Equation 3 sums; the mean makes its size that of a cross entropy per
    token. 0 where nothing is masked.
    """
    states = nn.functional.normalize(states, dim=-1)
    known = nn.functional.normalize(known, dim=-1)
    logits = states @ known.transpose(1, 2) / temperature  # (B, L, N)
    logits = logits.masked_fill(~attention.unsqueeze(1), -torch.inf)
    return nn.functional.cross_entropy(
        logits[masked], place[masked], reduction="sum"
    ) / masked.sum().clamp(min=1)

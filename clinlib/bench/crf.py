"""The CRF's loss, forward and backward, beside pytorch-crf's on the same tensors."""

import torch
import torchcrf

from clinlib.bench.pairs import interleaved, save
from clinlib.models.crf import CRF

ROWS, LENGTH, LABELS = 16, 128, 19
REPEATS = 10
TARGET = 2.5


def run(pairs: int, threads: int) -> None:
    """Measures and writes results/bench/crf_loss.json, in seconds per forward and backward."""
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    emissions = torch.randn(ROWS, LENGTH, LABELS, generator=generator)
    tags = torch.randint(LABELS, (ROWS, LENGTH), generator=generator)
    mask = torch.ones(ROWS, LENGTH, dtype=torch.bool)
    ours, theirs = CRF(LABELS), torchcrf.CRF(LABELS, batch_first=True)
    theirs.load_state_dict(ours.state_dict())

    def our_step() -> None:
        for _ in range(REPEATS):
            inputs = emissions.clone().requires_grad_()
            ours.nll(inputs, tags, mask).sum().backward()

    def their_step() -> None:
        for _ in range(REPEATS):
            inputs = emissions.clone().requires_grad_()
            (-theirs(inputs, tags, mask)).backward()

    measured = interleaved(our_step, their_step, pairs)
    save(
        "crf_loss",
        [[value / REPEATS for value in pair] for pair in measured],
        unit="s",
        baseline=f"pytorch-crf, B {ROWS}, L {LENGTH}, K {LABELS}",
        target=TARGET,
        threads=threads,
    )

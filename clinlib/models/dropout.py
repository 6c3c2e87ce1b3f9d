"""Dropout from random bytes: on a CPU the usual draw costs as much as a layer of matrices."""

import torch
from torch import Tensor, nn


class ByteDropout(nn.Module):
    """Dropout whose mask comes from random bytes, so its rate is a multiple of 1/256.

    Input and output have any one shape. Each element is zeroed with probability
    round(256 p) / 256 (0.1015625 for 0.1) and the rest scaled by the exact inverse of the share
    that is kept, so the expectation is unchanged. Outside training it is the identity. Eight
    masks come from one 64-bit draw of torch's generator; on a GPU, whose own dropout is cheap,
    torch's is used.

    `rows` (N,) say that the input (N, H) holds these rows of a whole (total, H). The mask is drawn
    for the whole, so that what is left out changes no draw of what is not. This is for a CPU only.
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = p
        self.threshold = round(256 * p)

    def forward(self, x: Tensor, rows: Tensor | None = None, total: int = 0) -> Tensor:
        if not self.training or self.threshold == 0:
            return x
        if x.is_cuda:
            return nn.functional.dropout(x, self.p, training=True)
        whole = x.shape if rows is None else torch.Size((total, x.shape[1]))
        draws = torch.empty(-(-whole.numel() // 8), dtype=torch.int64)
        # random_() alone leaves the sign bit clear; the full range makes all 64 bits random
        draws.random_(torch.iinfo(torch.int64).min, None)
        bytes = draws.view(torch.uint8)[: whole.numel()].view(whole)
        if rows is not None and len(rows) < total:
            bytes = bytes.index_select(0, rows)
        kept = bytes >= self.threshold
        return x * kept.to(x.dtype).mul_(256 / (256 - self.threshold))

    def extra_repr(self) -> str:
        return f"p={self.threshold / 256:g}"


def use_byte_dropout(module: nn.Module) -> None:
    """Replaces every nn.Dropout below `module` by a ByteDropout of the same rate."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Dropout):
                setattr(parent, name, ByteDropout(child.p))

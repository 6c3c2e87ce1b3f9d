"""Scaled forward-backward: a CRF's loss and its gradient in one pass of matrix products."""

import torch

# Each scaled probability is at least exp(-range) of its step's sum, and marginals multiply two:
# below this range neither underflows in float64 (whose smallest normal number is exp(-708)).
SAFE_RANGE = 300.0


class NegativeLogLikelihood(torch.autograd.Function):
    """-log p(y|x) of each row (B,), all in float64, with its analytic gradient.

    With a_t(k) the forward and b_t(k) the backward probabilities, scaled to sum to one at every
    step, the gradient by the emissions is the marginal p(y_t = k | x), proportional to
    a_t(k) b_t(k), less the label's indicator; by the transitions it is the expected number of
    each pair of labels less the number that stands there. Both recursions run in one loop: the
    backward one is a forward one over reversed rows with the transposed transitions.
    """

    @staticmethod
    def forward(ctx, emissions, tags, mask, start, transitions, end):
        rows, length, n_labels = emissions.shape
        lengths = mask.sum(1)  # (B,)
        steps = torch.arange(length, device=emissions.device)
        # position that step t of the reversed row reads: its last unit first
        mirror = (lengths.unsqueeze(1) - 1 - steps).clamp(min=0)  # (B, L)
        wide = mirror.unsqueeze(-1).expand(-1, -1, n_labels)

        top = emissions.amax(-1, keepdim=True)  # (B, L, 1)
        likely = (emissions - top).exp()  # (B, L, K)
        both = torch.stack([likely, likely.gather(1, wide)]).transpose(1, 2)  # (2, L, B, K)
        largest = transitions.amax()
        move = (transitions - largest).exp()  # (K, K)
        moves = torch.stack([move, move.T])  # (2, K, K)
        ends = torch.stack([start, end])  # (2, K)
        ends_top = ends.amax(1, keepdim=True)
        # state: what is known up to a step, its own emission included, for both directions
        state = (ends - ends_top).exp().unsqueeze(1) * both[:, 0]  # (2, B, K)
        states, sums = [], []
        for t in range(length):
            if t:
                state = torch.bmm(state, moves) * both[:, t]
            total = state.sum(-1, keepdim=True)  # (2, B, 1)
            state = state / total
            states.append(state)
            sums.append(total)
        states = torch.stack(states, 2)  # (2, B, L, K)
        log_sums = torch.stack(sums, 2)[0, ..., 0].log()  # (B, L)
        forward = states[0]
        backward = states[1].gather(1, wide)  # (B, L, K), emission of its own step included

        here = mask.to(emissions.dtype)
        last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, n_labels)
        final = forward.gather(1, last).squeeze(1) * (end - ends_top[1]).exp()  # (B, K)
        log_z = (
            (here * (log_sums + top.squeeze(-1))).sum(1)
            + (lengths - 1) * largest
            + final.sum(1).log()
            + ends_top[0, 0]
            + ends_top[1, 0]
        )  # (B,)

        chosen = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)  # (B, L)
        pairs = mask[:, 1:]  # (B, L-1)
        last_tags = tags.gather(1, (lengths - 1).unsqueeze(1)).squeeze(1)
        gold = (
            (here * chosen).sum(1)
            + start[tags[:, 0]]
            + end[last_tags]
            + (transitions[tags[:, :-1], tags[:, 1:]] * pairs).sum(1)
        )  # (B,)
        ctx.save_for_backward(likely, forward, backward, move, tags, mask, last_tags)
        return log_z - gold

    @staticmethod
    def backward(ctx, grad):
        likely, forward, backward, move, tags, mask, last_tags = ctx.saved_tensors
        n_labels = likely.shape[-1]
        weight = grad.unsqueeze(1) * mask  # (B, L)

        joint = forward * backward / likely.clamp(min=torch.finfo(likely.dtype).tiny)
        marginal = joint / joint.sum(-1, keepdim=True)  # (B, L, K)
        by_emissions = marginal * weight.unsqueeze(-1)
        by_emissions.scatter_add_(2, tags.unsqueeze(2), -weight.unsqueeze(2))

        before, after = forward[:, :-1], backward[:, 1:]  # (B, L-1, K)
        total = ((before @ move) * after).sum(-1, keepdim=True)
        scaled = before * (weight[:, 1:].unsqueeze(-1) / total)
        by_transitions = move * torch.einsum("bti,btj->ij", scaled, after)
        flat = (tags[:, :-1] * n_labels + tags[:, 1:]).flatten()
        by_transitions.view(-1).scatter_add_(0, flat, -weight[:, 1:].flatten())

        by_start = (marginal[:, 0] * grad.unsqueeze(1)).sum(0)
        by_start.scatter_add_(0, tags[:, 0], -grad)
        last = (mask.sum(1) - 1).view(-1, 1, 1).expand(-1, 1, n_labels)
        by_end = (marginal.gather(1, last).squeeze(1) * grad.unsqueeze(1)).sum(0)
        by_end.scatter_add_(0, last_tags, -grad)
        return by_emissions, None, None, by_start, by_transitions, by_end

"""Training objectives over transition systems: so far the locally normalised one (Andor et al. 2016, equation 3)."""

from __future__ import annotations

from torch import Tensor


def local_loss(scores: Tensor, legal: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy [S] in nats of S decisions: each normalises over its legal actions.

    `scores` and `legal` are [S, A]; `target` [S] holds legal actions.
    """
    scores = scores.masked_fill(~legal, -1e9)  # finite, so that gradients are
    chosen: Tensor = scores.gather(1, target.unsqueeze(1)).squeeze(1)
    return scores.logsumexp(1) - chosen

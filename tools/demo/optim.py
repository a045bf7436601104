"""Muon: steepest descent in the spectral norm, for the matrices between the embeddings.

Keller Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024): the
momentum of each matrix is replaced by the nearest matrix with all singular values about 1,
found by a Newton-Schulz iteration. It needs about half of AdamW's steps here, which matters as the
demo model is trained on a processor.
"""

import torch

MOMENTUM = 0.95
# The quintic of the article: its slope at 0 is steep, so five rounds suffice.
A, B, C = 3.4445, -4.7750, 2.0315
ROUNDS = 5


def orthogonal(g):
    """A matrix of g's shape and singular vectors, its singular values moved towards 1."""
    x = g / (g.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(ROUNDS):
        s = x @ x.T
        x = A * x + (B * s + C * (s @ s)) @ x
    return x.T if tall else x


class Muon:
    """Updates matrices (rows x columns) from their gradients."""

    def __init__(self, matrices):
        self.pairs = [(m, torch.zeros_like(m)) for m in matrices]

    @torch.no_grad()
    def step(self, rate):
        for matrix, momentum in self.pairs:
            momentum.mul_(MOMENTUM).add_(matrix.grad)
            ahead = matrix.grad + MOMENTUM * momentum  # Nesterov
            scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
            matrix.add_(orthogonal(ahead), alpha=-rate * scale)

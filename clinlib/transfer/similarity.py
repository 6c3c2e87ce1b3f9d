"""Similarity of two taggers, by the states that they give to the units of one text.

Both start from one encoder, so that a rotation near the identity relates their states if
fine-tuning moved them little, or alike. CLIN-X (section 3.5) predicts the source by it.
"""

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes

from clinlib.errors import BadInput


def distances(source: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """How far apart two sets of states (N, H) are, row n of both being of one unit; smaller is
    more similar.

    "rotation": ||W - I||_F in [0, 2 sqrt(H)], W the orthogonal matrix that takes the centred
    source nearest to the centred target (least squares), of several the one nearest to I.
    "residual": ||XW - Y||_F / ||Y||_F, what
    no rotation takes away. "disparity": scipy.spatial.procrustes's, in [0, 1], after both are
    scaled to norm 1, which is near to what released code of the measure computes.

    Raises BadInput for other shapes than two equal (N, H), for N up to H, of which no rotation can
    be told, and for states that do not vary.
    """
    if source.shape != target.shape or source.ndim != 2:
        raise BadInput(f"states of shapes {source.shape} and {target.shape} cannot be compared")
    x = np.asarray(source, dtype=np.float64) - source.mean(axis=0, dtype=np.float64)
    y = np.asarray(target, dtype=np.float64) - target.mean(axis=0, dtype=np.float64)
    states, size = x.shape
    if states <= size:
        raise BadInput(
            f"{states} states of {size} numbers do not determine a rotation; give more than {size}"
        )
    if not (x.any() and y.any()):
        raise BadInput(f"the {len(x)} states of one model are all the same; give more text")
    rotation = nearest_rotation(x, y)
    return {
        "rotation": float(np.linalg.norm(rotation - np.eye(len(rotation)))),
        "residual": float(np.linalg.norm(x @ rotation - y) / np.linalg.norm(y)),
        "disparity": float(procrustes(y, x)[2]),
    }


def nearest_rotation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Orthogonal W (H, H) of least ||XW - Y||_F for centred states (N, H), told from ties.

    States that leave a layer normalisation miss a direction: their numbers, scaled back, sum to
    nought. What W does there changes no fit, so that the singular value decomposition of X^T Y
    gives it a sign by rounding, and ||W - I||^2 differs by up to 4 between two processors. There
    W is the rotation nearest to the identity.
    """
    left, _, right = np.linalg.svd(x.T @ y)
    # encoders compute in float32: what its rounding can make is no direction of the states
    rounding = len(left) * float(np.finfo(np.float32).eps)
    rank = min(np.linalg.matrix_rank(each, rtol=rounding) for each in (x, y))
    rotation = left[:, :rank] @ right[:rank]
    if rank < len(left):
        free, onto = left[:, rank:], right[rank:].T
        rotation += free @ orthogonal_procrustes(free, onto)[0] @ onto.T
    return rotation

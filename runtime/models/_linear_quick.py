"""Plain rows predicted by a weighted sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ._encoding_quick import QuickEncoding

    Array = NDArray[np.float64]


class QuickLinear:
    """A linear model that takes tuples."""

    def __init__(self, encode: QuickEncoding, outputs: Callable[[Array], Array]) -> None:
        """Outputs: from the matrix to probabilities or values."""
        self._encode, self._outputs = encode, outputs

    def predict(self, rows: Sequence[tuple[Any, ...]]) -> NDArray[np.float64]:
        """Probabilities or values."""
        return self._outputs(self._encode(rows))

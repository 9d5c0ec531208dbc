"""What the program does elsewhere that decides whether a loss object means the same.

TF1's function and the loss object agree on what they are given. They differ in what they leave to
others (the loss collection), and in what they take from them (masks, cached logits, replicas). So
`--to keras` looks through all files that it was given.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Dict, Iterable, Optional, Tuple


@dataclasses.dataclass(frozen=True)
class Trait:
    """Something a program may do.

    Args:
        pattern: What betrays it.
        reason: Why the loss object may then give something else. `{place}` is where it was found.
    """

    pattern: re.Pattern[bytes]
    reason: str


TRAITS: Dict[str, Trait] = {
    "collection": Trait(
        re.compile(
            rb"\bget_total_loss\b|\bget_losses\b|GraphKeys\.LOSSES|\bmodel_deploy\b|slim\.learning"
            # get_collection of the losses, or of a name that only the running program knows
            rb"|get_collection\s*\(\s*(?:key\s*=\s*)?"
            rb"(?:['\"]losses['\"]|(?!['\"]|[\w.]*GraphKeys\.)\w)"
        ),
        "the loss collection is read ({place}), and a loss object doesn't join it",
    ),
    "mask": Trait(
        re.compile(rb"\bmask_zero\b|\bMasking\s*\(|\b_?keras_mask\b|\bcompute_mask\b"),
        "Keras masks are made ({place}), which a loss object applies and TF1 ignores",
    ),
    "softmax": Trait(
        re.compile(
            rb"activation\s*=\s*['\"]softmax['\"]|Activation\s*\(\s*['\"]softmax"
            rb"|activations\.softmax|layers\.Softmax|[^.\w]Softmax\s*\("
        ),
        "a Keras layer ends in softmax ({place}), which a loss object undoes and TF1 does not",
    ),
    "distribution": Trait(
        re.compile(
            rb"\btf\.distribute\b|\bcontrib\.distribute\b|\w*Strategy\s*\("
            rb"|\bnum_replicas_in_sync\b|\bCrossShardOptimizer\b|\bTPUEstimator\b"
        ),
        "the program may run on replicas ({place}), which a loss object divides by and TF1's "
        "function leaves to the optimizer",
    ),
}


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """Where the traits of a program were found first.

    Args:
        places: For each trait that was found, its name and the place, `path:line`.
    """

    places: Tuple[Tuple[str, str], ...] = ()

    def reasons(self) -> Iterable[Tuple[str, str]]:
        """The traits, and why a loss object may give something else because of them."""
        for trait, place in self.places:
            yield trait, TRAITS[trait].reason.format(place=place)


def look_around(sources: Iterable[Tuple[str, bytes]]) -> Surroundings:
    """Look for every trait in all sources.

    Args:
        sources: Paths and contents.
    """
    places: Dict[str, str] = {}
    for path, content in sources:
        for name, trait in TRAITS.items():
            line = None if name in places else _first_line(trait.pattern, content)
            if line:
                places[name] = f"{path}:{line}"
    return Surroundings(tuple(sorted(places.items())))


def _first_line(pattern: re.Pattern[bytes], content: bytes) -> Optional[int]:
    """The first line that has the pattern and isn't all comment."""
    for match in pattern.finditer(content):
        line = content[: match.end()].rsplit(b"\n", 1)[-1]
        if not line.lstrip().startswith(b"#"):
            return content.count(b"\n", 0, match.start()) + 1
    return None

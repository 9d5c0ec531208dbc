"""What the program does elsewhere that decides whether a loss object means the same.

TF1's function and the loss object agree on what they are given. They differ in what they leave to
others (the loss collection, the result's name), and in what they take from them (replicas, a
dtype). So `--to keras` looks through all files that it was given. What the object would take from
the logits themselves, ``bare_logits`` keeps from it.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Dict, FrozenSet, Iterable, Iterator, Optional, Set, Tuple


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
            rb"|slim\s+import\s+learning"
            # get_collection handed on, of the losses, or of a name that only the program knows
            rb"|\bget_collection(?:_ref)?\b(?!\s*\()"
            rb"|\bget_collection(?:_ref)?\s*\(\s*(?:key\s*=\s*)?"
            rb"(?:\\?['\"]losses\\?['\"]|(?!\\?['\"]|[\w.]*GraphKeys\.)\w)"
        ),
        "the loss collection is read ({place}), and a loss object doesn't join it. Without it: "
        "migration_guide/collections-and-estimators.md#where-each-term-goes",
    ),
    "floatx": Trait(
        re.compile(
            rb"\bset_floatx\b|\bset_global_policy\b|\bmixed_b?float16\b|\bDTypePolicy\b"
            rb"|\bkeras\.mixed_precision\b|\bkeras\s+import\s+mixed_precision\b"
        ),
        "Keras's floatx or a policy of mixed precision is set ({place}), and the dtype of the "
        "logits isn't shown, in which a loss object would have to compute",
    ),
    "name": Trait(
        re.compile(
            rb"\b(?:(?:sparse_)?softmax|sigmoid)_cross_entropy_(?:loss|with_logits(?:_sg)?)(?:_\d+)?[:/]"
            rb"|\b(?:SparseSoftmaxCrossEntropyWithLogits|logistic_loss)(?:_\d+)?[:/]"
            # names that the program's own tensors have, and the port's take a number of
            rb"|\b(?:Identity|StopGradient)(?:_\d+)?:\d"
        ),
        "the loss, or a tensor of a name that the port takes, is fetched by its name in the graph "
        "({place}), which a loss object doesn't give it",
    ),
    "distribution": Trait(
        re.compile(
            rb"\.\s*distribute\b|\bimport\s+distribute\b|Strategy\s*\("
            rb"|\bnum_replicas_in_sync\b|\bCrossShardOptimizer\b|\bTPUEstimator\b"
        ),
        "the program may run on replicas ({place}), which a loss object divides by and TF1's "
        "function leaves to the optimizer",
    ),
}


# `model.labels = x`, `a.labels, b = x` and `setattr(model, "labels", x)`; a keyword argument may
# look the same, and costs nothing.
_ASSIGNED = re.compile(
    rb"\b(?!(?:self|cls)\b)\w+\.(\w+)[ \t]*(?=(?:,[^=\n()]{0,200})?=(?!=))"
    rb"|\bsetattr\(\s*[\w.]+\s*,\s*['\"](\w+)"
)
_BASES = re.compile(rb"\bclass\s+\w+\s*\(([^()]*)")
# The last part of a base's name, unless the base is a library's.
_BASE = re.compile(rb"(?<![\w.])(?!(?:tf|tensorflow|keras|nn|snt)\.)(?:\w+\.)*(\w+)")
_RENAMED = re.compile(rb"\b([A-Za-z_]\w*)\s+as\s+\w+")


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """Where the traits of a program were found first.

    Args:
        places: For each trait that was found, its name and the place, `path:line`.
        assigned: The attributes that are bound on something else than `self`, wherever.
        subclassed: The classes that are bases somewhere, or get another name.
    """

    places: Tuple[Tuple[str, str], ...] = ()
    assigned: FrozenSet[str] = frozenset()
    subclassed: FrozenSet[str] = frozenset()

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
    assigned: Set[bytes] = set()
    subclassed: Set[bytes] = set()
    for path, content in sources:
        for name, trait in TRAITS.items():
            line = None if name in places else _first_line(trait.pattern, content)
            if line:
                places[name] = f"{path}:{line}"
        assigned.update(_names(_ASSIGNED, content))
        for bases in _BASES.findall(content):
            subclassed.update(_BASE.findall(bases))
        subclassed.update(_RENAMED.findall(content))
    return Surroundings(tuple(sorted(places.items())), _decoded(assigned), _decoded(subclassed))


def _names(pattern: re.Pattern[bytes], content: bytes) -> Iterator[bytes]:
    """Whichever group of a pattern has matched."""
    return (name for groups in pattern.findall(content) for name in groups if name)


def _decoded(names: Iterable[bytes]) -> FrozenSet[str]:
    # Names of other scripts are nothing that a pattern of bytes finds whole.
    return frozenset(name.decode("ascii") for name in names)


def _first_line(pattern: re.Pattern[bytes], content: bytes) -> Optional[int]:
    """The first line that has the pattern and isn't all comment."""
    for match in pattern.finditer(content):
        line = content[: match.end()].rsplit(b"\n", 1)[-1]
        if not line.lstrip().startswith(b"#"):
            return content.count(b"\n", 0, match.start()) + 1
    return None

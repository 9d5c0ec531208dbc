"""Code elsewhere in the program that decides whether a loss object computes the same.

TF1's function and a loss object compute the same from the same arguments. They differ in what other
code sees (the loss collection, the result's name), and in what other code changes (replicas, a
dtype). So `--to keras` searches all files of the run. `bare_logits` handles what Keras attaches to
the logits.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Iterable, Iterator


@dataclasses.dataclass(frozen=True)
class Trait:
    """Something a program may do.

    Args:
        pattern: what it looks like.
        reason: why the loss object may then differ. `{place}` is where it was found.
    """

    pattern: re.Pattern[bytes]
    reason: str


TRAITS: dict[str, Trait] = {
    "collection": Trait(
        re.compile(
            rb"\bget_total_loss\b|\bget_losses\b|GraphKeys\.LOSSES|\bmodel_deploy\b|slim\.learning"
            rb"|slim\s+import\s+learning"
            # get_collection as an argument, of the losses, or of a name known only at run time
            rb"|\bget_collection(?:_ref)?\b(?!\s*\()"
            rb"|\bget_collection(?:_ref)?\s*\(\s*(?:key\s*=\s*)?"
            rb"(?:\\?['\"]losses\\?['\"]|(?!\\?['\"]|[\w.]*GraphKeys\.)\w)"
        ),
        "the program reads the loss collection ({place}), which a loss object doesn't join. How to "
        "replace the collection: "
        "migration_guide/collections-and-estimators.md#where-each-term-goes",
    ),
    "floatx": Trait(
        re.compile(
            rb"\bset_floatx\b|\bset_global_policy\b|\bmixed_b?float16\b|\bDTypePolicy\b"
            rb"|\bkeras\.mixed_precision\b|\bkeras\s+import\s+mixed_precision\b"
        ),
        "the program sets Keras's floatx or a mixed precision policy ({place}), and the source "
        "doesn't show the logits' dtype, which the loss object must use",
    ),
    "name": Trait(
        re.compile(
            rb"\b(?:(?:sparse_)?softmax|sigmoid)_cross_entropy_(?:loss|with_logits(?:_sg)?)(?:_\d+)?[:/]"
            rb"|\b(?:SparseSoftmaxCrossEntropyWithLogits|logistic_loss)(?:_\d+)?[:/]"
            # names of the program's own tensors, which the port's ops also use
            rb"|\b(?:Identity|StopGradient)(?:_\d+)?:\d"
        ),
        "the program fetches a tensor by its name ({place}): a loss object names its tensors "
        "differently, and the port adds ops named Identity and StopGradient",
    ),
    "distribution": Trait(
        re.compile(
            rb"\.\s*distribute\b|\bimport\s+distribute\b|Strategy\s*\("
            rb"|\bnum_replicas_in_sync\b|\bCrossShardOptimizer\b|\bTPUEstimator\b"
        ),
        "the program may run on several replicas ({place}): a loss object divides a mean by their "
        "number, and TF1's function leaves that to the optimizer",
    ),
}


# `model.labels = x`, `a.labels, b = x` and `setattr(model, "labels", x)`. A keyword argument may
# look the same, which does no harm.
_ASSIGNED = re.compile(
    rb"\b(?!(?:self|cls)\b)\w+\.(\w+)[ \t]*(?=(?:,[^=\n()]{0,200})?=(?!=))"
    rb"|\bsetattr\(\s*[\w.]+\s*,\s*['\"](\w+)"
)
_BASES = re.compile(rb"\bclass\s+\w+\s*\(([^()]*)")
# The last part of a base class's name, unless the class is a library's.
_BASE = re.compile(rb"(?<![\w.])(?!(?:tf|tensorflow|keras|nn|snt)\.)(?:\w+\.)*(\w+)")
_RENAMED = re.compile(rb"\b([A-Za-z_]\w*)\s+as\s+\w+")


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """Where each trait of a program was first found.

    Args:
        places: for each trait that was found, its name and the place, `path:line`.
        assigned: the attributes that any file assigns on objects other than `self`.
        subclassed: the classes that any file subclasses or renames.
    """

    places: tuple[tuple[str, str], ...] = ()
    assigned: frozenset[str] = frozenset()
    subclassed: frozenset[str] = frozenset()

    def reasons(self) -> Iterable[tuple[str, str]]:
        """The traits, and why a loss object may differ because of them."""
        for trait, place in self.places:
            yield trait, TRAITS[trait].reason.format(place=place)


def look_around(sources: Iterable[tuple[str, bytes]]) -> Surroundings:
    """Look for every trait in all sources.

    Args:
        sources: paths and contents.
    """
    places: dict[str, str] = {}
    assigned: set[bytes] = set()
    subclassed: set[bytes] = set()
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
    """The groups of a pattern that matched."""
    return (name for groups in pattern.findall(content) for name in groups if name)


def _decoded(names: Iterable[bytes]) -> frozenset[str]:
    # The patterns match bytes, so they only find whole names in ASCII.
    return frozenset(name.decode("ascii") for name in names)


_LINE_END = re.compile(rb"\r\n|\r|\n")


def _first_line(pattern: re.Pattern[bytes], content: bytes) -> int | None:
    """The first line that matches the pattern and isn't only a comment."""
    for match in pattern.finditer(content):
        line = _LINE_END.split(content[: match.end()])[-1]
        if not line.lstrip().startswith(b"#"):
            return len(_LINE_END.findall(content, 0, match.start())) + 1
    return None

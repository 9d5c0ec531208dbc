"""What the program does elsewhere that decides whether a loss object means the same.

TF1's function and the loss object agree on what they are given. They differ in what they leave to
others (the loss collection, the result's name), and in what they take from them (masks, cached
logits, replicas, a dtype). So `--to keras` looks through all files that it was given.
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
            rb"|slim\s+import\s+learning"
            # get_collection handed on, of the losses, or of a name that only the program knows
            rb"|\bget_collection(?:_ref)?\b(?!\s*\()"
            rb"|\bget_collection(?:_ref)?\s*\(\s*(?:key\s*=\s*)?"
            rb"(?:\\?['\"]losses\\?['\"]|(?!\\?['\"]|[\w.]*GraphKeys\.)\w)"
        ),
        "the loss collection is read ({place}), and a loss object doesn't join it",
    ),
    "mask": Trait(
        re.compile(rb"\bmask_zero\b|\bMasking\b|\b(set|get)?_?keras_mask\b|\bcompute_mask\b"),
        "Keras masks are made ({place}), which a loss object applies and TF1 ignores",
    ),
    "softmax": Trait(
        re.compile(
            # Keras keeps what went into its softmax and its sigmoid with what came out of it, and
            # of tf.nn.softmax a graph tells. (A notebook has its quotes behind backslashes.)
            rb"['\"](softmax|sigmoid)\\?['\"]|\.softmax\b|\bsoftmax\s*\(|\bSoftmax\b"
            rb"|\bactivations\b[^\r\n]*\b(softmax|sigmoid)\b"
        ),
        "a softmax or a Keras sigmoid is applied ({place}); where it makes the logits, a loss "
        "object undoes it and TF1 does not",
    ),
    "sigmoid": Trait(
        re.compile(rb"\.sigmoid\b|\bsigmoid\s*\(|\bSigmoid\b"),
        "a sigmoid is applied ({place}); where it makes the logits, a loss object undoes it and "
        "TF1 does not",
    ),
    "model": Trait(
        re.compile(
            rb"\bkeras\.applications\b|\bload_model\b|\bmodel_from_(json|yaml|config)\b"
            rb"|\bKerasLayer\b|\bimport\s+applications\b"
        ),
        "a ready-made Keras model is used ({place}); a loss object undoes a softmax at its end and "
        "applies its masks, TF1 does neither",
    ),
    "floatx": Trait(
        re.compile(rb"\bset_floatx\b"),
        "Keras's floatx is set ({place}), in which a loss object computes, whatever the logits are",
    ),
    "name": Trait(
        re.compile(
            rb"\b(?:(?:sparse_)?softmax|sigmoid)_cross_entropy_(?:loss|with_logits(?:_sg)?)(?:_\d+)?[:/]"
            rb"|\b(?:SparseSoftmaxCrossEntropyWithLogits|logistic_loss)(?:_\d+)?[:/]"
        ),
        "the loss is fetched by its name in the graph ({place}), which a loss object doesn't give "
        "it",
    ),
    "distribution": Trait(
        re.compile(
            rb"\.\s*distribute\b|\bimport\s+distribute\b|\w*Strategy\s*\("
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

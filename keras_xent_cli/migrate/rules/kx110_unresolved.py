"""KX110: a name that looks like one of the functions, but may be something else.

It may come from a project's compatibility module, a star import, a parameter, an attribute that
holds `tf.losses`, or a variable that several branches bind to different things.
"""

from __future__ import annotations

import ast
import re
from typing import Iterator

from keras_xent_cli.migrate.finding import Action, Remark
from keras_xent_cli.migrate.leftovers import Leftovers, qualified_name
from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import Rule
from keras_xent_cli.migrate.source.names import OWN, UNKNOWN, does_more, is_wrapped, unwrapped
from keras_xent_cli.migrate.tensorflow import functions
from keras_xent_cli.migrate.tensorflow.tf1_modules import is_tf2
from keras_xent_cli.migrate.unfollowed import handed_on, is_own, starred

_LOOKS_LIKE_TF1 = re.compile(
    rf"(^|\.)(losses\.({'|'.join(sorted(functions.LOSSES_NAMES))})"
    rf"|nn\.({'|'.join(sorted(functions.NN_NAMES))}))$"
)


_CONTRIB_NAMES = frozenset(each.name for each in functions.ALL if each.has_other_order)

# The first parts of names from other libraries, or (OWN) from another file of the program.
_LIBRARIES = frozenset(
    {
        OWN,
        "jax",
        "keras",
        "keras_xent",
        "mesh_tensorflow",
        "optax",
        "tensorflow",
        "tf_keras",
        "tf_slim",
        "torch",
    }
)
# Modules with which a function can copy a module.
_COPYING = frozenset({"copy", "functools", "inspect", "types"})
_NO_TF1 = ("tensorflow.keras.", "tensorflow.python.util.")
# Names of TensorFlow as an attribute of other modules.
_TENSORFLOW = frozenset({"tensorflow", "tf", "tf1", "tf_v1"})


def check(module: Module, options: Options) -> Iterator[Remark]:
    """Report names that look like TF1's functions, if it isn't known that they are."""
    known = {reference.node for reference in module.references}
    for attribute in module.all(ast.Attribute):
        unknown = attribute.attr in functions.FUNCTION_NAMES and attribute not in known
        if unknown and _may_be_tf1(module, attribute):
            yield _remark(module, attribute)
    for name in module.all(ast.Name):
        if name.id in functions.FUNCTION_NAMES and _may_be_starred(module, name):
            yield _remark(module, name)


def check_leftovers(leftovers: Leftovers) -> Iterator[Remark]:
    """Report functions that are imported but not used (any more): other files may import them."""
    module = leftovers.module
    for statement, alias in leftovers.imports():
        function = functions.tf1_function(qualified_name(statement, alias))
        if function and not leftovers.uses(alias):
            order = ", which expects the labels first" if function.has_other_order else ""
            yield Remark(
                module.offset(statement),
                Action.FLAGGED,
                f"{alias.name} is imported but not used here. Delete the import; files that import "
                f"it from this module can import it from {module.package}.v1{order}",
            )


def _may_be_tf1(module: Module, node: ast.Attribute) -> bool:
    if not isinstance(node.ctx, ast.Load):
        return False  # KX108
    names = module.names_and_wrapped(node)
    if any(functions.tf1_function(unwrapped(name)) for name in names):
        return True  # perhaps only in some branches, as one of several functions, or wrapped
    names = frozenset(map(_known, names))
    if names and UNKNOWN not in names:
        # A name from another library or from TF2. But a project's module may re-export TF1.
        return any(_LOOKS_LIKE_TF1.search(name) and not _is_library(name) for name in names)
    stars = starred(module, node)
    if stars and all(map(is_tf2, stars)):
        return False
    if _LOOKS_LIKE_TF1.search(module.dotted(node)):
        return True
    return not is_own(node) and bool(handed_on(module, _modules(node.attr)))


def _known(name: str) -> str:
    """A name, unwrapped if a function of the program wraps it; `UNKNOWN` if it may be TF1's.

    Such a function may return its argument, or anything else that it uses.
    """
    inner = unwrapped(name)
    root = inner.split(".")[0]
    if not is_wrapped(name):
        return name
    if root in _COPYING:
        return OWN
    if root == "tensorflow":
        return inner if is_tf2(inner) or inner.startswith(_NO_TF1) else UNKNOWN
    return inner if _is_library(inner) else UNKNOWN


def _modules(function: str) -> set[str]:
    """The modules that have a function of this name."""
    return {module for each in functions.ALL if each.name == function for module in each.modules}


def _is_library(name: str) -> bool:
    """Whether a name belongs to a library; `keras.backend.tf` doesn't, because it is TensorFlow."""
    root, *rest = name.split(".")
    return root in _LIBRARIES and not _TENSORFLOW & set(rest)


def _may_be_starred(module: Module, node: ast.Name) -> bool:
    """Whether a name may come from a star import of a TensorFlow 1 module."""
    return any("tensorflow" in name and not is_tf2(name) for name in starred(module, node))


def _remark(module: Module, node: ast.expr) -> Remark:
    source = module.dotted(node)
    if isinstance(node, ast.Attribute) and does_more(node):
        return Remark(
            module.offset(node),
            Action.FLAGGED,
            f"{source}: the codemod doesn't port a name with an assignment, a call, an await or a "
            "yield in it. If it is TF1's function, move that part to a separate line before it, "
            "and run the codemod again",
        )
    message = (
        f"{source}: the codemod can't know whether this is TF1's function. If it is, import it "
        "from tensorflow.compat.v1 and run the codemod again, or use the one in "
        f"{module.package}.v1"
    )
    if source.rsplit(".", 1)[-1] in _CONTRIB_NAMES:
        message += (
            ". If it is contrib's or slim's, import it from tf_slim, which expects the logits first"
        )
    return Remark(module.offset(node), Action.FLAGGED, message)


RULE = Rule("KX110", "a name that may or may not be TF1's function", check, check_leftovers)

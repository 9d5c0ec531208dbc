"""Rewrites calls with libcst, which keeps the comments and formatting inside them."""

from __future__ import annotations

import re
from typing import Callable, Collection, Sequence

import libcst as cst

from keras_xent_cli.migrate.source.lines import Lines

Change = Callable[[cst.Call], cst.Call]

# With the end of the line, because nothing can follow a comment on its line.
_COMMENT_IN_NAME = re.compile(r"#[^\r\n]*(?:\r\n|\r|\n)\s*")


def rewritten(source: str, change: Change) -> str:
    """The source of a call after a change.

    Args:
        source: the text of one call.
        change: turns the old call into the new one.
    """
    # In parentheses, which allow line breaks, because the call may be inside some.
    expression = cst.parse_expression(f"({source})")
    assert isinstance(expression, cst.Call)
    bare = change(expression.with_changes(lpar=[], rpar=[]))
    return _code(bare, source)


def renamed(old: str, new: str) -> str:
    """A new name in place of a dotted one, with the comments that were inside it."""
    comments: list[str] = _COMMENT_IN_NAME.findall(old)
    kept = new + "".join(f"  {comment}" for comment in comments)
    # If the line breaks were in the name's own parentheses, there may be no others around it.
    return f"({kept})" if comments and "(" in _COMMENT_IN_NAME.sub("", old) else kept


def rename_keyword(source: str, old: str, new: str) -> str:
    """The call with one keyword argument renamed."""

    def change(call: cst.Call) -> cst.Call:
        return call.with_changes(
            args=[
                _keyword(argument, new) if _name(argument) == old else argument
                for argument in call.args
            ]
        )

    return rewritten(source, change)


def name_arguments(source: str, parameters: Sequence[str]) -> str:
    """The call with every positional argument named."""

    def change(call: cst.Call) -> cst.Call:
        return call.with_changes(
            args=[
                _keyword(argument, parameters[position]) if _name(argument) is None else argument
                for position, argument in enumerate(call.args)
            ]
        )

    return rewritten(source, change)


def argument(source: str, name: str) -> str:
    """The text of one of a call's arguments.

    Args:
        source: the call.
        name: the argument's keyword; "" for the first argument.
    """
    found: list[str] = []

    def change(call: cst.Call) -> cst.Call:
        found.extend(_code(each.value, source) for each in call.args if (_name(each) or "") == name)
        return call

    rewritten(source, change)
    return found[0]


def has_comment(source: str) -> bool:
    """Whether there are comments between a call's parentheses."""
    return _has_comment(cst.parse_expression(f"({source})"))


def has_comment_in_name(source: str) -> bool:
    """Whether there are comments in a call before the parentheses of its arguments."""
    call = cst.parse_expression(f"({source})")
    assert isinstance(call, cst.Call)
    return _has_comment(call.func) or _has_comment(call.whitespace_after_func)


def _has_comment(node: cst.CSTNode) -> bool:
    found: list[cst.Comment] = []

    class Comments(cst.CSTVisitor):
        def visit_Comment(self, node: cst.Comment) -> None:  # noqa: N802
            found.append(node)

    node.visit(Comments())
    return bool(found)


def split_call(
    source: str,
    parameters: Sequence[str],
    first: Callable[[dict[str, str]], str],
    moved: dict[str, str],
    dropped: Collection[str],
    renamed: dict[str, str],
) -> str:
    """Turns `function(...)` into `first(...)(...)`, a call of what another call returns.

    Args:
        source: the call.
        parameters: the function's parameters, which name the positional arguments.
        first: turns the arguments that move into the text of the first call.
        moved: the arguments that move to the first call, with their names there.
        dropped: the arguments that are removed.
        renamed: the names of the others in the second call.
    """

    def change(call: cst.Call) -> cst.Call:
        named = [
            _keyword(argument, _name(argument) or parameters[position])
            for position, argument in enumerate(call.args)
        ]
        texts = {str(_name(each)): _code(each.value, source) for each in named}
        moving = {moved[name]: text for name, text in texts.items() if name in moved}
        kept = [
            _keyword(argument, renamed[str(_name(argument))])
            for argument in named
            if _name(argument) not in moved and _name(argument) not in dropped
        ]
        if kept and _name(named[-1]) not in renamed:
            # Keep the end of the list as it was: with or without a comma and a line break.
            kept[-1] = kept[-1].with_changes(
                comma=named[-1].comma, whitespace_after_arg=named[-1].whitespace_after_arg
            )
        function = cst.parse_expression(first(moving))
        return call.with_changes(func=function, args=kept)

    return rewritten(source, change)


def without_names(source: str, gone: Collection[int]) -> str:
    """An import without some of its names.

    Args:
        source: the text of an import.
        gone: the positions of the names to remove; at least one name must stay.
    """
    statement = cst.parse_statement(source)
    assert isinstance(statement, cst.SimpleStatementLine)
    (old,) = statement.body
    assert isinstance(old, (cst.Import, cst.ImportFrom))
    assert not isinstance(old.names, cst.ImportStar)
    kept = [each for index, each in enumerate(old.names) if index not in gone]
    # Keep the end of the list as it was: with or without a comma.
    kept[-1] = kept[-1].with_changes(comma=old.names[-1].comma)
    return _code(old.with_changes(names=kept), source)


def _name(argument: cst.Arg) -> str | None:
    return argument.keyword.value if argument.keyword else None


def _keyword(argument: cst.Arg, name: str) -> cst.Arg:
    if argument.keyword:
        return argument.with_changes(keyword=cst.Name(name))
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    value = argument.value
    if isinstance(value, (cst.NamedExpr, cst.GeneratorExp)) and not value.lpar:
        # Without a keyword, these don't need their own parentheses.
        value = value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return argument.with_changes(keyword=cst.Name(name), equal=equal, value=value)


def _code(node: cst.CSTNode, source: str) -> str:
    """The text of a node of a source."""
    # libcst doesn't store a line ending that is the same as the first one of the source.
    return cst.Module([], default_newline=Lines(source).newline()).code_for_node(node)

"""The arithmetic of deploy/SIZING.md: whoever replaces an input has every figure after it worked out anew.

    python -m tests.deploy.sizing          # says which figures do not follow from the inputs
    python -m tests.deploy.sizing --write  # works them out

A row whose first cell is a name in backticks is read: an input holds a number in its second cell, a figure a formula in
backticks, and after it one result for each size.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SIZING = Path(__file__).parent.parent.parent / "deploy" / "SIZING.md"
SIZES = (100_000, 10_000_000)
NAME = re.compile(r"`([a-z_]+)`")
OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FUNCTIONS: dict[str, Callable[..., float]] = {"ceil": math.ceil, "max": max, "min": min}


def worked_out(formula: str, known: Mapping[str, float]) -> float:
    """What a formula comes to. Raises `KeyError` for a name that stands nowhere above it."""
    return _value(ast.parse(formula, mode="eval").body, known)


def _value(node: ast.expr, known: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=left, op=op, right=right):
            return float(OPERATORS[type(op)](_value(left, known), _value(right, known)))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name](*(_value(argument, known) for argument in arguments))
    raise ValueError(f"not arithmetic: {ast.unparse(node)}")


def shown(number: float) -> str:
    """Three figures of it, which is more than the inputs are worth."""
    if number == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(number))))
    if float(number).is_integer() or digits == 0:
        return f"{number:,.0f}"
    return f"{number:.{digits}f}".rstrip("0").rstrip(".")


def cells(line: str) -> list[str]:
    """The cells of a row, or none."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []


def inputs(text: str) -> dict[str, float]:
    """Every input by its name."""
    found = {}
    for line in text.splitlines():
        row = cells(line)
        name = NAME.fullmatch(row[0]) if row else None
        if name and not row[1].startswith("`"):
            found[name[1]] = float(row[1].replace(",", ""))
    return found


def corrected(text: str) -> str:
    """The page with every figure as it follows from the inputs and the figures above it."""
    known = [inputs(text) | {"people": float(size)} for size in SIZES]
    lines = []
    for line in text.splitlines():
        row = cells(line)
        name = NAME.fullmatch(row[0]) if row else None
        if name and row[1].startswith("`"):
            for one in known:
                one[name[1]] = worked_out(row[1].strip("`"), one)
            results = [shown(one[name[1]]) for one in known]
            lines.append("| " + " | ".join([*row[:2], *results, *row[2 + len(SIZES) :]]) + " |")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def figures(text: str) -> dict[str, tuple[float, ...]]:
    """Every figure by its name, for each size."""
    found = {}
    for line in text.splitlines():
        row = cells(line)
        name = NAME.fullmatch(row[0]) if row else None
        if name and row[1].startswith("`"):
            found[name[1]] = tuple(float(cell.replace(",", "")) for cell in row[2 : 2 + len(SIZES)])
    return found


def main() -> int:
    """Says what does not follow, or sets it right."""
    text = SIZING.read_text()
    right = corrected(text)
    if "--write" in sys.argv:
        SIZING.write_text(right)
        return 0
    wrong = [new for old, new in zip(text.splitlines(), right.splitlines(), strict=True) if old != new]
    print("\n".join(wrong) or "every figure follows from the inputs")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Several parameters after one --set. Apart from the other options, so that every command starts without them."""

import re
from collections.abc import Sequence

_SETTING = re.compile(r"[a-z_]+\.[a-z_]+=")


def spread_sets(arguments: Sequence[str]) -> list[str]:
    """`--set A.B=1 C.D=2` as `--set A.B=1 --set C.D=2`; an INPUT after them stays one, as it has not that shape."""
    spread: list[str] = []
    in_list = False
    for number, argument in enumerate(arguments):
        if argument == "--":
            return [*spread, *arguments[number:]]
        if in_list and spread[-1] != "--set" and _SETTING.match(argument):
            spread.append("--set")
        in_list = argument == "--set" or argument.startswith("--set=") or spread[-1:] == ["--set"]
        spread.append(argument)
    return spread

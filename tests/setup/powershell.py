#!/usr/bin/env python3
"""Parses PowerShell scripts by the language's grammar, the scripts that stand in here-strings of them too.

    powershell.py FILE…

Ends with 1 where one has a syntax error, and says where.
"""

import re
import sys

import tree_sitter_powershell
from tree_sitter import Language, Parser

parser = Parser(Language(tree_sitter_powershell.language()))


def faults(node):
    """The nodes that the grammar cannot read, or misses."""
    if node.is_error or node.is_missing:
        yield node
        return
    for child in node.children:
        if child.has_error:
            yield from faults(child)


def parse(name, text):
    """Says what is wrong with a script; true where nothing is."""
    tree = parser.parse(text.encode())
    wrong = list(faults(tree.root_node))
    for node in wrong:
        line, column = node.start_point
        print(f"{name}:{line + 1}:{column + 1}: {text.splitlines()[line].strip()[:100]}")
    return not wrong and tree.root_node.child_count > 0


good = parse("a script with an error", "if ($x { 'y' }") is False
for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    good &= parse(path, text)
    for number, inner in enumerate(re.findall(r"@'\n(.*?)\n'@", text, re.S)):
        good &= parse(f"{path}, here-string {number + 1}", inner)
    print(f"{path}: {len(text.splitlines())} lines")
sys.exit(0 if good else 1)

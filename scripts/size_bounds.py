"""Fails where a source file or function has outgrown what a reader can hold: 600 lines a file, 60 a function."""

import ast
import sys
from pathlib import Path

LONGEST_FILE, LONGEST_FUNCTION = 600, 60


def faults(path: Path) -> list[str]:
    """What is too long in one file."""
    text = path.read_text("utf-8")
    found = []
    if text.count("\n") > LONGEST_FILE:
        found.append(f"{path}: {text.count(chr(10))} lines; {LONGEST_FILE} are allowed")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(
                    f"{path}:{node.lineno}: {node.name} has {length} lines; {LONGEST_FUNCTION} are allowed"
                )
    return found


def main() -> None:
    """Look at everything under the folders that are named."""
    found = [
        fault
        for folder in sys.argv[1:]
        for path in sorted(Path(folder).rglob("*.py"))
        for fault in faults(path)
    ]
    sys.stdout.write("".join(f"{fault}\n" for fault in found))
    sys.exit(1 if found else 0)


main()

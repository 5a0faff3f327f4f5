#!/usr/bin/env python3
"""Finds the bytes that the pages show in the vectors: no page shows bytes that nothing checks. Needs nothing but Python."""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
PAGES = HERE.parent


def texts(value):
    """Every text in a JSON value; bytes in pieces are joined."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def shown(page):
    """Bytes in hexadecimal, of code blocks and of inline code, with the line they begin at."""
    block, start = None, 0
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            if block is None:
                block, start = [], number + 1
                continue
            # What stands behind two spaces explains the bytes before it.
            digits = "".join(re.split(r" {2,}", inner)[0].replace(" ", "") for inner in block)
            if re.fullmatch(r"[0-9a-f]{32,}", digits):
                yield start, digits
            block = None
        elif block is not None:
            block.append(line)
        else:
            for digits in re.findall(r"`(?:0x)?([0-9a-f]{32,})`", line):
                yield number, digits


def main():
    known = {text.removeprefix("0x") for path in HERE.rglob("*.json") for text in texts(json.loads(path.read_text()))}
    known = "\n".join(text for text in known if re.fullmatch(r"[0-9a-f]{32,}", text))
    wrong, count = [], 0
    for path in sorted(PAGES.glob("*.md")):
        for number, digits in shown(path.read_text()):
            count += 1
            if digits not in known:
                wrong.append(f"{path.name}:{number}: no vector holds {digits[:64]}")
    if wrong or count < 20:
        sys.exit("\n".join(wrong) or f"only {count} byte strings are found in the pages")
    print(f"pages: {count} byte strings stand in the vectors")


if __name__ == "__main__":
    main()

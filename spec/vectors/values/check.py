#!/usr/bin/env python3
"""Computes the vectors of this folder a second time. Needs nothing but Python."""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
PRIME = 2**251 + 17 * 2**192 + 1


def felt_of_bytes(data):
    """Verdict and number."""
    if len(data) != 32:
        return "length", None
    number = int.from_bytes(data, "big")
    return ("accepted", number) if number < PRIME else ("not below the prime", None)


def felt_of_text(text):
    if not re.fullmatch(r"0x[0-9a-fA-F]{1,64}", text):
        return "text", None
    return felt_of_bytes(int(text, 16).to_bytes(32, "big"))


def spread(values):
    """The list, without the short form of equal values."""
    if values and isinstance(values[0], dict):
        return [int(values[0]["value"])] * values[0]["times"]
    return [int(value) for value in values]


def reduced(stakes, total_max):
    shift = 0
    while sum(stakes) >> shift > total_max:
        shift += 1
    return shift, [stake >> shift for stake in stakes]


def main():
    wrong = []

    def expect(name, found, written):
        if found != written:
            wrong.append(f"{name}: {found}, not {written}")

    felts = json.loads((HERE / "felts.json").read_text())
    expect("prime", int(felts["prime"], 16), PRIME)
    for case in felts["bytes"]:
        verdict, number = felt_of_bytes(bytes.fromhex(case["bytes"][2:]))
        expect(case["name"], verdict, case["verdict"])
        expect(case["name"], None if number is None else hex(number), case.get("text"))
    for case in felts["texts"]:
        verdict, number = felt_of_text(case["text"])
        expect(case["name"], verdict, case["verdict"])
        expect(case["name"], None if number is None else f"0x{number:064x}", case.get("bytes"))
    power = json.loads((HERE / "power.json").read_text())
    for case in power["cases"]:
        stakes, powers = spread(case["stakes"]), spread(case["powers"])
        expect(case["name"], reduced(stakes, int(power["total_max"])), (case["shift"], powers))
        expect(case["name"], sum(powers), int(case["total"]))
        expect(case["name"], [i for i, value in enumerate(powers) if value == 0], case["left_out"])
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"values: {len(felts['bytes']) + len(felts['texts'])} felts and {len(power['cases'])} committees hold")


if __name__ == "__main__":
    main()

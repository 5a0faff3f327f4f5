#!/usr/bin/env python3
"""Computes what Starknet's header rules say, from the page alone, and compares it with the files of this folder.

With --write it writes market.json and rules.json, whose inputs stand here. Needs nothing but Python.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
PRICE_MAX = 2**64 - 1
WINDOW = 10


def version(text):
    return tuple(int(part) for part in text.split("."))


def has_fee_proposal(text):
    return version(text) >= (0, 14, 3)


def fee_actual(window, first_price):
    """Median of the last ten proposals; the genesis price stands for those missing."""
    values = sorted([*window, *[first_price] * WINDOW][:WINDOW])
    return (values[4] + values[5]) // 2


def fee_bounds(actual, margin):
    return actual * 1000 // (1000 + margin), min(actual * (1000 + margin) // 1000, PRICE_MAX)


def next_price(price, gas, target, denominator, floor):
    if price < floor:
        return min(price + max(price // 333, 1), floor, PRICE_MAX)
    change = price * abs(gas - target) // target // denominator
    moved = price + change if gas > target else price - change
    return min(max(moved, floor, 1), PRICE_MAX)


def l2_price_wei(l2_fri, l1_wei, l1_fri):
    return max(l2_fri * l1_wei // l1_fri, 1)


def text(value):
    """Numbers that can exceed 2^53 are texts."""
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else str(value)


def market():
    gwei, price = 10**9, 8 * 10**9
    medians = [
        ("nothing was proposed yet", [], price),
        ("four of ten do not move the median", [900 * gwei] * 4, price),
        ("five of ten move it halfway", [900 * gwei] * 5, price),
        ("six of ten decide it", [900 * gwei] * 6, price),
        ("ten proposals: the genesis price is out", [5, 1, 9, 3, 7, 2, 8, 4, 10, 6], price),
        ("the mean of the middle two is rounded down", [1, 1, 1, 1, 1, 2, 2, 2, 2, 2], price),
        ("order does not matter", [2, 1, 2, 1, 2, 1, 2, 1, 2, 1], price),
        ("the largest prices", [PRICE_MAX] * 10, price),
    ]
    bounds = [
        ("two parts per thousand", price, 2),
        ("both ends are rounded down", 1000, 2),
        ("below 500 the price cannot move up", 499, 2),
        ("no margin", price, 0),
        ("the whole price", price, 1000),
        ("a price of one", 1, 2),
        ("not above the largest price", PRICE_MAX, 2),
    ]
    target, denominator = 2_000_000_000, 48
    moves = [
        ("exactly the target", price, target, 1),
        ("twice the target", price, 2 * target, 1),
        ("an empty block", price, 0, 1),
        ("one unit above the target", price, target + 1, 1),
        ("one unit below the target", price, target - 1, 1),
        ("half of the target", price, target // 2, 1),
        ("each division is rounded down by itself", 48_001, target + target // 3, 1),
        ("not below the floor", price, 0, price),
        ("below the floor: up by a 333rd, whatever the block used", 33_300, 5 * target, price),
        ("below the floor: by at least 1", 5, 0, price),
        ("below the floor: not above it", price - 1, 0, price),
        ("at least 1", 1, 0, 0),
        ("the largest price", PRICE_MAX, 2**64 - 1, 1),
        ("a block that uses all gas there is", price, 2**64 - 1, 1),
    ]
    wei = [
        ("by the rate of L1 gas", price, 2 * gwei, 20_000 * gwei),
        ("at least 1", 1, 2 * gwei, 20_000 * gwei),
        ("rounded down", 3, 1, 2),
        ("the largest prices", PRICE_MAX, PRICE_MAX, 1),
    ]
    versions = ["0.13.6", "0.14.0", "0.14.2", "0.14.2.9", "0.14.3", "0.14.3.1", "0.14.10", "0.15.0", "1.0.0"]
    return {
        "about": "the L2 gas market; all prices in fri unless they say wei, all numbers as decimal texts",
        "fee_actual": [
            {"name": name, "window": text(window), "genesis_price": text(first), "fee_actual": text(fee_actual(window, first))}
            for name, window, first in medians
        ],
        "fee_proposal": [
            {"name": name, "fee_actual": text(actual), "margin_ppt": margin, "bounds": text(fee_bounds(actual, margin))}
            for name, actual, margin in bounds
        ],
        "next_price": [
            {
                "name": name, "price": text(now), "l2_gas_used": text(gas), "target": text(target),
                "max_change_denominator": denominator, "floor": text(floor),
                "next_price": text(next_price(now, gas, target, denominator, floor)),
            }
            for name, now, gas, floor in moves
        ],
        "l2_gas_price_wei": [
            {
                "name": name, "l2_gas_price_fri": text(l2), "l1_gas_price_wei": text(l1_wei),
                "l1_gas_price_fri": text(l1_fri), "l2_gas_price_wei": text(l2_price_wei(l2, l1_wei, l1_fri)),
            }
            for name, l2, l1_wei, l1_fri in wei
        ],
        "has_fee_proposal": [{"starknet_version": v, "has_fee_proposal": has_fee_proposal(v)} for v in versions],
    }


PRICES = ["l1_gas_price_fri", "l1_data_gas_price_fri", "l1_gas_price_wei", "l1_data_gas_price_wei"]


def broken_rule(case):
    """The first pure rule that is broken, None if all are kept."""
    init, parent, height = case["init"], case["parent"], case["height"]
    if init["starknet_version"] != height["starknet_version"]:
        return "version"
    if init["version_constant_commitment"] != height["version_constant_commitment"]:
        return "version constants"
    if init["builder"] != height["builder"]:
        return "builder"
    if init["l1_da_mode"] != "BLOB":
        return "l1_da_mode"
    if init["timestamp"] < parent["timestamp"]:
        return "timestamp"
    if init["l2_gas_price_fri"] != parent["next_l2_gas_price_fri"]:
        return "L2 gas price"
    if not all(1 <= int(init[price]) <= PRICE_MAX for price in PRICES):
        return "L1 prices"
    if has_fee_proposal(init["starknet_version"]) != (init["fee_proposal_fri"] is not None):
        return "fee proposal there"
    if init["fee_proposal_fri"] is not None:
        actual = fee_actual([int(fee) for fee in parent["fee_proposals"]], int(height["genesis_l2_gas_price_fri"]))
        low, high = fee_bounds(actual, height["fee_proposal_margin_ppt"])
        if not low <= int(init["fee_proposal_fri"]) <= high:
            return "fee proposal"
    return None


def local_objection(case):
    init, node = case["init"], case["node"]
    if init["timestamp"] > node["clock_s"] + node["timestamp_window_s"]:
        return "TIMESTAMP_WINDOW"
    for price in PRICES:
        own = int(node[price])
        if abs(int(init[price]) - own) * 100 > own * node["price_band_percent"]:
            return "PRICE_BAND"
    return None


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def payload(init):
    """INIT as ProposalInit of part format starknet-p2p/2026-08; what is zero has no bytes, but for optional fields."""
    integer = lambda tag, value, always=False: varint(tag << 3) + varint(value) if value or always else b""
    sized = lambda tag, data: varint(tag << 3 | 2) + varint(len(data)) + data
    felt = lambda tag, value: sized(tag, sized(1, int(value, 16).to_bytes(32, "big")))
    price = lambda tag, value: sized(tag, integer(1, int(value) % 2**64) + integer(2, int(value) >> 64))
    out = integer(1, init["height"]) + integer(2, init["round"])
    if init["valid_round"] is not None:
        out += integer(3, init["valid_round"], True)
    out += felt(4, init["proposer"]) + integer(5, init["timestamp"]) + felt(6, init["builder"])
    out += integer(7, {"CALLDATA": 0, "BLOB": 1}[init["l1_da_mode"]]) + price(8, init["l2_gas_price_fri"])
    for tag, name in zip(range(9, 13), PRICES):
        out += price(tag, init[name])
    out += sized(13, init["starknet_version"].encode()) + felt(14, init["version_constant_commitment"])
    return out if init["fee_proposal_fri"] is None else out + price(15, init["fee_proposal_fri"])


def rules():
    node = {
        "clock_s": 1_800_000_000, "timestamp_window_s": 1, "price_band_percent": 10,
        "l1_gas_price_fri": "20000000000000", "l1_data_gas_price_fri": "100000", "l1_gas_price_wei": "2000000000",
        "l1_data_gas_price_wei": "10",
    }
    height = {
        "starknet_version": "0.14.4", "version_constant_commitment": "0x1234", "builder": "0xb0b",
        "genesis_l2_gas_price_fri": "8000000000", "fee_proposal_margin_ppt": 2,
    }
    parent = {"timestamp": 1_799_999_990, "next_l2_gas_price_fri": "8000000000", "fee_proposals": []}
    init = {
        "height": 12, "round": 0, "valid_round": None, "proposer": "0x101", "timestamp": 1_800_000_000, "builder": "0xb0b",
        "l1_da_mode": "BLOB", "l2_gas_price_fri": "8000000000", **{price: node[price] for price in PRICES},
        "starknet_version": "0.14.4", "version_constant_commitment": "0x1234", "fee_proposal_fri": "8000000000",
    }
    old = {"starknet_version": "0.14.2"}
    without = {"fee_proposal_fri": None}
    cases = [
        # name, what differs in INIT, in the parent, in the height
        ("a header", {}, {}, {}),
        ("a later round with a valid round", {"round": 2, "valid_round": 0}, {}, {}),
        ("the parent's timestamp", {"timestamp": 1_799_999_990}, {}, {}),
        ("a second before the parent", {"timestamp": 1_799_999_989}, {}, {}),
        ("the end of the window", {"timestamp": 1_800_000_001}, {}, {}),
        ("a second after the window", {"timestamp": 1_800_000_002}, {}, {}),
        ("a day ahead", {"timestamp": 1_800_086_400}, {}, {}),
        ("another builder", {"builder": "0xb0c"}, {}, {}),
        ("another version", {"starknet_version": "0.14.3"}, {}, {}),
        ("other constants", {"version_constant_commitment": "0x1235"}, {}, {}),
        ("data in calldata", {"l1_da_mode": "CALLDATA"}, {}, {}),
        ("the price that the parent named", {"l2_gas_price_fri": "8000000007"}, {"next_l2_gas_price_fri": "8000000007"}, {}),
        ("a price of one fri more", {"l2_gas_price_fri": "8000000001"}, {}, {}),
        ("L1 gas for nothing", {"l1_gas_price_fri": "0"}, {}, {}),
        ("an L1 price above 64 bits", {"l1_data_gas_price_wei": str(2**64)}, {}, {}),
        ("the upper end of the band", {"l1_gas_price_wei": "2200000000"}, {}, {}),
        ("above the band", {"l1_gas_price_wei": "2200000001"}, {}, {}),
        ("the lower end of the band", {"l1_data_gas_price_fri": "90000"}, {}, {}),
        ("below the band", {"l1_data_gas_price_fri": "89999"}, {}, {}),
        ("a small price of which a tenth is one", {"l1_data_gas_price_wei": "11"}, {}, {}),
        ("a small price outside", {"l1_data_gas_price_wei": "12"}, {}, {}),
        ("no fee proposal from 0.14.3 on", without, {}, {}),
        ("no fee proposal before 0.14.3", old | without, {}, old),
        ("a fee proposal before 0.14.3", old, {}, old),
        ("the lowest fee proposal", {"fee_proposal_fri": "7984031936"}, {}, {}),
        ("a fee proposal of one less", {"fee_proposal_fri": "7984031935"}, {}, {}),
        ("the highest fee proposal", {"fee_proposal_fri": "8016000000"}, {}, {}),
        ("a fee proposal of one more", {"fee_proposal_fri": "8016000001"}, {}, {}),
        ("around the median of ten", {"fee_proposal_fri": "5511"},
         {"fee_proposals": ["1000", "2000", "3000", "4000", "5000", "6000", "7000", "8000", "9000", "10000"]}, {}),
        ("above the median of ten", {"fee_proposal_fri": "5512"},
         {"fee_proposals": ["1000", "2000", "3000", "4000", "5000", "6000", "7000", "8000", "9000", "10000"]}, {}),
        ("four proposals do not move it", {"fee_proposal_fri": "9000000000"}, {"fee_proposals": ["9000000000"] * 4}, {}),
        ("five proposals move it halfway", {"fee_proposal_fri": "8500000000"}, {"fee_proposals": ["9000000000"] * 5}, {}),
        ("late and with a wrong builder: a pure rule comes first", {"timestamp": 1_800_086_400, "builder": "0x1"}, {}, {}),
    ]
    made = []
    for name, init_change, parent_change, height_change in cases:
        case = {
            "name": name, "init": init | init_change, "parent": parent | parent_change, "height": height | height_change,
            "node": node,
        }
        rule, objection = broken_rule(case), local_objection(case)
        case["payload"] = "0x" + payload(case["init"]).hex()
        if rule:
            case["verdict"] = {"invalid": "HEADER_RULE", "rule": rule}
        elif objection:
            case["verdict"] = {"rejected_local": objection}
        else:
            case["verdict"] = "kept"
        made.append(case)
    return {
        "about": "INIT under the header rules: seconds since the Unix epoch, prices as decimal texts, felts in hexadecimal; "
        "a verdict that is rejected_local is so for the basis FRESH only",
        "cases": made,
    }


def main():
    for name, made in (("market.json", market()), ("rules.json", rules())):
        content = json.dumps(made, indent=2) + "\n"
        if sys.argv[1:] == ["--write"]:
            (HERE / name).write_text(content)
        assert (HERE / name).read_text() == content, f"{name} is not what check.py makes"
    verdicts = [case["verdict"] for case in rules()["cases"]]
    broken = {verdict["rule"] for verdict in verdicts if "rule" in verdict}
    assert len(broken) == 9, broken
    assert {v["rejected_local"] for v in verdicts if "rejected_local" in v} == {"TIMESTAMP_WINDOW", "PRICE_BAND"}
    count = sum(len(cases) for cases in market().values() if isinstance(cases, list))
    print(f"headers: {count} values of the gas market and {len(verdicts)} headers hold")


if __name__ == "__main__":
    main()

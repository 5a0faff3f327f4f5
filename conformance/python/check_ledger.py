#!/usr/bin/env python3
"""Re-derives the STRK ledger of a Starknet chain from its genesis file and its transactions, and compares.

From each node every block is read over JSON-RPC. Balances follow from the genesis file, the transfers in the calldata
of the transactions, and the fees in their receipts; nonces from the transactions alone. Then:

- the events of each transaction must tell the same transfers as its calldata and its fee;
- the derived balances and nonces must be what the node answers at `latest`;
- block numbers and parent hashes must form a chain;
- all nodes must have the same blocks: hashes, roots, commitments, transactions, receipts.

Python's standard library only. Exit status: 0 all agrees, 1 something does not, 2 wrong usage or an unreadable genesis
file, 3 a node cannot be asked.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from starknet_hash import PRIME, contract_address, selector

STRK = 0x4718F5A0FC34CC1AF16A1CDEE98FFB20C31F5CD61D6AB07201858F4287C938D
# OpenZeppelin's account 1.0.0, the class of the accounts of a genesis file.
ACCOUNT_CLASS = 0x5B4B537EAA2399E3AA99C4E2E0208EBD6C71BC1467938CD52C798C601E43564

TRANSFER = selector("transfer")
TRANSFER_EVENT = selector("Transfer")
BALANCE_OF = selector("balance_of")
TOTAL_SUPPLY = selector("total_supply")

# How often the end of a moving chain is followed before giving up.
CATCH_UP_ROUNDS = 50

BLOCK_FIELDS = [
    "block_hash",
    "parent_hash",
    "new_root",
    "transaction_commitment",
    "event_commitment",
    "receipt_commitment",
    "state_diff_commitment",
    "timestamp",
    "sequencer_address",
    "starknet_version",
    "transaction_count",
    "event_count",
    "state_diff_length",
]


class Unreachable(Exception):
    """A node cannot be asked, or answers with an error."""


class Disagreement(Exception):
    """What a node says contradicts itself, the genesis file or another node."""


class Node:
    """A node's JSON-RPC."""

    def __init__(self, url, timeout):
        self.url, self.timeout, self.calls = url, timeout, 0

    def call(self, method, params):
        self.calls += 1
        body = {"jsonrpc": "2.0", "id": self.calls, "method": f"starknet_{method}", "params": params}
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                reply = json.load(response)
        except (OSError, ValueError) as error:
            raise Unreachable(f"{self.url}: {method}: {error}") from error
        if "error" in reply:
            raise Unreachable(f"{self.url}: {method}({json.dumps(params)}): {reply['error']}")
        return reply["result"]

    def felt_call(self, contract, entry, calldata):
        request = {
            "contract_address": hex(contract),
            "entry_point_selector": hex(entry),
            "calldata": [hex(felt) for felt in calldata],
        }
        return [felt(text) for text in self.call("call", {"request": request, "block_id": "latest"})]

    def height(self):
        return self.call("blockNumber", [])

    def block(self, number):
        return self.call("getBlockWithReceipts", {"block_id": {"block_number": number}})

    def u256(self, entry, calldata):
        words = self.felt_call(STRK, entry, calldata)
        if len(words) != 2:
            raise Disagreement(f"the STRK token answers {len(words)} felts where a u256 has two")
        return words[0] + (words[1] << 128)

    def nonce(self, address):
        return felt(self.call("getNonce", {"block_id": "latest", "contract_address": hex(address)}))

    def class_hash(self, address):
        return felt(self.call("getClassHashAt", {"block_id": "latest", "contract_address": hex(address)}))


def felt(text):
    """A felt out of its text."""
    value = int(text, 16)
    if not text.startswith("0x") or value >= PRIME:
        raise Disagreement(f"{text} is no felt")
    return value


@dataclass
class Ledger:
    """Balances and nonces as they follow from what was read so far."""

    balances: dict = field(default_factory=dict)
    nonces: dict = field(default_factory=dict)
    classes: dict = field(default_factory=dict)
    supply: int = 0
    transfers: int = 0
    deployments: int = 0
    reverted: int = 0
    transactions: int = 0
    from_events: int = 0
    blocks: list = field(default_factory=list)
    seen: set = field(default_factory=set)

    @classmethod
    def of_genesis(cls, accounts):
        ledger = cls()
        for account in accounts:
            key = felt(account["public_key"])
            address = contract_address(ACCOUNT_CLASS, key, [key])
            ledger.balances[address] = ledger.balances.get(address, 0) + int(account["balance_fri"])
            if account.get("deployed", True):
                ledger.nonces[address] = 0
                ledger.classes[address] = ACCOUNT_CLASS
        ledger.supply = sum(ledger.balances.values())
        return ledger

    def move(self, sender, recipient, amount):
        left = self.balances.get(sender, 0) - amount
        if left < 0:
            raise Disagreement(f"{hex(sender)} spends {amount} and has {amount + left}")
        self.balances[sender] = left
        self.balances[recipient] = self.balances.get(recipient, 0) + amount

    def block(self, block):
        sequencer = felt(block["sequencer_address"])
        for with_receipt in block["transactions"]:
            transaction, receipt = with_receipt["transaction"], with_receipt["receipt"]
            try:
                if felt(receipt["transaction_hash"]) in self.seen:
                    raise Disagreement("it stands in the chain twice")
                self.seen.add(felt(receipt["transaction_hash"]))
                self.transaction(transaction, receipt, sequencer)
            except Disagreement as problem:
                raise Disagreement(f"transaction {receipt['transaction_hash']}: {problem}") from problem

    def transaction(self, transaction, receipt, sequencer):
        kind = transaction["type"]
        if felt(transaction["version"]) != 3:
            raise Disagreement(f"version {transaction['version']} is not followed here")
        if kind == "INVOKE":
            sender = felt(transaction["sender_address"])
        elif kind == "DEPLOY_ACCOUNT":
            sender = self.deployed(transaction, receipt)
        else:
            raise Disagreement(f"type {kind} is not followed here")
        if sender not in self.nonces:
            raise Disagreement(f"{hex(sender)} sends, and no account is deployed there")
        if felt(transaction["nonce"]) != self.nonces[sender]:
            raise Disagreement(f"nonce {transaction['nonce']}, after {hex(self.nonces[sender])} was due")
        self.nonces[sender] += 1
        self.transactions += 1

        moves = []
        if receipt["execution_status"] == "REVERTED":
            self.reverted += 1
        elif kind == "INVOKE":
            moves = calldata_transfers(sender, [felt(text) for text in transaction["calldata"]])
        fee = felt(receipt["actual_fee"]["amount"])
        if receipt["actual_fee"]["unit"] != "FRI":
            raise Disagreement(f"the fee is in {receipt['actual_fee']['unit']}")
        told = [event_transfer(event) for event in receipt["events"] if is_strk_transfer(event)]
        paid = [(sender, sequencer, fee)] if fee else []
        if moves is None:
            # A call that is no plain transfer: only its events tell what it moves, the fee last.
            self.from_events += 1
            if told[len(told) - len(paid) :] != paid:
                raise Disagreement(f"the last transfer is not the fee of {fee} to the sequencer")
            moves = told[: len(told) - len(paid)]
        elif told != moves + paid:
            raise Disagreement(f"the events tell the transfers {told}, calldata and fee {moves + paid}")
        self.transfers += len(moves)
        for move in moves + paid:
            self.move(*move)

    def deployed(self, transaction, receipt):
        calldata = [felt(text) for text in transaction["constructor_calldata"]]
        class_hash = felt(transaction["class_hash"])
        address = contract_address(class_hash, felt(transaction["contract_address_salt"]), calldata)
        if felt(receipt["contract_address"]) != address:
            raise Disagreement(f"deploys {receipt['contract_address']}, and the address is {hex(address)}")
        if address in self.nonces:
            raise Disagreement(f"{hex(address)} is deployed a second time")
        if receipt["execution_status"] != "SUCCEEDED":
            raise Disagreement("a deployment of an account cannot be reverted")
        self.nonces[address] = 0
        self.classes[address] = class_hash
        self.deployments += 1
        return address


def calldata_transfers(sender, calldata):
    """Transfers in the calls of an account's `__execute__`; None if there is any other call."""
    rest = list(calldata)

    def take(count):
        if len(rest) < count:
            raise Disagreement("the calldata is no list of calls, and yet it succeeded")
        taken, rest[:] = rest[:count], rest[count:]
        return taken

    moves, plain = [], True
    for _ in range(take(1)[0]):
        contract, entry, length = take(3)
        arguments = take(length)
        if (contract, entry, length) == (STRK, TRANSFER, 3):
            moves.append((sender, arguments[0], arguments[1] + (arguments[2] << 128)))
        else:
            plain = False
    if rest:
        raise Disagreement("the calldata goes on after its calls")
    return moves if plain else None


def is_strk_transfer(event):
    return felt(event["from_address"]) == STRK and event["keys"] and felt(event["keys"][0]) == TRANSFER_EVENT


def event_transfer(event):
    # Sender and recipient are keys or data, depending on the token's version.
    values = [felt(text) for text in event["keys"][1:] + event["data"]]
    if len(values) != 4:
        raise Disagreement(f"a Transfer event has {len(values)} values")
    return values[0], values[1], values[2] + (values[3] << 128)


def follow(node, ledger, first):
    """Reads the blocks that are not read yet; gives how many of them have transactions."""
    head, busy = node.height(), 0
    for number in range(first + len(ledger.blocks), head + 1):
        block = node.block(number)
        if "block_hash" not in block:
            raise Unreachable(f"{node.url}: the hash of block {number} is still not known")
        try:
            if block["block_number"] != number:
                raise Disagreement(f"it says it is block {block['block_number']}")
            if ledger.blocks and block["parent_hash"] != ledger.blocks[-1]["block_hash"]:
                raise Disagreement(f"its parent is {block['parent_hash']}, not {ledger.blocks[-1]['block_hash']}")
            if block["transaction_count"] != len(block["transactions"]):
                raise Disagreement(f"it counts {block['transaction_count']} transactions")
            ledger.block(block)
        except Disagreement as problem:
            raise Disagreement(f"block {number}: {problem}") from problem
        ledger.blocks.append(block)
        busy += bool(block["transactions"])
    return busy


def compare_state(node, ledger):
    """What the node answers at `latest` against the ledger."""
    problems = []
    for address, balance in ledger.balances.items():
        answer = node.u256(BALANCE_OF, [address])
        if answer != balance:
            problems.append(f"balance of {hex(address)}: {answer}, derived {balance}")
    for address, nonce in ledger.nonces.items():
        answer = node.nonce(address)
        if answer != nonce:
            problems.append(f"nonce of {hex(address)}: {hex(answer)}, derived {hex(nonce)}")
    for address, class_hash in ledger.classes.items():
        answer = node.class_hash(address)
        if answer != class_hash:
            problems.append(f"class of {hex(address)}: {hex(answer)}, derived {hex(class_hash)}")
    supply = node.u256(TOTAL_SUPPLY, [])
    if supply != ledger.supply or supply != sum(ledger.balances.values()):
        problems.append(f"supply: {supply}, genesis {ledger.supply}, balances {sum(ledger.balances.values())}")
    return problems


def check_node(node, accounts, first):
    """The node's ledger, and what it contradicts in its own answers."""
    ledger = Ledger.of_genesis(accounts)
    try:
        follow(node, ledger, first)
        for _ in range(CATCH_UP_ROUNDS):
            problems = compare_state(node, ledger)
            # Blocks that were decided meanwhile count only if they change something.
            if not follow(node, ledger, first):
                return ledger, problems
    except Disagreement as problem:
        return ledger, [str(problem)]
    raise Unreachable(f"{node.url}: the chain moves on faster than it is read")


def compare_nodes(nodes, ledgers):
    """Blocks of all nodes against those of the first."""
    problems = []
    common = min(len(ledger.blocks) for ledger in ledgers)
    for node, ledger in zip(nodes[1:], ledgers[1:]):
        for ours, theirs in zip(ledgers[0].blocks[:common], ledger.blocks[:common]):
            different = [name for name in BLOCK_FIELDS if ours[name] != theirs[name]]
            for name in different:
                problems.append(
                    f"block {ours['block_number']}: {name} is {ours[name]} at {nodes[0].url}, "
                    f"{theirs[name]} at {node.url}"
                )
            if not different and ours != theirs:
                problems.append(f"block {ours['block_number']}: {nodes[0].url} and {node.url} tell it differently")
    return problems


def read_genesis(path):
    with open(path, encoding="utf-8") as file:
        genesis = json.load(file)
    if "starknet" not in genesis["workload"]:
        raise ValueError("it has no Starknet workload")
    return genesis, genesis["workload"]["starknet"]["accounts"]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("urls", metavar="URL", nargs="+", help="JSON-RPC of a node")
    parser.add_argument("--genesis", required=True, metavar="FILE", help="the network's genesis file")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for one call (default 60)")
    parser.add_argument("--min-transactions", type=int, default=0, metavar="N", help="fail if fewer are found")
    options = parser.parse_args(arguments)
    try:
        genesis, accounts = read_genesis(options.genesis)
        Ledger.of_genesis(accounts)
    except (OSError, ValueError, KeyError, TypeError, Disagreement) as error:
        print(f"cannot use the genesis file {options.genesis}: {error!r}", file=sys.stderr)
        return 2

    nodes = [Node(url, options.timeout) for url in options.urls]
    ledgers, problems = [], []
    try:
        for node in nodes:
            chain_id = bytes.fromhex(f"{felt(node.call('chainId', [])):062x}").lstrip(b"\0").decode("ascii", "replace")
            if chain_id != genesis["chain_id"]:
                problems.append(f"{node.url}: chain id {chain_id!r}, genesis {genesis['chain_id']!r}")
                continue
            ledger, found = check_node(node, accounts, genesis["first_height"])
            ledgers.append(ledger)
            problems += [f"{node.url}: {problem}" for problem in found]
            print(
                f"{node.url}: {len(ledger.blocks)} blocks, {ledger.transactions} transactions "
                f"({ledger.transfers} transfers, {ledger.deployments} deployments, {ledger.reverted} reverted, "
                f"{ledger.from_events} told by their events only), "
                f"{len(ledger.balances)} balances and {len(ledger.nonces)} nonces derived"
            )
            if ledger.transactions < options.min_transactions:
                problems.append(
                    f"{node.url}: {ledger.transactions} transactions; at least {options.min_transactions} are expected"
                )
    except Unreachable as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return 3
    except (KeyError, TypeError, ValueError, AttributeError, Disagreement) as error:
        problems.append(f"{node.url}: an answer has not the form of the specification: {error!r}")
    if len(ledgers) == len(nodes):
        problems += compare_nodes(nodes, ledgers)
    for problem in problems:
        print(f"DISAGREEMENT {problem}", file=sys.stderr)
    if problems:
        print(f"the ledger does not hold: {len(problems)} disagreements", file=sys.stderr)
        return 1
    blocks = min(len(ledger.blocks) for ledger in ledgers)
    print(f"the ledger holds: {len(nodes)} nodes agree on {blocks} blocks, every balance and every nonce")
    return 0


if __name__ == "__main__":
    sys.exit(main())

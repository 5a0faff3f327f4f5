"""The checker against small nodes in this process: a sound chain passes, and each thing that is wrong is named."""

import contextlib
import copy
import io
import json
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import check_ledger
from check_ledger import ACCOUNT_CLASS, BALANCE_OF, STRK, TRANSFER, TRANSFER_EVENT
from starknet_hash import contract_address, keccak256, pedersen, selector

KEYS = [0x111, 0x222, 0x333]
ALICE, BOB, CAROL = (contract_address(ACCOUNT_CLASS, key, [key]) for key in KEYS)
SEQUENCER = 0x5E9
FEE = 10
GENESIS = {
    "chain_id": "ECP_TEST",
    "first_height": 1,
    "workload": {
        "starknet": {
            "accounts": [
                {"public_key": hex(KEYS[0]), "balance_fri": str(2**128 + 1000)},
                {"public_key": hex(KEYS[1]), "balance_fri": "500"},
                {"public_key": hex(KEYS[2]), "balance_fri": "300", "deployed": False},
            ]
        }
    },
}


def transfer_event(sender, recipient, amount):
    words = [hex(amount % 2**128), hex(amount >> 128)]
    return {"from_address": hex(STRK), "keys": [hex(TRANSFER_EVENT), hex(sender), hex(recipient)], "data": words}


def receipt(number, events, status="SUCCEEDED"):
    return {
        "transaction_hash": hex(0x7000 + number),
        "execution_status": status,
        "actual_fee": {"amount": hex(FEE), "unit": "FRI"},
        "events": events,
    }


def transfers(number, sender, nonce, moves, status="SUCCEEDED"):
    calldata = [len(moves)]
    for recipient, amount in moves:
        calldata += [STRK, TRANSFER, 3, recipient, amount % 2**128, amount >> 128]
    done = moves if status == "SUCCEEDED" else []
    events = [transfer_event(sender, *move) for move in done] + [transfer_event(sender, SEQUENCER, FEE)]
    transaction = {
        "type": "INVOKE",
        "version": "0x3",
        "sender_address": hex(sender),
        "nonce": hex(nonce),
        "calldata": [hex(felt) for felt in calldata],
    }
    return {"transaction": transaction, "receipt": receipt(number, events, status)}


def deployment(number, key, address):
    transaction = {
        "type": "DEPLOY_ACCOUNT",
        "version": "0x3",
        "nonce": "0x0",
        "class_hash": hex(ACCOUNT_CLASS),
        "contract_address_salt": hex(key),
        "constructor_calldata": [hex(key)],
    }
    other = {"from_address": hex(address), "keys": ["0x1"], "data": []}
    told = receipt(number, [other, transfer_event(address, SEQUENCER, FEE)])
    return {"transaction": transaction, "receipt": told | {"contract_address": hex(address)}}


def block(number, transactions):
    return {
        "block_number": number,
        "block_hash": hex(0x1000 + number),
        "parent_hash": hex(0x1000 + number - 1),
        "new_root": hex(0x2000 + number),
        "transaction_commitment": "0x1",
        "event_commitment": "0x2",
        "receipt_commitment": "0x3",
        "state_diff_commitment": "0x4",
        "timestamp": number,
        "sequencer_address": hex(SEQUENCER),
        "starknet_version": "0.14.2",
        "transaction_count": len(transactions),
        "event_count": sum(len(each["receipt"]["events"]) for each in transactions),
        "state_diff_length": 0,
        "transactions": transactions,
    }


class FakeNode:
    """A node with a chain that is sound until a test changes it."""

    def __init__(self):
        self.chain_id = "ECP_TEST"
        self.blocks = [
            block(1, [transfers(1, ALICE, 0, [(BOB, 2**128), (CAROL, 7)]), transfers(2, BOB, 0, [(ALICE, 5)])]),
            block(2, []),
            block(3, [deployment(3, KEYS[2], CAROL), transfers(4, ALICE, 1, [(BOB, 2**200)], "REVERTED")]),
        ]
        self.balances = {
            ALICE: 2**128 + 1000 - 2**128 - 7 - FEE + 5 - FEE,
            BOB: 500 + 2**128 - 5 - FEE,
            CAROL: 300 + 7 - FEE,
            SEQUENCER: 4 * FEE,
        }
        self.nonces = {ALICE: 2, BOB: 1, CAROL: 1}
        self.later = []

    def answer(self, method, params):
        if method == "chainId":
            return "0x" + self.chain_id.encode().hex()
        if method == "blockNumber":
            return self.blocks[-1]["block_number"]
        if method == "getBlockWithReceipts":
            return self.blocks[params["block_id"]["block_number"] - 1]
        if method == "getNonce":
            return hex(self.nonces[int(params["contract_address"], 16)])
        if method == "getClassHashAt":
            return hex(ACCOUNT_CLASS)
        if method == "call":
            # The chain moves on while the state is read.
            if self.later:
                self.later.pop(0)()
            request = params["request"]
            assert int(request["contract_address"], 16) == STRK
            if int(request["entry_point_selector"], 16) == BALANCE_OF:
                amount = self.balances[int(request["calldata"][0], 16)]
            else:
                amount = sum(self.balances.values())
            return [hex(amount % 2**128), hex(amount >> 128)]
        raise AssertionError(method)


@contextlib.contextmanager
def served(node):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            result = node.answer(request["method"].removeprefix("starknet_"), request["params"])
            body = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def check(*nodes, genesis=None, arguments=()):
    """Exit status and what was printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        urls = [stack.enter_context(served(node)) for node in nodes]
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json"))
        json.dump(GENESIS if genesis is None else genesis, file)
        file.flush()
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        status = check_ledger.main(["--genesis", file.name, *arguments, *urls])
    return status, out.getvalue() + err.getvalue()


class Hashes(unittest.TestCase):
    def test_published_values(self):
        self.assertEqual(
            keccak256(b"").hex(), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        )
        self.assertEqual(len({keccak256(b"x" * length) for length in range(130, 280)}), 150)
        self.assertEqual(TRANSFER, 0x83AFD3F4CAEDC6EEBF44246FE54E38C95E3179A5EC9EA81740ECA5B482D12E)
        self.assertEqual(selector("Transfer"), 0x99CD8BDE557814842A3121E8DDFD433A539B8C9F14BF31EBF108D12E6196E9)
        self.assertEqual(
            pedersen(
                0x3D937C035C878245CAF64531A5756109C53068DA139362728FEB561405371CB,
                0x208A0A10250E382E1E4BBE2880906C2791BF6275695E02FBBC6AEFF9CD8B31A,
            ),
            0x30E480BED5FE53FA909CC0F8C4D99B8F9F2C016BE4C41E13A4848797979C662,
        )

    def test_an_address_of_sepolia(self):
        # The account that Sepolia's block 0 deploys.
        self.assertEqual(
            contract_address(
                0x5C478EE27F2112411F86F207605B2E2C58CDB647BAC0DF27F660EF2252359C6,
                0,
                [0x12C4DF40394D06F157EDEC8D0E64DB61FE0C271149EA860C8FE98DEF29ECF02],
            ),
            0x43ABAA073C768EBF039C0C4F46DB9ACC39E9EC165690418060A652AAB39E7D8,
        )


class SoundChains(unittest.TestCase):
    def test_two_nodes_agree(self):
        status, text = check(FakeNode(), FakeNode())
        self.assertEqual(status, 0, text)
        self.assertIn("3 blocks, 4 transactions (3 transfers, 1 deployments, 1 reverted", text)
        self.assertIn("the ledger holds: 2 nodes agree on 3 blocks", text)

    def test_a_node_may_be_behind(self):
        ahead = FakeNode()
        ahead.blocks.append(block(4, []))
        self.assertEqual(check(ahead, FakeNode())[0], 0)

    def test_the_chain_may_move_on(self):
        node = FakeNode()

        def pay():
            node.blocks.append(block(4, [transfers(5, BOB, 1, [(CAROL, 9)])]))
            node.balances[BOB] -= 9 + FEE
            node.balances[CAROL] += 9
            node.balances[SEQUENCER] += FEE
            node.nonces[BOB] += 1

        node.later = [lambda: node.blocks.append(block(5, [])) if len(node.blocks) == 4 else pay()] * 2
        status, text = check(node)
        self.assertEqual(status, 0, text)
        self.assertIn("5 blocks, 5 transactions", text)

    def test_other_calls_are_followed_by_their_events(self):
        node = FakeNode()
        invoke = transfers(5, BOB, 1, [(CAROL, 9)])
        invoke["transaction"]["calldata"][2] = hex(selector("approve"))
        node.blocks.append(block(4, [invoke]))
        node.balances[BOB] -= 9 + FEE
        node.balances[CAROL] += 9
        node.balances[SEQUENCER] += FEE
        node.nonces[BOB] += 1
        status, text = check(node)
        self.assertEqual(status, 0, text)
        self.assertIn("1 told by their events only", text)


class UnsoundChains(unittest.TestCase):
    def refused(self, text, *nodes, **options):
        status, printed = check(*nodes, **options)
        self.assertEqual(status, 1, printed)
        self.assertIn(text, printed)
        self.assertIn("the ledger does not hold", printed)

    def edited(self, edit):
        node = FakeNode()
        node.blocks = copy.deepcopy(node.blocks)
        edit(node)
        return node

    def test_state(self):
        def richer(node):
            node.balances[BOB] += 1

        def nonce(node):
            node.nonces[CAROL] = 2

        self.refused(f"balance of {hex(BOB)}", self.edited(richer))
        self.refused("supply: ", self.edited(richer))
        self.refused(f"nonce of {hex(CAROL)}: 0x2, derived 0x1", self.edited(nonce))

    def test_transactions(self):
        def first(node):
            return node.blocks[0]["transactions"][0]

        def event(node):
            first(node)["receipt"]["events"][0]["data"][0] = "0x1"

        def fee(node):
            first(node)["receipt"]["actual_fee"]["amount"] = "0x9"

        def nonce(node):
            first(node)["transaction"]["nonce"] = "0x1"

        def calldata(node):
            first(node)["transaction"]["calldata"].append("0x0")

        def reverted(node):
            first(node)["receipt"]["execution_status"] = "REVERTED"

        def twice(node):
            node.blocks[1] = block(2, [node.blocks[0]["transactions"][0]])

        def address(node):
            node.blocks[2]["transactions"][0]["receipt"]["contract_address"] = "0x1"

        def absent(node):
            node.blocks[2]["transactions"].pop(0)
            node.blocks[2]["transaction_count"] = 1

        def overdraft(node):
            node.blocks[1] = block(2, [transfers(9, BOB, 1, [(CAROL, 2**129)])])

        self.refused("block 1: transaction 0x7001: the events tell the transfers", self.edited(event))
        self.refused("the events tell the transfers", self.edited(fee))
        self.refused("nonce 0x1, after 0x0 was due", self.edited(nonce))
        self.refused("the calldata goes on after its calls", self.edited(calldata))
        self.refused("the events tell the transfers", self.edited(reverted))
        self.refused("block 2: transaction 0x7001: it stands in the chain twice", self.edited(twice))
        self.refused("deploys 0x1, and the address is", self.edited(address))
        self.refused(f"balance of {hex(CAROL)}", self.edited(absent))
        self.refused("spends", self.edited(overdraft))

    def test_blocks(self):
        def parent(node):
            node.blocks[1]["parent_hash"] = "0x1"

        def count(node):
            node.blocks[1]["transaction_count"] = 7

        def broken(node):
            del node.blocks[1]["transactions"]

        self.refused("block 2: its parent is 0x1, not 0x1001", self.edited(parent))
        self.refused("it counts 7 transactions", self.edited(count))
        self.refused("has not the form of the specification", self.edited(broken))

    def test_nodes_against_each_other(self):
        for name in ["new_root", "transaction_commitment", "event_commitment", "receipt_commitment"]:
            other = self.edited(lambda node, name=name: node.blocks[2].update({name: "0x999"}))
            self.refused(f"block 3: {name} is", FakeNode(), other)
        last = self.edited(lambda node: node.blocks[2].update({"block_hash": "0x999"}))
        self.refused("block 3: block_hash is", FakeNode(), FakeNode(), last)
        told = self.edited(lambda node: node.blocks[0]["transactions"][0]["transaction"].update({"tip": "0x1"}))
        self.refused("tell it differently", FakeNode(), told)

    def test_expectations(self):
        self.refused("4 transactions; at least 5 are expected", FakeNode(), arguments=["--min-transactions", "5"])
        other = copy.deepcopy(GENESIS)
        other["chain_id"] = "OTHER"
        self.refused("chain id 'ECP_TEST', genesis 'OTHER'", FakeNode(), genesis=other)
        poorer = copy.deepcopy(GENESIS)
        poorer["workload"]["starknet"]["accounts"][1]["balance_fri"] = "499"
        self.refused(f"balance of {hex(BOB)}", FakeNode(), genesis=poorer)


class NotChecked(unittest.TestCase):
    def test_genesis_files_that_cannot_be_used(self):
        for genesis in [{"workload": {"test_chain": {}}}, {}, []]:
            status, text = check(FakeNode(), genesis=genesis)
            self.assertEqual(status, 2)
            self.assertIn("cannot use the genesis file", text)

    def test_nodes_that_cannot_be_asked(self):
        with served(FakeNode()) as url:
            pass
        with tempfile.NamedTemporaryFile("w") as file, contextlib.redirect_stderr(io.StringIO()) as err:
            json.dump(GENESIS, file)
            file.flush()
            self.assertEqual(check_ledger.main(["--genesis", file.name, url]), 3)
        self.assertIn(f"cannot check: {url}: chainId", err.getvalue())


if __name__ == "__main__":
    unittest.main()

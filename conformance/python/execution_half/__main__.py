"""python -m execution_half --listen unix:/PATH --genesis FILE --data DIR"""

import argparse
import asyncio
import os
import pathlib
import signal

import grpc

from .chain import Chain
from .genesis import BadGenesis, Genesis
from .protocol import MESSAGE_BYTES
from .service import Half, handlers
from .store import Store


async def serve(listen, genesis, folder):
    store = Store(folder, genesis.hash)
    chain = Chain(genesis, store)
    half = Half(genesis, chain, store)
    os.umask(0o177)  # The socket is its owner's only.
    path = pathlib.Path(listen.removeprefix("unix:"))
    path.unlink(missing_ok=True)
    options = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((handlers(half),))
    server.add_insecure_port(listen)
    await server.start()
    os.umask(0o077)
    hashes = asyncio.create_task(chain.hash_behind())
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print(f"serving on {listen}", flush=True)
    await stopped.wait()
    if half.phase == "READY":
        half.stop("DRAINING", "shutting down")
    async with half.lane:
        half.over.set()
        await server.stop(1)
    hashes.cancel()


def main():
    parser = argparse.ArgumentParser(prog="execution_half", description=__doc__)
    parser.add_argument("--listen", required=True, help="unix:/PATH of the socket")
    parser.add_argument("--genesis", required=True, type=pathlib.Path, help="genesis file of the test chain")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the store")
    args = parser.parse_args()
    if not args.listen.startswith("unix:"):
        raise SystemExit("--listen: this half serves on unix:/PATH only, since it knows no TLS and no secret")
    try:
        genesis = Genesis(args.genesis.read_bytes())
    except BadGenesis as error:
        raise SystemExit(str(error)) from None
    asyncio.run(serve(args.listen, genesis, args.data))


main()

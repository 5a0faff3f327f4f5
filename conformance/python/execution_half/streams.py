"""Streams of parts: their order, and waiting for several things at once."""

import asyncio

from .protocol import KIND, Refused

CANDIDATES = 8


def order(what, expected):
    return Refused("STREAM_ORDER", f"{what} is out of order: {expected} was due", expected=expected)


def in_order(part, proposal, most=None):
    count = len(proposal.parts)
    last = proposal.parts[-1][0] if proposal.parts else None
    wrong = part.index != count or proposal.ended or last == KIND["FIN"] or (most and count >= most)
    if wrong or (part.kind == KIND["INIT"]) != (count == 0):
        raise order(f"part {part.index}", f"part {count}" if last != KIND["FIN"] else "end")


def complete(end, proposal, init_only=False):
    count = len(proposal.parts)
    if proposal.ended or not count or not (init_only or proposal.parts[-1][0] == KIND["FIN"]):
        raise order("end", "nothing" if proposal.ended else f"part {count}")
    if (end.parts, end.bytes) != (count, proposal.bytes):
        raise order("end with other counts", f"parts {count}, bytes {proposal.bytes}")


async def first(seconds, *waits):
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()

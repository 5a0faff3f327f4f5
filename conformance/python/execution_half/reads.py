"""What is only read: parameters, block hashes, the archive."""

from . import protocol as p
from .protocol import Refused, invalid, message


class Reads:
    """Calls of a half that begin nothing."""

    def below(self, height, top, what):
        if height > top:
            raise Refused("NOT_READY", f"{what} are known up to {top}: wait for Watch")

    def above(self, height):
        if height < self.genesis.first:
            text = f"the first height is {self.genesis.first}: ask another source for older ones"
            raise Refused("PRUNED", text, earliest=self.genesis.first)

    async def get_height_params(self, request, context, session):
        p.present(request, "", "height")
        self.below(request.height, self.chain.next, "parameters")
        self.above(request.height)
        return message("GetHeightParamsResponse")(params=self.genesis.height_params(request.height))

    async def get_block_hash(self, request, context, session):
        p.present(request, "", "height")
        self.below(request.height, self.chain.head.height, "blocks")
        self.above(request.height)
        known = self.chain.known.get(request.height)
        if known:
            return message("GetBlockHashResponse")(known={"block_hash": known[0], "state_root": known[1]})
        out = message("GetBlockHashResponse")(not_yet={})
        if self.chain.known:
            out.not_yet.known_height = max(self.chain.known)
        return out

    async def get_decided(self, request, context, session):
        p.present(request, "", "from", "to")
        start, end = getattr(request, "from"), request.to
        if end < start:
            raise invalid("to", "is below from")
        self.below(end, self.chain.head.height, "blocks")
        self.above(start)
        reply = message("GetDecidedResponse")
        for height in range(start, end + 1):
            header, parts = self.store.block(height)
            await context.write(reply(header=header))
            for index, (kind, payload) in enumerate(parts):
                self.unfenced(session)
                await context.write(reply(part={"index": index, "kind": kind, "payload": payload}))
        await context.write(reply(done={"last": end}))

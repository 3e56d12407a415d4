"""The other side of the tests of interoperation with slixmpp: logs in, says on its standard
output what it sees, one JSON text a line, and does what its standard input says."""

import asyncio
import json
import ssl
import sys

import slixmpp


def tell(**what):
    print(json.dumps(what), flush=True)


class Peer(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca):
        super().__init__(jid, password)
        self.ca_certs = ca
        for plugin in ("xep_0030", "xep_0092", "xep_0199", "xep_0184", "xep_0198"):
            self.register_plugin(plugin)
        self["xep_0092"].software_name = "slixmpp peer"
        self["xep_0092"].version = slixmpp.__version__
        self["xep_0184"].auto_ack = True
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", self.message)
        self.add_event_handler("presence_available", self.presence)
        self.add_event_handler("presence_unavailable", self.presence)
        self.add_event_handler("receipt_received", lambda m: tell(event="receipt", id=m["receipt"]))
        self.add_event_handler("failed_auth", lambda _: tell(event="failed"))

    async def started(self, _):
        await self.get_roster()
        self.send_presence(pstatus="here")
        tell(event="started", jid=self.boundjid.full)
        loop = asyncio.get_event_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            await self.do(json.loads(line))
        self.disconnect()

    def message(self, m):
        if m["body"]:
            tell(event="message", sender=m["from"].full, body=m["body"])
            m.reply("yes: " + m["body"]).send()

    def presence(self, p):
        if p["from"].bare != self.boundjid.bare:
            tell(event="presence", sender=p["from"].full, type=p["type"], status=p["status"])

    async def do(self, order):
        to = order.get("to")
        if order["do"] == "message":
            m = self.make_message(mto=to, mbody=order["body"], mtype="chat")
            m["request_receipt"] = True
            m.send()
        elif order["do"] == "presence":
            self.send_presence(pto=to, pshow="dnd", pstatus=order["status"])
        elif order["do"] == "version":
            iq = await self["xep_0092"].get_version(to)
            tell(event="version", name=iq["software_version"]["name"], version=iq["software_version"]["version"])


async def main():
    jid, password, ca, port = sys.argv[1:]
    peer = Peer(jid, password, ca)
    peer.connect(("127.0.0.1", int(port)))
    await peer.disconnected


if __name__ == "__main__":
    asyncio.get_event_loop().run_until_complete(main())

"""A mail server for tests, on a free port of 127.0.0.1 or a given one.

    python server.py FOLDER BEHAVIOUR [PORT]

Prints its port when it listens, and ends when its standard input does. Every message that it
accepts is a file in FOLDER: 0001.json, 0002.json, ... with sender, recipients and data.

BEHAVIOUR
    accept          takes everything
    defer=N         refuses N recipients for the time being, then takes everything
    refuse=ADDRESS  refuses this recipient for good, with the address in its answer
    drop=N          hangs up in the middle of N messages, then takes everything
    mute=N          takes N messages and hangs up without saying so, then takes everything
    hang            takes a message and never answers
    login           wants a login, and accepts none
"""

import asyncio
import json
import pathlib
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Server(SMTP):
    """One connection."""

    async def smtp_DATA(self, arg):
        if self.event_handler.take("drop"):
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Handler:
    """What all connections share."""

    def __init__(self, folder, behaviour):
        self.folder = pathlib.Path(folder)
        self.name, _, self.value = behaviour.partition("=")
        self.left = int(self.value) if self.name in ("defer", "drop", "mute") else 0
        self.stored = len(list(self.folder.iterdir()))

    def take(self, name):
        """Whether this is one of the times that the behaviour is for."""
        if self.name != name or self.left == 0:
            return False
        self.left -= 1
        return True

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.take("defer"):
            return "451 4.7.1 <%s> try again later" % address
        if self.name == "refuse" and address == self.value:
            return "550 5.1.1 <%s> is unknown here" % address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.name == "hang":
            await asyncio.Event().wait()
        self.stored += 1
        message = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode("utf-8"),
        }
        (self.folder / ("%04d.json" % self.stored)).write_text(json.dumps(message))
        if self.take("mute"):
            server.transport.abort()
        return "250 2.0.0 taken"


def deny(server, session, envelope, mechanism, data):
    return AuthResult(success=False, handled=False, message="535 5.7.8 login refused")


async def main(folder, behaviour, port=0):
    handler = Handler(folder, behaviour)
    login = {}
    if handler.name == "login":
        login = {"authenticator": deny, "auth_required": True, "auth_require_tls": False}
    loop = asyncio.get_running_loop()
    factory = lambda: Server(handler, hostname="mail.test", loop=loop, **login)
    server = await loop.create_server(factory, "127.0.0.1", int(port))
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""An agent: Python's official client over any transport. It does what lines of JSON on stdin order, and prints what comes of it."""

import asyncio
import json
import sys

import mcp_types as types
from mcp import Client
from mcp.client.extension import ClientExtension, NotificationBinding
from mcp.client.sse import sse_client
from pydantic import BaseModel


class Channel(BaseModel):
    content: str
    meta: dict[str, str]


def say(**message) -> None:
    print(json.dumps(message), flush=True)


async def heard(event: Channel) -> None:
    say(heard=event.model_dump())


class Channels(ClientExtension):
    identifier = "test/channel"

    def notifications(self):
        return [NotificationBinding(method="notifications/claude/channel", params_type=Channel, handler=heard)]


async def told(message) -> None:
    if isinstance(message, types.ResourceUpdatedNotification):
        say(updated=str(message.params.uri))


class Agent:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.tasks: set[asyncio.Task] = set()

    def begin(self, work) -> None:
        self.tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self.tasks.discard)

    async def end(self) -> None:
        for task in (tasks := list(self.tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def call(self, order: dict):
        return await self.client.call_tool(order["tool"], order["arguments"])

    async def read(self, order: dict):
        return await self.client.read_resource(order["uri"])

    async def watch(self, order: dict):
        if self.client.protocol_version < "2026-07-28":
            return await self.client.subscribe_resource(order["uri"])
        acknowledged = asyncio.Event()
        self.begin(self.listen(order["uri"], acknowledged))
        await acknowledged.wait()

    async def listen(self, uri: str, acknowledged: asyncio.Event) -> None:
        async with self.client.listen(resource_subscriptions=[uri]) as subscription:
            acknowledged.set()
            async for event in subscription:
                say(updated=event.uri)

    async def carry_out(self, order: dict) -> None:
        try:
            result = await getattr(self, order["do"])(order)
            say(id=order["id"], result=result and result.model_dump(by_alias=True, mode="json", exclude_none=True))
        except Exception as error:  # The test decides what a failure means.
            say(id=order["id"], error=repr(error))


async def main(url: str, name: str, mode: str) -> None:
    server = sse_client(url) if mode == "sse" else url
    modern = mode == "auto"
    client = Client(
        server,
        mode="auto" if modern else "legacy",
        client_info=types.Implementation(name=name, version="1.0.0"),
        extensions=[Channels()],
        # On a subscription the subscription itself tells.
        message_handler=None if modern else told,
    )
    async with client:
        agent = Agent(client)
        say(revision=client.protocol_version)
        while line := await asyncio.to_thread(sys.stdin.readline):
            agent.begin(agent.carry_out(json.loads(line)))
        await agent.end()


asyncio.run(main(*sys.argv[1:]))

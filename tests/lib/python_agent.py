"""An agent: Python's official client over HTTP+SSE. It calls the tools that lines of JSON on stdin name, and prints what comes back."""

import asyncio
import json
import sys

import mcp_types as types
from mcp import ClientSession
from mcp.client.extension import NotificationBinding
from mcp.client.sse import sse_client
from pydantic import BaseModel


class Channel(BaseModel):
    content: str
    meta: dict[str, str]


def say(**message) -> None:
    print(json.dumps(message), flush=True)


async def heard(event: Channel) -> None:
    say(heard=event.model_dump())


async def call(session: ClientSession, order: dict) -> None:
    try:
        result = await session.call_tool(order["tool"], order["arguments"])
        say(id=order["id"], result=result.model_dump(by_alias=True, mode="json", exclude_none=True))
    except Exception as error:  # The test decides what a failure means.
        say(id=order["id"], error=repr(error))


async def main(url: str, name: str) -> None:
    channel = NotificationBinding(method="notifications/claude/channel", params_type=Channel, handler=heard)
    client = types.Implementation(name=name, version="1.0.0")
    async with sse_client(url) as (read, write):
        async with ClientSession(read, write, client_info=client, notification_bindings=[channel]) as session:
            await session.initialize()
            say(ready=True)
            async with asyncio.TaskGroup() as calls:
                while line := await asyncio.to_thread(sys.stdin.readline):
                    calls.create_task(call(session, json.loads(line)))


asyncio.run(main(*sys.argv[1:]))

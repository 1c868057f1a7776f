"""Drives the service with gql, over aiohttp and websockets. Arguments: the URL and the key. Prints JSON."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from gql import Client, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportError
from gql.transport.websockets import WebsocketsTransport

URL, KEY = sys.argv[1], sys.argv[2]
AUTHORIZATION = {"Authorization": f"Bearer {KEY}"}
GENERATE = """mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }"""
EVENTS = """subscription ($id: ID!) { generationEvents(id: $id) { __typename } }"""
QUICK = {"partNumber": "TILE", "defectCode": "CRACK", "steps": 2}

# Where a key of a WebSocket can go.
PLACES: Mapping[str, Mapping[str, Any]] = {
    "headers": {"headers": AUTHORIZATION},
    "init_payload": {"init_payload": AUTHORIZATION},
    "init_payload.headers": {"init_payload": {"headers": AUTHORIZATION}},
}


async def over_http() -> str:
    transport = AIOHTTPTransport(url=URL, headers=AUTHORIZATION)
    # Fetches the schema by introspection, and checks each operation against it.
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        request = GraphQLRequest(GENERATE, variable_values={"input": [QUICK]})
        return (await session.execute(request))["generateDefects"][0]["id"]


async def events(generation: str, place: Mapping[str, Any]) -> list[str]:
    transport = WebsocketsTransport(url=URL.replace("http", "ws"), **place)
    request = gql(EVENTS)
    request.variable_values = {"id": generation}
    async with Client(transport=transport) as session:
        return [result["generationEvents"]["__typename"] async for result in session.subscribe(request)]


async def refusal() -> str:
    transport = WebsocketsTransport(url=URL.replace("http", "ws"), headers={"Authorization": "Bearer wrong"})
    try:
        async with Client(transport=transport):
            return "not refused"
    except TransportError as error:
        return f"{error}: {error.__cause__}"


async def main() -> None:
    generation = await over_http()
    found = {name: await events(generation, place) for name, place in PLACES.items()}
    print(json.dumps({"events": found, "refusal": await refusal()}))


asyncio.run(main())

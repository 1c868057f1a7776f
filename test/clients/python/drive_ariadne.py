"""
Writes a typed client of the service with ariadne-codegen, and drives the service with it. Arguments: the URL, the key,
and an empty folder. Prints JSON.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

URL, KEY, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3])
HERE = Path(__file__).parent
AUTHORIZATION = {"Authorization": f"Bearer {KEY}"}
SETTINGS = """
[tool.ariadne-codegen]
remote_schema_url = "{url}"
remote_schema_headers = {{ Authorization = "Bearer {key}" }}
queries_path = "{queries}"
target_package_name = "defectdiffu_client"

[tool.ariadne-codegen.scalars.{dates}]
type = "datetime.datetime"
"""


def generate_client() -> None:
    settings = FOLDER / "pyproject.toml"
    queries = HERE / "operations.graphql"
    settings.write_text(SETTINGS.format(url=URL, key=KEY, queries=queries, dates=sys.argv[4]))
    subprocess.run([sys.executable, "-m", "ariadne_codegen", "client"], cwd=FOLDER, check=True, capture_output=True)


async def main() -> None:
    sys.path.insert(0, str(FOLDER))
    from defectdiffu_client import Client, GenerateDefectsInput, StrengthInput  # type: ignore[import-not-found]

    sockets = URL.replace("http", "ws")
    async with Client(url=URL, headers=AUTHORIZATION, ws_url=sockets, ws_headers=AUTHORIZATION) as client:
        product = (await client.product_of(part="TILE")).product
        request = GenerateDefectsInput(part_number="TILE", defect_code="CRACK", steps=2, strength=StrengthInput(value=2))
        generation = (await client.generate(input=[request])).generate_defects[0]
        events = [event.generation_events.typename__ async for event in client.events(id=generation.id)]
    print(json.dumps({"partNumber": product.part_number, "year": product.created_at.year, "events": events}))


generate_client()
asyncio.run(main())

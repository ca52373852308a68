"""Records how the real FastAPI and Pydantic answer the requests of `bitcain_cases`.

    python tests/golden/record.py            writes tests/golden/bitcain.json
    python tests/golden/record.py --check    compares instead, and fails on a difference

Needs the versions of tools/requirements.txt. To raise one, raise it there, record again and read the difference.
"""

import argparse
import asyncio
import base64
import difflib
import json
import logging
import platform
import sys
from pathlib import Path
from typing import Any

import fastapi
import httpx
import pydantic
import starlette

from bitcain_cases import Case, all_cases
from bitcain_model import app, last_read

CORPUS = Path(__file__).with_name("bitcain.json")
#: Python words the errors of broken JSON, otherwise in every few releases.
PYTHON = ".".join(platform.python_version_tuple()[:2])
HEADERS = ("allow", "content-type", "location", "www-authenticate")


async def answer(client: httpx.AsyncClient, case: Case) -> dict[str, Any]:
    last_read.clear()
    request = client.build_request(case.method, case.path, headers=case.headers, content=case.body)
    reply = await client.send(request)
    recorded: dict[str, Any] = {"id": case.id, "method": case.method, "path": case.path, "headers": case.headers}
    try:
        recorded["body"] = case.body.decode()
    except UnicodeDecodeError:
        recorded["body_base64"] = base64.b64encode(case.body).decode()
    recorded["status"] = reply.status_code
    recorded["answer_headers"] = {name: reply.headers[name] for name in HEADERS if name in reply.headers}
    if last_read and reply.status_code < 500 and is_text(last_read):
        recorded["read"] = dict(last_read)
    recorded["answer"] = reply.text
    return recorded


def is_text(read: dict[str, Any]) -> bool:
    """Python's texts may hold half a surrogate pair, which no file can."""
    try:
        json.dumps(read, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


async def record() -> dict[str, Any]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://example.com") as client:
        cases = [await answer(client, case) for case in all_cases()]
    ids = [case["id"] for case in cases]
    twice = sorted({name for name in ids if 1 < ids.count(name)})
    if twice:
        raise SystemExit(f"two cases have the same id: {twice}")
    return {
        "recorded_from": {
            "fastapi": fastapi.__version__,
            "pydantic": pydantic.VERSION,
            "python": PYTHON,
            "starlette": starlette.__version__,
        },
        "cases": sorted(cases, key=lambda case: case["id"]),
    }


def printed(corpus: dict[str, Any]) -> str:
    """One case a line, so that a difference shows the case it is in."""
    cases = ",\n".join(json.dumps(case, sort_keys=True, ensure_ascii=True) for case in corpus["cases"])
    return f'{{"recorded_from": {json.dumps(corpus["recorded_from"], sort_keys=True)},\n"cases": [\n{cases}\n]}}\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed corpus; write nothing")
    arguments = parser.parse_args()
    if arguments.check and PYTHON != (recorded := json.loads(CORPUS.read_text(encoding="utf-8"))["recorded_from"]["python"]):
        print(f"{CORPUS.name}: NOT CHECKED, recorded with Python {recorded} and this is {PYTHON}")
        return 0
    # A case that makes the real server fail is recorded as the 500 it answers; its traceback helps nobody.
    logging.disable(logging.CRITICAL)
    text = printed(asyncio.run(record()))
    count = text.count("\n") - 3
    if not arguments.check:
        CORPUS.write_text(text, encoding="utf-8")
        print(f"{CORPUS.name}: {count} cases")
        return 0
    committed = CORPUS.read_text(encoding="utf-8")
    if committed == text:
        print(f"{CORPUS.name}: {count} cases, as recorded")
        return 0
    changes = difflib.unified_diff(committed.splitlines(), text.splitlines(), "committed", "recorded now", n=0, lineterm="")
    for line in changes:
        print(line[:400])
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""Runs every `sh` block of the README and of docs/ beside a local cloud at its usual address.

The blocks of one document run in order in one shell, which stops at the first failure. A block that cannot run here
has `<!-- not run: why -->` on the line before it. The commands in such blocks, and those that stand in the text, are run as
`commands.py` says.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import commands
from cloud import ROOT, local_cloud

BLOCK = re.compile(r"(?:^<!-- not run: (?P<why>.+?) -->\n)?^```sh\n(?P<script>.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_PER_DOCUMENT = 300


def scripts(text):
    """The blocks of a document that are to be run."""
    return [it["script"] for it in BLOCK.finditer(text) if not it["why"]]


def left_out(text):
    """The blocks of a document that are not run."""
    return [it["script"] for it in BLOCK.finditer(text) if it["why"]]


def run(document, blocks):
    """Whether a document's blocks all succeed."""
    return succeeds("\n".join(f"echo '--- {document.name}, block {n}'\n{it}" for n, it in enumerate(blocks, 1)))


def succeeds(script):
    """Whether a script does; what it said is shown when it does not."""
    try:
        told = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_PER_DOCUMENT,
        )
    except subprocess.TimeoutExpired:
        print(f"not done within {SECONDS_PER_DOCUMENT} s:\n{script[-1000:]}")
        return False
    if told.returncode:
        print(told.stdout[-4000:])
    return told.returncode == 0


def command_faults():
    """Complaints about commands that the documents name and nothing runs, and the other way round."""
    texts = [it.read_text() for it in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]]
    found = {command for text in texts for command in commands.commands(text, left_out(text))}
    yield from (f"nothing runs `{it}`: tests/docs/commands.py" for it in commands.unknown(found))
    yield from (f"no document names `{it}` any more: tests/docs/commands.py" for it in commands.forgotten(found))
    yield from (f"`{it}` is not where tests/docs/commands.py says" for it in commands.not_elsewhere(ROOT))


def run_command(command):
    """Whether a documented command succeeds in its smaller form."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = succeeds(command.format(folder=folder))
    print(f"{time.monotonic() - began:5.0f} s  {'ok' if done else 'FAILED'}  {command}")
    return done


def main():
    """Returns how many documents and commands failed."""
    faults = list(command_faults())
    print("\n".join(faults))
    documents = {it: scripts(it.read_text()) for it in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]}
    runnable = {document: blocks for document, blocks in documents.items() if blocks}
    if not runnable:
        raise SystemExit("no example to run: is the README's tour gone?")
    with local_cloud("--dynamodb-listen", "127.0.0.1:0"):
        failed = [document.name for document, blocks in runnable.items() if not run(document, blocks)]
        # Several names of one command are one run.
        done = {command: run_command(command) for command in dict.fromkeys(commands.HERE.values())}
        failed += [it for it, command in commands.HERE.items() if not done[command]]
    print(f"{len(runnable) + len(commands.HERE) - len(failed)} passed, {len(failed) + len(faults)} failed")
    return len(failed) + len(faults)


if __name__ == "__main__":
    sys.exit(main())

"""Runs every `sh` block of the README and of docs/ beside a local cloud at its usual address.

The blocks of one document run in order in one shell, which stops at the first failure. A block that cannot run here
has `<!-- not run: why -->` on the line before it.
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from cloud import ROOT, local_cloud

BLOCK = re.compile(r"(?:^<!-- not run: (?P<why>.+?) -->\n)?^```sh\n(?P<script>.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_PER_DOCUMENT = 300


def scripts(text):
    """The blocks of a document that are to be run."""
    return [it["script"] for it in BLOCK.finditer(text) if not it["why"]]


def run(document, blocks):
    """Whether a document's blocks all succeed."""
    script = "\n".join(f"echo '--- {document.name}, block {n}'\n{it}" for n, it in enumerate(blocks, 1))
    told = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS_PER_DOCUMENT,
    )
    if told.returncode:
        print(told.stdout[-4000:])
    return told.returncode == 0


def main():
    """Returns how many documents failed."""
    documents = {it: scripts(it.read_text()) for it in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]}
    runnable = {document: blocks for document, blocks in documents.items() if blocks}
    if not runnable:
        raise SystemExit("no example to run: is the README's tour gone?")
    with local_cloud():
        failed = [document.name for document, blocks in runnable.items() if not run(document, blocks)]
    print(f"{len(runnable) - len(failed)} passed, {len(failed)} failed")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())

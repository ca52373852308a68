"""The commands that the documents name outside of examples that are run, and what runs each of them.

A command is an inline `code` span or a line of an example that is not run, when it begins as one of `HEADS`. Each is in one
of three tables below; what is in none, and what is in one but no longer in a document, fails.
"""

import re

HEADS = re.compile(r"(?:cargo|sam|aws|tools/[\w-]+|tests/[\w-]+/check|\./test|\.ci/run)(?=\s|$)")
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)

BENCH = "target/debug/bench"
EVALUATION = "target/debug/evaluation"
LOCAL = "target/debug/local"

# What is run here, beside the local cloud, in the smallest form that is the same command: unoptimised, with fewer draws, or
# on the data that is in the repository. `{folder}` is an empty folder.
HERE = {
    "cargo measure": f"{BENCH} --smallest counts sizes pure process latency",
    "cargo measure counts": f"{BENCH} counts",
    "cargo measure pure": f"{BENCH} --smallest pure",
    "cargo measure flood": f"{BENCH} --smallest flood",
    "cargo run -p bench -- counts": f"{BENCH} counts",
    "cargo run -p bench -- process --binaries DIR": f"{BENCH} --smallest process --binaries target/debug",
    "cargo measure process latency pure --binaries DIR": f"{BENCH} --smallest process latency pure --binaries target/debug",
    "cargo measure intelligence": f"{BENCH} intelligence --intelligence intel/fixtures/maxmind",
    "cargo evaluate weights": f"{EVALUATION} weights --pairs 500 --devices 20",
    "cargo local intel": f"{LOCAL} intel --info --folder {{folder}}",
    "cargo local intel --info": f"{LOCAL} intel --info --folder {{folder}}",
    "cargo local intel --ask 81.2.69.142 203.0.113.42": f"{LOCAL} intel --folder intel/fixtures/maxmind --ask 81.2.69.142 203.0.113.42",
    "cargo local invoke <name> events/<name>/valid.json": f"{LOCAL} invoke verify-token events/verify-token/no-key.json",
    "cargo local env": f"{LOCAL} env",
    "cargo local env --containers 172.17.0.1": f"{LOCAL} env --containers 172.17.0.1",
    "tools/setup python": "tools/setup python",
}

# What another step of ./test or .ci/run runs: the file, and what must stand there.
ELSEWHERE = {
    "cargo local": ("tests/cloud.py", '"cargo", "local"'),
    "./test": (".ci/run", "./test"),
    "./test quick": ("test", "quick"),
    "cargo test -p shared": ("test", "cargo test --workspace"),
    "cargo test -p tests": ("test", "cargo test --workspace"),
    "cargo test -p tests --test simulation": ("test", "cargo test --workspace"),
    "cargo test --profile simulation --workspace --test simulation no_promise -- --nocapture": ("test", "cargo test --workspace"),
    "cargo build --release --bins": ("tools/prove-build", "cargo lambda build --release"),
    "cargo evaluate devices": ("tests/devices/check", "evaluation devices"),
    "cargo evaluate sessions": ("tests/sessions/check", "evaluation sessions"),
    "cargo evaluate sessions --regime base": ("tests/sessions/check", "evaluation sessions"),
    "cargo evaluate sessions --half held-out --users 300": ("tests/sessions/check", "evaluation sessions"),
    "cargo evaluate adversary": ("tests/sessions/check", "evaluation adversary"),
    "tools/fetch-evaluation-data": ("tests/devices/check", "tools/fetch-evaluation-data"),
    "tools/prove-build x86_64": ("test", "tools/prove-build x86_64"),
    "tools/setup collector": ("tools/setup", "node_packages web/collector"),
    "sam validate --lint": ("tests/template/test_tools.py", '"validate", "--lint"'),
    "sam build": ("tools/prove-build", "sam build"),
}

# What cannot be run here, and why; `PREFIXES` say it of all that begin so.
NOT_RUN = {
    ".ci/run": "it is what runs this",
    "tests/docs/check": "it is this",
    "sam local": "names the tool; tests/sam-local/check runs it",
    "cargo lambda watch": "names what was decided against",
    "tools/check-intelligence": "needs 83 MB of data from the internet",
    "tools/check-intelligence --count 100000 --seed 20261121": "needs 83 MB of data from the internet",
    "tools/update-lists": "fetches from the internet and changes what is committed",
    "tools/update-lists --check": "fetches from the internet",
    "cargo update -p webpki-root-certs": "changes the lock file",
}
PREFIXES = {
    "aws ": "needs an AWS account",
    "sam deploy": "needs an AWS account",
    "sam delete": "needs an AWS account",
    "sam local invoke ": "needs Docker; tests/sam-local/check",
    "sam local start-api": "needs Docker; tests/sam-local/check",
    "tests/": "a suite, which ./test runs: every tests/*/check",
    "cargo local --": "serves until it is ended; tests of `local` start it with each option",
    "sam build ": "tools/prove-build and tests/sam-local/check run it",
}


def commands(text, examples_not_run):
    """The commands of a document."""
    for span in INLINE.findall(FENCED.sub("", text)):
        yield from parts(span)
    for example in examples_not_run:
        for line in example.replace("\\\n", " ").splitlines():
            yield from parts(re.sub(r"\s#\s.*$|^#.*$", "", line))


def parts(line):
    """The commands of one line, without the variables set before them."""
    for part in re.split(r"&&|\||;", line):
        part = re.sub(r"^(?:[A-Z_]+=\S+\s+)+", "", part.strip())
        if HEADS.match(part):
            yield re.sub(r"\s+", " ", part)


def unknown(found):
    """What stands in a document and in no table."""
    known = HERE.keys() | ELSEWHERE.keys() | NOT_RUN.keys()
    return sorted(it for it in found if it not in known and not it.startswith(tuple(PREFIXES)))


def forgotten(found):
    """What stands in a table and in no document."""
    named = [it for it in HERE.keys() | ELSEWHERE.keys() | NOT_RUN.keys() if it not in found]
    return sorted(named + [it for it in PREFIXES if not any(command.startswith(it) for command in found)])


def not_elsewhere(root):
    """What ought to be run by a file that does not name it."""
    return sorted(it for it, (file, words) in ELSEWHERE.items() if words not in (root / file).read_text())

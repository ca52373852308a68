"""Lists the bootstrap of each function of a built template, and fails unless all are there for x86_64."""

import pathlib
import sys

from samcli.yamlhelper import yaml_parse

X86_64 = 62  # e_machine of ELF


def main(template):
    """Prints size and name of each bootstrap; returns how many are missing or wrong."""
    wrong = 0
    functions = {
        name: it["Properties"]["CodeUri"]
        for name, it in yaml_parse(template.read_text())["Resources"].items()
        if it["Type"] == "AWS::Serverless::Function"
    }
    for name, folder in functions.items():
        path = template.parent / folder / "bootstrap"
        head = path.read_bytes()[:20] if path.exists() else b""
        right = head[:4] == b"\x7fELF" and int.from_bytes(head[18:20], "little") == X86_64
        wrong += not right
        print(f"{path.stat().st_size:>10,}  {name}" if right else f"{'missing or not for x86_64':>10}  {name}")
    print(f"{len(functions) - wrong} passed, {wrong} failed")
    return wrong or not functions


sys.exit(bool(main(pathlib.Path(sys.argv[1]))))

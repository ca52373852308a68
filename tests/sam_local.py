"""The template as `sam local` reads it, by SAM's own classes: no container and no credentials."""

import os
import pathlib

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

ROOT = pathlib.Path(__file__).resolve().parents[1]


class SamLocal:
    """What SAM would invoke, and with which environment."""

    def __init__(self, template=ROOT / "template.yaml", parameters=None):
        self.stacks, remote = SamLocalStackProvider.get_stacks(str(template), parameter_overrides=parameters or {})
        assert not remote, "stacks that are not here"
        provider = SamFunctionProvider(self.stacks, use_raw_codeuri=True)
        self.functions = {it.name: it for it in provider.get_all()}
        self.runner = LocalLambdaRunner(
            local_runtime=None, function_provider=provider, cwd=str(ROOT), real_path=str(ROOT), aws_region="us-east-1"
        )

    def package(self, name):
        """Name of the folder a function is built from."""
        return pathlib.PurePath(self.functions[name].codeuri).name

    def routes(self):
        """`METHOD /path` (or `$default`) of every route that `sam local start-api` answers, with its function."""
        found = {}
        for route in ApiProvider(self.stacks).api.routes:
            for method in route.methods:
                key = route.path if route.path == "$default" else f"{method} {route.path}"
                found[key] = route.function_name
        return found

    def environment(self, name):
        """What the function's container has in its environment; the shell's variables are this process's."""
        return self.runner._make_env_vars(self.functions[name]).resolve()

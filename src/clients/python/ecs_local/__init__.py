"""Starts ecs-local for tests and drives it. Needs nothing but Python.

    from ecs_local import Control, Server

    with Server() as server:
        ecs = Control(server.endpoint)
        ecs.fleet(2)
        ecs.outcome({"exit": {"code": 1, "after": "30s"}}, family="job")
        ecs.advance("1m")

With pytest installed, the fixtures `ecs_control`, `ecs_client`, `ecs_account`, `ecs_environment`, `ecs_endpoint` and
`ecs_server` are there by themselves: see ecs_local.pytest_plugin.
"""

from .control import Control, EcsLocalError, WaitTimeout, matches, new_account
from .server import Server, ServerError

__all__ = ["Control", "EcsLocalError", "Server", "ServerError", "WaitTimeout", "matches", "new_account"]
__version__ = "0.1.0"

"""The command line: `porchlight demo`, `init`, `serve`, many machines' roles, `admin-token`, `doctor`, `policy`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import msgspec

from alerts.policy_simulation import CONTACTS, SimulatedTrigger
from services.bad_setting import BadSetting
from services.commands import administration, policy
from services.commands.demo import desk_code, furnish, greeting
from services.commands.doctor import examine
from services.commands.serve import listen, run, run_loop
from services.commands.topics import declare_topics
from services.process import Assembly, Role
from services.service_log import set_up_log
from services.settings import Settings, check_listening, parse_listen, read_settings
from streams.sealing import Unreadable
from streams.store import InUse, NotKept

ROLES: dict[Role, str] = {
    "api": "one of many: takes calls, publishes them, serves consoles",
    "worker": "one of many: decides and sends",
    "scheduler": "one of many: watches the clock, tidies up",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code: 0, 1 when something is wrong, 2 when it was called wrongly."""
    given = _parser().parse_args(arguments)
    try:
        settings = read_settings()
        if given.data is not None:
            settings = msgspec.structs.replace(settings, data=given.data)
        set_up_log(settings.log_format)
        code: int = given.command(settings, given)
    except (BadSetting, InUse) as error:
        print(f"porchlight: {error}", file=sys.stderr)
        return 2
    except Unreadable:
        print(
            "porchlight: the store was made with another master key: give the right PORCHLIGHT_MASTER_KEY, or put "
            "master.key back",
            file=sys.stderr,
        )
        return 2
    except NotKept as error:
        print(f"porchlight: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="porchlight", description="Alerts and check-ins that reach somebody.")
    parser.add_argument("--version", action="version", version=version("porchlight"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, metavar="DIR", help="the folder of the store (PORCHLIGHT_DATA)")

    demo = commands.add_parser("demo", parents=[common], help="everything in one process, with a demo agency")
    demo.add_argument("--port", type=int, default=8080)
    demo.set_defaults(command=_demo)
    first = commands.add_parser("init", parents=[common], help="make the store and the first administrator")
    first.add_argument("--organization", required=True, metavar="NAME")
    first.add_argument("--json", action="store_true", help="print JSON and nothing else")
    first.set_defaults(command=_init)
    serve = commands.add_parser("serve", parents=[common], help="everything in one process, for real use")
    serve.add_argument("--listen", metavar="HOST:PORT", help="where to listen (PORCHLIGHT_LISTEN)")
    serve.set_defaults(command=_serve)
    for role, what in ROLES.items():
        one = commands.add_parser(role, parents=[common], help=what)
        one.add_argument("--listen", metavar="HOST:PORT", help="where to listen (PORCHLIGHT_LISTEN)")
        one.set_defaults(command=_role, role=role)
    topics = commands.add_parser("topics", help="declare the topics at the broker")
    topics.add_argument(
        "--replication", type=int, metavar="N", help="copies of each (default: one a broker, at most 3)"
    )
    topics.set_defaults(command=lambda settings, given: declare_topics(settings, given.replication), data=None)
    token = commands.add_parser("admin-token", parents=[common], help="a new administrator's token")
    token.add_argument("--json", action="store_true", help="print JSON and nothing else")
    token.set_defaults(command=_admin_token)
    _policy_parsers(commands)
    doctor = commands.add_parser("doctor", parents=[common], help="check everything and say what to do")
    doctor.set_defaults(command=_doctor)
    return parser


def _policy_parsers(commands: Any) -> None:
    policies = commands.add_parser("policy", help="prove an escalation policy before it is needed")
    acts = policies.add_subparsers(required=True, metavar="ACT")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("file", type=Path, metavar="FILE", help="the policy, YAML or JSON")
    common.add_argument("--json", action="store_true", help="print JSON and nothing else")
    common.add_argument(
        "--contacts", type=int, default=CONTACTS, choices=range(100), metavar="N", help="confirmed contacts (3)"
    )
    check = acts.add_parser("check", parents=[common], help="find what it leaves open")
    check.add_argument("--within", default="2m", metavar="DURATION", help="how soon somebody has to be told (2m)")
    check.set_defaults(command=lambda _, given: policy.check(given), data=None)
    simulate = acts.add_parser("simulate", parents=[common], help="who would be told when")
    simulate.add_argument("--trigger", choices=get_args(SimulatedTrigger), default="panic")
    simulate.add_argument("--at", metavar="INSTANT", help="when it happens (now)")
    simulate.add_argument("--dead", action="append", default=[], metavar="CHANNEL", help="a channel that is down")
    simulate.add_argument("--asleep", action="append", default=[], metavar="RECIPIENT", help="who does not notice")
    simulate.set_defaults(command=lambda _, given: policy.run_simulation(given), data=None)
    schema = acts.add_parser("schema", help="print the JSON Schema of policies, for an editor")
    schema.set_defaults(command=lambda _, given: policy.print_schema(given), data=None)


def _demo(settings: Settings, given: argparse.Namespace) -> int:
    data = settings.data if given.data is not None else settings.data / "demo"
    opened, settings = listen(
        msgspec.structs.replace(settings, data=data, host="127.0.0.1", port=given.port, public_url=None)
    )

    async def ready(assembly: Assembly) -> None:
        agency = await furnish(assembly)
        assembly.service.demo_organization = agency
        print(greeting(settings.url, await desk_code(assembly, agency)), flush=True)

    run_loop(run(settings, opened, ready=ready, demo=True))
    return 0


def _serve(settings: Settings, given: argparse.Namespace) -> int:
    if given.listen is not None:
        host, port = parse_listen(given.listen)
        settings = msgspec.structs.replace(settings, host=host, port=port)
    check_listening(settings)
    administration.check_store(settings)
    return _run(settings, "all")


def _role(settings: Settings, given: argparse.Namespace) -> int:
    for name, value in (("STORE", settings.store), ("KAFKA", settings.kafka)):
        if value is None:
            raise BadSetting(
                f"PORCHLIGHT_{name} is missing: `{given.role}` is one of many processes that share a store and a "
                "broker; `porchlight serve` is the whole service in one process"
            )
    if given.listen is not None:
        host, port = parse_listen(given.listen)
        settings = msgspec.structs.replace(settings, host=host, port=port)
    if given.role == "api":
        check_listening(settings)
    return _run(settings, given.role)


def _run(settings: Settings, role: Role) -> int:
    opened, settings = listen(settings)

    async def ready(_assembly: Assembly) -> None:
        what = "Porchlight" if role == "all" else f"Porchlight ({role})"
        print(f"{what} listens on {settings.host}:{settings.port}; its address is {settings.url}", flush=True)

    run_loop(run(settings, opened, ready=ready, role=role))
    return 0


def _init(settings: Settings, given: argparse.Namespace) -> int:
    made = asyncio.run(administration.init(settings, given.organization))
    _show(
        made,
        as_json=given.json,
        text=f"{made.organization['name']} is set up in {settings.place}.\n\n"
        f"The administrator's token, shown this once:\n\n  {made.admin['token']}\n\n"
        "Next: `porchlight serve`, then sign in at /desk with it; `porchlight doctor` says what is missing.",
    )
    return 0


def _admin_token(settings: Settings, given: argparse.Namespace) -> int:
    made = asyncio.run(administration.admin_token(settings))
    _show(made, as_json=given.json, text=made.admin["token"])
    return 0


def _show(made: administration.Admin, *, as_json: bool, text: str) -> None:
    print(msgspec.json.encode(made).decode() if as_json else text)


def _doctor(settings: Settings, _given: argparse.Namespace) -> int:
    async def look() -> bool:
        well = True
        async for finding in examine(settings):
            well = well and finding.good
            print(f"{'ok ' if finding.good else 'BAD'}  {finding.what}: {finding.text}")
            if finding.advice:
                print(f"       -> {finding.advice}")
        return well

    return 0 if asyncio.run(look()) else 1


if __name__ == "__main__":
    sys.exit(main())

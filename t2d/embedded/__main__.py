"""`python -m t2d.embedded serve`, `python -m t2d.embedded run [--throwaway] -- COMMAND ...`."""

from __future__ import annotations

import argparse
import sys

from t2d.embedded import binaries, data, folder, keys, run, serve, supervision


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m t2d.embedded")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="everything, in the foreground, until Ctrl-C")
    runner = commands.add_parser("run", help="one command against the data services")
    runner.add_argument("--throwaway", action="store_true", help="on an empty database that is then removed")
    runner.add_argument("argv", nargs="+", help="the command, after --")
    chosen = parser.parse_args()
    try:
        if chosen.command == "serve":
            return serve.serve(folder.data_folder())
        if chosen.throwaway:
            return run.run_throwaway(chosen.argv)
        return run.run(folder.data_folder(), chosen.argv)
    except (
        binaries.NotFound, data.DidNotStart, keys.NoKeys, serve.Failed, supervision.DataServiceEnded,
    ) as problem:  # fmt: skip
        print(problem, file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""The command `tollbridge`. Imports nothing of the server's packages until it runs."""

import sys


def main() -> None:
    """Run the command line; where the server's packages are missing, say how to get them."""
    try:
        from tollbridge.gateway.owner.commands import app

        app(prog_name="tollbridge")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "tollbridge":
            raise
        sys.exit(
            f"tollbridge: the package {error.name!r} is missing; "
            "install the server's packages: pip install 'tollbridge[gateway]'"
        )


if __name__ == "__main__":
    main()

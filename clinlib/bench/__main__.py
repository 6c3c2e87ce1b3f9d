"""`python -m clinlib.bench [NAME ...]`: measures, and writes results/bench/*.json."""

from typing import Annotated

import typer

from clinlib.bench import context, crf, pool_scoring, training
from clinlib.errors import ClinlibError, unknown

BENCHES = {
    "context": context.run,
    "crf": crf.run,
    "pool_scoring": pool_scoring.run,
    "training": training.run,
}


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help="context, crf, pool_scoring, training; default: all")
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, help="interleaved pairs")] = 5,
    threads: Annotated[int, typer.Option(min=1, help="torch threads of one process")] = 2,
) -> None:
    """Runs the benches in interleaved pairs."""
    try:
        for name in names or BENCHES:
            if name not in BENCHES:
                raise unknown("bench", name, BENCHES)
            BENCHES[name](pairs, threads)
    except ClinlibError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)

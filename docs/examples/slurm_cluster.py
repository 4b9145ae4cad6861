"""Ask Slurm for Dask workers and print POREOPS_SCHEDULER for the stages (docs/cluster.md)."""

import argparse
import threading

from dask_jobqueue import SLURMCluster
from distributed import Client


def main() -> None:
    """Hold the cluster until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=4, help="Slurm jobs")
    parser.add_argument("--cores", type=int, default=16, help="cores, and workers, per job")
    parser.add_argument("--memory", default="32GB", help="memory per job")
    parser.add_argument("--walltime", default="02:00:00")
    parser.add_argument("--queue", help="partition")
    options = parser.parse_args()
    cluster = SLURMCluster(
        queue=options.queue,
        cores=options.cores,
        processes=options.cores,  # one thread a worker: a conduit is solved by one thread
        memory=options.memory,
        walltime=options.walltime,
    )
    cluster.scale(jobs=options.jobs)
    with cluster, Client(cluster) as client:
        print(f"export POREOPS_SCHEDULER={cluster.scheduler_address}")
        print(f"dashboard: {client.dashboard_link}")
        threading.Event().wait()


if __name__ == "__main__":
    main()

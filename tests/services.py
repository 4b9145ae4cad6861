"""PostgreSQL and an S3-compatible store of their own, for tests that need a real one."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process):
    end = time.monotonic() + 120
    while True:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)


def program(name):
    """The path of a program of PostgreSQL, which Debian keeps beside others of its version."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(beside[-1]) if beside else None)


@contextmanager
def postgres():
    """The URL of a database; skips the test where PostgreSQL or its driver is not installed."""
    pytest.importorskip("psycopg2")
    initdb, server_program = program("initdb"), program("postgres")
    if not initdb or not server_program:
        pytest.skip("needs PostgreSQL")
    # not below a folder of pytest, which is root's alone: PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        as_user = {}
        if os.getuid() == 0:
            as_user = {"user": "nobody"}
            shutil.chown(folder, "nobody")
        port, data = free_port(), f"{folder}/data"
        subprocess.run(
            [initdb, "-D", data, "-U", "u", "-A", "trust", "--no-sync"], check=True,
            capture_output=True, cwd=folder, **as_user,
        )  # fmt: skip
        server = subprocess.Popen(
            [server_program, "-D", data, "-p", str(port), "-k", folder, "-c", "fsync=off"],
            stderr=subprocess.DEVNULL, cwd=folder, **as_user,
        )  # fmt: skip
        try:
            wait_for(port, server)
            yield f"postgresql+psycopg2://u@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)


@contextmanager
def s3(bucket):
    """The settings under which a bucket is found; skips the test where moto is not installed."""
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("moto")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)], stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    settings = {
        "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    try:
        wait_for(port, server)
        client = boto3.client(
            "s3", endpoint_url=settings["MLFLOW_S3_ENDPOINT_URL"], aws_access_key_id="k",
            aws_secret_access_key="s", region_name="us-east-1",
        )  # fmt: skip
        client.create_bucket(Bucket=bucket)
        yield settings, client
    finally:
        server.terminate()
        server.wait(30)

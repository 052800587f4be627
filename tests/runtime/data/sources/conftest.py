"""Where sources of other places than a file are tried: an S3 server and a PostgreSQL server on loopback."""

import pyarrow.fs
import pytest

from ....postgresql import running


@pytest.fixture(scope="session")
def _server():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def lake(_server, monkeypatch):
    """An empty bucket "lake" that the environment leads to, as a file system."""
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()
    for name, value in {
        "AWS_ENDPOINT_URL": _server,
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "AWS_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    store = pyarrow.fs.S3FileSystem(
        endpoint_override=_server.removeprefix("http://"),
        scheme="http",
        region="eu-central-1",
        allow_bucket_creation=True,
    )
    store.create_dir("lake")
    return store


@pytest.fixture
def denied(lake, monkeypatch):
    """The bucket "lake" as someone sees it who may do nothing."""
    from moto import settings

    monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
    return lake


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL server of our own on loopback; skipped where Debian's package is not installed."""
    with running() as server:
        yield server

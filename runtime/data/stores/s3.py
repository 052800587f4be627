"""Amazon S3, and what speaks as it does: the environment variables of Amazon's own tools."""

from __future__ import annotations

from typing import Any

from . import ANSWER, CONNECT, TRIES, patience, split, variable


class S3:
    """s3://bucket/key. AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL names a store of somebody else."""

    variables: tuple[str, ...] = ("AWS_",)
    credentials = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to who may list and read it."

    def filesystem(self) -> Any:
        """As the tools of Amazon find their credentials: variables, profile, the machine's role."""
        from pyarrow import fs

        known: dict[str, Any] = {"region": _region()} if _region() else {}
        if (endpoint := _endpoint()) is not None:
            protocol, host = split(endpoint)
            known = {"region": "us-east-1", **known, "endpoint_override": host, "scheme": protocol}
        return fs.S3FileSystem(
            connect_timeout=CONNECT,
            request_timeout=ANSWER,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
            **known,
        )

    def options(self) -> dict[str, Any]:
        """The endpoint, and that it may be without TLS where its address says so."""
        endpoint = _endpoint()
        if endpoint is None:
            return patience()
        plain = str(split(endpoint)[0] == "http").lower()
        where = {"aws_endpoint_url": endpoint, "aws_allow_http": plain, "aws_region": _region() or "us-east-1"}
        return {**patience(), **where}

    def iceberg(self) -> dict[str, str]:
        """The endpoint and the region."""
        known = {"s3.endpoint": _endpoint(), "s3.region": _region()}
        known |= {"s3.connect-timeout": str(CONNECT), "s3.request-timeout": str(ANSWER)}
        return {name: value for name, value in known.items() if value is not None}


def _endpoint() -> str | None:
    return variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def _region() -> str | None:
    return variable("AWS_REGION", "AWS_DEFAULT_REGION")

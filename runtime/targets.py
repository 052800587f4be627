"""The `serving` section: how a model is served. Each target is an option of its own, so several can be chosen at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr, model_validator

from .errors import Problem, did_you_mean
from .form import EnvironmentVariable, Form
from .section import Section

_Name = Annotated[
    str,
    Form(
        r"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$",
        "lower-case letters, digits, dashes and points, starting and ending with a letter or digit",
    ),
]
_Algorithm = Literal[
    "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "HS256", "HS384", "HS512"
]
_Cpu = Annotated[
    str, Form(r"^([1-9][0-9]*m|[1-9][0-9]*|0?\.[0-9]*[1-9][0-9]*)$", "a number of cores, as 2, 0.5 or 500m")
]
_Memory = Annotated[str, Form(r"^[1-9][0-9]*(Mi|Gi)$", "an amount of memory, as 512Mi or 2Gi")]


class Log(Section):
    """Every answered row, kept for monitoring."""

    folder: Annotated[StrictStr, Field(min_length=1)] = "log"
    """Where, relative to the project."""
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 90
    """Days after which rows are deleted."""
    keep_bytes: Annotated[int, Field(ge=1 << 20)] = 10 << 30
    """The most bytes kept; beyond, the oldest rows are deleted."""
    queue: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """Rows of one worker that may wait for the disk; more are dropped, counted and told."""
    exclude: list[StrictStr] = []
    """Columns that are left out."""
    hash: list[StrictStr] = []
    """Columns of which a keyed hash is kept, beside the personal ones."""
    hash_key: EnvironmentVariable = "OVERTURE_LOG_KEY"
    """The environment variable with the key of the hashes; without it, columns to be hashed are left out."""


class Jwt(Section):
    """JSON Web Tokens that a service accepts; needs the extra `jwt`."""

    key_env: EnvironmentVariable
    """The environment variable with the public key (PEM), or the secret of an HS algorithm."""
    algorithms: Annotated[list[_Algorithm], Field(min_length=1)] = ["RS256"]
    """How tokens may be signed."""
    audience: StrictStr | None = None
    """Whom a token must be meant for; null: nobody in particular."""
    issuer: StrictStr | None = None
    """Who must have issued it; null: anyone who has the key."""


class Auth(Section):
    """Who may ask."""

    keys_env: EnvironmentVariable | None = None
    """The environment variable with the SHA-256 hashes of the API keys, in hex, separated by commas or blanks."""
    jwt: Jwt | None = None
    """Tokens that are accepted as well."""
    open: list[Literal["metrics", "model", "docs"]] = []
    """What needs no key; /livez and /readyz never do."""

    @model_validator(mode="after")
    def _somebody(self) -> Auth:
        if self.keys_env is None and self.jwt is None:
            raise ValueError("nobody could be let in: set keys_env or jwt")
        return self


class Challenger(Section):
    """How the run is tried that `overture promote RUN --challenger` named."""

    mode: Literal["shadow", "canary"]
    """shadow: it predicts the same rows, which are kept in the log and answered to nobody; canary: it answers some rows."""
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    """canary: the share of rows that it answers; a row with the same key is always answered by the same model."""

    @model_validator(mode="after")
    def _share_of_a_canary(self) -> Challenger:
        if (self.mode == "canary") is (self.share is None):
            raise ValueError(
                "a canary needs a share" if self.share is None else "a shadow answers no rows: leave share out"
            )
        return self


class Http(Section):
    """Predictions over HTTP, by BentoML."""

    port: Annotated[int, Field(ge=1, le=65535)] = 3000
    """Where `bentoml serve` listens."""
    workers: Annotated[int, Field(ge=1, le=1024)] = 1
    """Processes that answer."""
    timeout: Annotated[int, Field(ge=1, le=3600)] = 10
    """Seconds after which a request is given up with 504."""
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """The most rows one request may hold."""
    max_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 8 << 20
    """The largest body that is read."""
    max_waiting: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """Requests that one worker has inside at once for one path; more are answered with 429."""
    errors: Literal["verbose", "terse"] = "verbose"
    """Do answers repeat the values that are wrong? Those of columns marked `personal: true` they never do."""
    cors: list[StrictStr] = []
    """Origins whose pages may ask: https://shop.example.com, or "*" for any."""
    auth: Auth | None = None
    """Who may ask; null: everyone who reaches the port."""
    lane: bool = True
    """Answer requests that keep the contract by the fast lane, without passing through BentoML; the answers are the same."""
    log: Log | None = Log()
    """Where answered rows are kept; null: they are not."""
    challenger: Challenger | None = None
    """How a challenger is tried beside the model in production; null: it is not."""

    @model_validator(mode="after")
    def _kept_somewhere(self) -> Http:
        if self.log is None and self.challenger is not None and self.challenger.mode == "shadow":
            raise ValueError("a shadow is of no use without a log: set serving.http.log, or leave challenger out")
        return self


class Batch(Section):
    """Predictions for whole files."""

    rows: Annotated[int, Field(ge=1, le=10_000_000)] = 65_536
    """Rows that are in memory at once."""


class Kubernetes(Section):
    """The service in a Kubernetes cluster: manifests for `kubectl apply -f kubernetes/`."""

    image: Annotated[
        str, Form(r"^[a-z0-9][A-Za-z0-9._/:@-]*$", "the name of an image, as registry.example.com/churn:1")
    ]
    """The container image, as pushed: registry.example.com/churn:2f9c41d07be3."""
    namespace: _Name | None = None
    """Where it runs; null: where kubectl stands."""
    min_replicas: Annotated[int, Field(ge=1, le=1000)] = 2
    """Copies that always run."""
    max_replicas: Annotated[int, Field(ge=1, le=1000)] = 10
    """The most copies that run under load."""
    busy: Annotated[int, Field(ge=10, le=95)] = 70
    """Percent of the requested CPU above which more copies are started."""
    cpu: _Cpu = "500m"
    """What one copy is promised; "500m" is half a core."""
    cpu_limit: _Cpu = "2"
    """The most one copy may use."""
    memory: _Memory = "1Gi"
    """What one copy is promised, and the most it may use."""
    scratch: _Memory = "512Mi"
    """Room for files that may be lost; nothing else in the container can be written."""
    log_claim: _Name | None = None
    """The PersistentVolumeClaim that keeps the request log, which every copy must be able to write; null: the log ends with its pod."""
    secrets: list[_Name] = []
    """Secrets of the cluster whose keys become environment variables of the service."""
    egress: StrictBool = False
    """May the service open connections to others?"""

    @model_validator(mode="after")
    def _fewest_first(self) -> Kubernetes:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"min_replicas ({self.min_replicas}) is greater than max_replicas ({self.max_replicas})")
        return self


class Serving(Section):
    """The targets chosen; a target that is null is not generated."""

    http: Http | None = None
    batch: Batch | None = None
    kubernetes: Kubernetes | None = None

    def problems(self) -> Iterator[Problem]:
        """Targets that need others."""
        if self.kubernetes is not None and self.http is None:
            hint = "Write in conf/config.yaml: override serving: [http, kubernetes]"
            yield Problem("kubernetes runs the service that http makes, which is not chosen.", ("serving",), hint=hint)

    def unknown(self, columns: Sequence[str]) -> Iterator[Problem]:
        """Columns that the request log hides must be there. columns: those of a request."""
        log = self.http.log if self.http is not None else None
        for word in ("exclude", "hash") if log is not None else ():
            for i, name in enumerate(getattr(log, word)):
                if name not in columns:
                    where = ("serving", "http", "log", word, i)
                    yield Problem(f'no feature is called "{name}".', where, hint=did_you_mean(name, columns))

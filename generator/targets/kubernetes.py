"""The service in a Kubernetes cluster: manifests that are safe to apply as they are."""

from __future__ import annotations

import math
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..target import Target, Template

if TYPE_CHECKING:
    from overture.runtime.spec import Spec
    from overture.runtime.targets import Http
    from overture.runtime.targets import Kubernetes as Options

Manifest = dict[str, Any]
_USER = 1034  # who a container of BentoML runs as
_SCRATCH = "/scratch"
_PROJECT = PurePosixPath("/home/bentoml/bento/src")  # where a Bento's container has the project
_UNSEALED = 256 << 20  # bytes of the request log that a worker may have beside its segments
_DRAINING = 10  # seconds beyond a request's own for a copy that is to end


class Kubernetes(Target):
    """kubernetes/: a Deployment, a Service, an autoscaler, a disruption budget and a network policy."""

    def files(self, spec: Spec) -> dict[str, Template | str]:
        """One manifest a file."""
        http, options = spec.serving.http, spec.serving.kubernetes
        assert http is not None
        assert options is not None
        name = spec.name.rstrip("-")  # as a host is named
        made = {
            "deployment": _deployment(name, http, options),
            "service": _service(name, options),
            "autoscaler": _autoscaler(name, options),
            "disruption-budget": _disruption_budget(name, options),
            "network-policy": _network_policy(name, http, options),
        }
        return {f"kubernetes/{kind}.yaml": _written(manifest) for kind, manifest in made.items()}


def _deployment(name: str, http: Http, options: Options) -> Manifest:
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": _selector(name),
    }
    pod = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": http.timeout + _DRAINING,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [spread],
        "containers": [_container(name, http, options)],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": options.scratch}}, *_log_volume(http, options)],
    }
    # how many copies there are is the autoscaler's to say
    spec = {
        "selector": _selector(name),
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {"metadata": {"labels": _labels(name)}, "spec": pod},
    }
    return _manifest("apps/v1", "Deployment", name, options, spec)


def _container(name: str, http: Http, options: Options) -> dict[str, Any]:
    variables = {
        "HOME": _SCRATCH,
        "TMPDIR": _SCRATCH,
        "BENTOML_HOME": f"{_SCRATCH}/bentoml",
        "BENTOML_DO_NOT_TRACK": "1",
    }
    found: dict[str, Any] = {
        "name": name,
        "image": options.image,
        "args": ["serve", "--host", "0.0.0.0", "--port", str(http.port)],  # noqa: S104 - the pod's own network
        "ports": [{"name": "http", "containerPort": http.port}],
        "env": [{"name": key, "value": value} for key, value in variables.items()],
    }
    if options.secrets:
        found["envFrom"] = [{"secretRef": {"name": secret}} for secret in options.secrets]
    return {
        **found,
        "resources": {
            "requests": {"cpu": options.cpu, "memory": options.memory},
            "limits": {"cpu": options.cpu_limit, "memory": options.memory},
        },
        "startupProbe": _probe("/readyz", every=2, failures=60),
        "livenessProbe": _probe("/livez", every=10, failures=3),
        "readinessProbe": _probe("/readyz", every=5, failures=2),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "scratch", "mountPath": _SCRATCH}, *_log_mount(http)],
    }


def _log_volume(http: Http, options: Options) -> list[dict[str, Any]]:
    """Where the request log is written; without a claim it has room for what is kept and for what is not sealed yet."""
    if http.log is None:
        return []
    if options.log_claim is not None:
        return [{"name": "log", "persistentVolumeClaim": {"claimName": options.log_claim}}]
    room = math.ceil((http.log.keep_bytes + _UNSEALED * http.workers) / 2**20)
    return [{"name": "log", "emptyDir": {"sizeLimit": f"{room}Mi"}}]


def _log_mount(http: Http) -> list[dict[str, Any]]:
    return [] if http.log is None else [{"name": "log", "mountPath": str(_PROJECT / http.log.folder)}]


def _service(name: str, options: Options) -> Manifest:
    port = {"name": "http", "port": 80, "targetPort": "http"}
    return _manifest("v1", "Service", name, options, {"selector": _labels(name), "ports": [port]})


def _autoscaler(name: str, options: Options) -> Manifest:
    busy = {"type": "Utilization", "averageUtilization": options.busy}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": options.min_replicas,
        "maxReplicas": options.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": busy}}],
    }
    return _manifest("autoscaling/v2", "HorizontalPodAutoscaler", name, options, spec)


def _disruption_budget(name: str, options: Options) -> Manifest:
    return _manifest(
        "policy/v1", "PodDisruptionBudget", name, options, {"maxUnavailable": 1, "selector": _selector(name)}
    )


def _network_policy(name: str, http: Http, options: Options) -> Manifest:
    spec = {
        "podSelector": _selector(name),
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": [{"protocol": "TCP", "port": http.port}]}],
        "egress": [{}] if options.egress else [],
    }
    return _manifest("networking.k8s.io/v1", "NetworkPolicy", name, options, spec)


def _manifest(version: str, kind: str, name: str, options: Options, spec: dict[str, Any]) -> Manifest:
    metadata: dict[str, Any] = {"name": name, "labels": _labels(name)}
    if options.namespace is not None:
        metadata["namespace"] = options.namespace
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _probe(path: str, *, every: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": every,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


def _selector(name: str) -> dict[str, Any]:
    return {"matchLabels": _labels(name)}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}


def _written(manifest: Manifest) -> str:
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    body = yaml.dump(manifest, Dumper=Plain, sort_keys=False, allow_unicode=True, width=100)
    return f"# Written by overture from conf/. Change conf/ first; what you change here is kept.\n{body}"

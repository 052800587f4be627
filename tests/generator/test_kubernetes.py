"""The manifests of the target kubernetes: what the API server takes, and what a careful cluster asks for."""

import kubernetes_validate
import pytest
import yaml

from overture.generator.project import wanted
from overture.runtime.config.load import load
from overture.runtime.errors import Mistake

from ..conftest import CONFIG

CHOSEN = CONFIG.format(model="logistic").replace("[http, batch]", "[http, kubernetes]")
PLAIN = CHOSEN + "serving: {kubernetes: {image: registry.example.com/churn:1}}\n"
FULL = (
    CHOSEN.replace("name: churn", "name: churn-")
    + """\
serving:
  http: {port: 8080, timeout: 25}
  kubernetes:
    image: "registry.example.com/churn@sha256:0123456789abcdef"
    namespace: "yes"
    min_replicas: 1
    max_replicas: 3
    cpu: "1"
    memory: 2Gi
    secrets: ["on", "1234"]
    egress: true
"""
)


def manifests(root):
    texts = {path: file.text for path, file in wanted(root).items() if path.startswith("kubernetes/")}
    return {(found := yaml.safe_load(text))["kind"]: found for text in texts.values()}


@pytest.mark.parametrize("config", [PLAIN, FULL])
@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_every_manifest_is_one_to_the_api_server(make_project, config, version):
    found = manifests(make_project(config=config))

    assert set(found) == {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
    }
    for manifest in found.values():
        kubernetes_validate.validate(manifest, version, strict=True)


def test_what_the_configuration_says_stands_in_the_manifests(make_project):
    found = manifests(make_project(config=FULL))
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert {manifest["metadata"]["name"] for manifest in found.values()} == {"churn"}
    assert {manifest["metadata"]["namespace"] for manifest in found.values()} == {"yes"}
    assert container["image"] == "registry.example.com/churn@sha256:0123456789abcdef"
    assert container["args"][-2:] == ["--port", "8080"]
    assert container["envFrom"] == [{"secretRef": {"name": "on"}}, {"secretRef": {"name": "1234"}}]
    assert container["resources"]["requests"] == {"cpu": "1", "memory": "2Gi"}
    assert pod["terminationGracePeriodSeconds"] > 25
    scaled = found["HorizontalPodAutoscaler"]["spec"]
    assert (scaled["minReplicas"], scaled["maxReplicas"]) == (1, 3)
    assert found["NetworkPolicy"]["spec"]["egress"] == [{}]


def test_the_pod_may_do_no_more_than_it_needs(make_project):
    found = manifests(make_project(config=PLAIN))
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]

    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    assert {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe")} == {"/readyz"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    written = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert all(
        one["value"].startswith(tuple(written)) for one in container["env"] if one["name"] != "BENTOML_DO_NOT_TRACK"
    )
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
        spec = found[kind]["spec"]
        chosen = spec.get("podSelector") or spec["selector"]
        assert chosen.get("matchLabels", chosen) == labels
    assert found["NetworkPolicy"]["spec"]["egress"] == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("registry.example.com/churn:1", '"???"', "image"),
        ("registry.example.com/churn:1", "'x; rm -rf /'", "image"),
        ("registry.example.com/churn:1", "a/b:1, cpu: lots", "cpu"),
        ("registry.example.com/churn:1", "a/b:1, memory: 12", "memory"),
        ("registry.example.com/churn:1", "a/b:1, min_replicas: 20", "greater than max_replicas"),
        ("registry.example.com/churn:1", "a/b:1, replicas: 2", "replicas"),
        ("[http, kubernetes]", "[batch, kubernetes]", "override serving: [http, kubernetes]"),
    ],
)
def test_a_mistake_is_told_in_words(make_project, before, after, said):
    with pytest.raises(Mistake) as told:
        load(make_project(config=PLAIN.replace(before, after)))

    assert said in "\n".join(map(str, told.value.problems))


@pytest.mark.parametrize(
    ("log", "more", "volume", "folder"),
    [
        ("{keep_bytes: 1073741824}", "", {"emptyDir": {"sizeLimit": "1280Mi"}}, "/home/bentoml/bento/src/log"),
        ("{folder: /kept}", ", log_claim: rows", {"persistentVolumeClaim": {"claimName": "rows"}}, "/kept"),
        ("null", "", None, None),
    ],
    ids=["with the pod", "claimed", "none"],
)
def test_the_request_log_has_a_volume_that_can_be_written(make_project, log, more, volume, folder):
    config = CHOSEN + f"serving: {{http: {{log: {log}}}, kubernetes: {{image: registry.example.com/churn:1{more}}}}}\n"
    found = manifests(make_project(config=config))
    kubernetes_validate.validate(found["Deployment"], "1.29", strict=True)
    pod = found["Deployment"]["spec"]["template"]["spec"]
    named = {it["name"]: it for it in pod["volumes"]}
    mounted = {it["name"]: it["mountPath"] for it in pod["containers"][0]["volumeMounts"]}
    assert named.get("log") == (None if volume is None else {"name": "log", **volume})
    assert mounted.get("log") == folder

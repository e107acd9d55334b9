"""The manifests fit Kubernetes' schemas, and agree with the settings and each other.

A ScaledObject and a Kustomization are of others, whose schemas no package has: of those
the fields that matter are looked at.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from shared.settings.settings import Settings
from tests.deploy.test_monitoring import known

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
FOUND: dict[str, dict[str, Any]] = {
    f"{found['kind']} {found.get('metadata', {}).get('name', '')}".strip(): found
    for file in sorted(FOLDER.glob("*.yaml"))
    for found in yaml.safe_load_all(file.read_text("utf-8"))
}
OTHERS = {"Kustomization", "ScaledObject llmbench-worker"}
PODS = ["Deployment llmbench-api", "Deployment llmbench-worker", "StatefulSet redis"]
OURS = PODS[:2]


def container(name: str) -> dict[str, Any]:
    (one,) = FOUND[name]["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = one
    return found


@pytest.mark.parametrize("name", sorted(FOUND.keys() - OTHERS))
@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_a_manifest_fits_the_schema_of_its_kind(name: str, version: str) -> None:
    kubernetes_validate.validate(FOUND[name], version, strict=True)


def test_kustomize_applies_every_file() -> None:
    listed = FOUND["Kustomization"]["resources"]
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert sorted(listed) == sorted(files)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_no_more_than_it_must(name: str) -> None:
    pod, one = FOUND[name]["spec"]["template"]["spec"], container(name)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert one["resources"]["limits"]["memory"]
    assert one["readinessProbe"]


@pytest.mark.parametrize("name", PODS)
def test_what_selects_a_pod_is_what_it_is_called(name: str) -> None:
    spec = FOUND[name]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels
    mounted = {volume["name"] for volume in container(name)["volumeMounts"]}
    claims = [
        claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", ())
    ]
    volumes = [volume["name"] for volume in spec["template"]["spec"].get("volumes", ())]
    assert mounted == {*claims, *volumes}


@pytest.mark.parametrize("name", OURS)
def test_it_runs_a_module_of_ours_with_settings_that_there_are(name: str) -> None:
    python, dash_m, module = container(name)["command"]
    assert (python, dash_m) == ("python", "-m")
    assert find_spec(f"{module}.__main__")
    known_settings = {field.upper() for field in Settings.model_fields}
    (made,) = FOUND["Kustomization"]["configMapGenerator"]
    given = [literal.partition("=")[0] for literal in made["literals"]]
    given += [each["name"] for each in container(name).get("env", ())]
    assert set(given) <= known_settings


def test_the_store_keeps_what_it_was_told() -> None:
    args = container("StatefulSet redis")["args"][1:]
    options = dict(zip(args[::2], args[1::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"


def test_a_worker_has_its_cores_whole_and_the_time_to_drain() -> None:
    resources = container("Deployment llmbench-worker")["resources"]
    assert resources["requests"] == resources["limits"], "of the class Guaranteed"
    assert resources["limits"]["cpu"].isdecimal()
    pod = FOUND["Deployment llmbench-worker"]["spec"]["template"]["spec"]
    grace_s = pod["terminationGracePeriodSeconds"]
    assert grace_s > Settings.model_fields["drain_s"].default


def test_workers_are_scaled_by_what_waits_and_never_to_none() -> None:
    scaled = FOUND["ScaledObject llmbench-worker"]
    assert scaled["apiVersion"] == "keda.sh/v1alpha1"
    spec = scaled["spec"]
    assert f"Deployment {spec['scaleTargetRef']['name']}" in FOUND
    assert 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]
    assert "replicas" not in FOUND["Deployment llmbench-worker"]["spec"]
    (trigger,) = spec["triggers"]
    assert trigger["type"] == "prometheus"
    assert trigger["metadata"].keys() == {"serverAddress", "query", "threshold"}
    assert "llmbench_runs{" in trigger["metadata"]["query"]
    assert "llmbench_runs" in known()

"""The Helm chart, by Helm's own library: linted, rendered in several ways, and each object held against Kubernetes' schemas."""

import pathlib
import sys

import helm_python.chart as helm
import kubernetes_validate
import yaml

CHART = pathlib.Path(__file__).parent.parent / "helm"
DATABASE = {"host": "db.example.com"}
WAYS = {
    "smallest": {"database": DATABASE},
    "everything": {
        "database": {**DATABASE, "sslmode": "require", "secretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:x"},
        "publicUrl": "https://ccag.example.com",
        "trustedProxies": ["10.0.0.0/8", "fd00::/8"],
        "ingress": {"enabled": True, "host": "ccag.example.com", "className": "nginx", "tlsSecretName": "tls"},
        "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}},
        "env": {"OIDC_ISSUER": "https://issuer.example.com", "WORKERS": 4},
        "image": {"digest": "sha256:" + "0" * 64},
    },
    "iam, no autoscaling": {"database": {**DATABASE, "rdsIamAuth": True}, "autoscaling": {"enabled": False}, "existingSecret": "mine"},
}
# The severity of Helm's remarks; above are warnings and errors.
INFO = 1
KUBERNETES = ("1.29", "1.33")


def objects(values: dict) -> dict[str, dict]:
    """What the chart makes of these values, by kind."""
    rendered = helm.Chart.load(CHART).render(values)
    documents = [document for path, text in rendered.items() if path.endswith(".yaml") for document in yaml.safe_load_all(text) if document]
    return {document["kind"]: document for document in documents}


def container(made: dict[str, dict]) -> dict:
    return made["Deployment"]["spec"]["template"]["spec"]["containers"][0]


def variables(made: dict[str, dict]) -> list[str]:
    return [variable["name"] for variable in container(made)["env"]]


def refused(values: dict, words: str) -> None:
    try:
        objects(values)
    except Exception as error:  # noqa: BLE001 - whatever the library raises
        assert words in str(error), error
        return
    raise AssertionError(f"{values} is taken")


def main() -> None:
    for name, values in WAYS.items():
        report = helm.lint(CHART, values, strict=True)
        assert not [message for message in report["messages"] if message["severity"] > INFO], (name, report)
        for made in objects(values).values():
            for version in KUBERNETES:
                kubernetes_validate.validate(made, version, strict=True)
        print(f"  {name}: {', '.join(objects(values))}")

    smallest = objects(WAYS["smallest"])
    assert set(smallest) == {"Secret", "ServiceAccount", "Service", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget"}
    pod = smallest["Deployment"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 135
    assert container(smallest)["securityContext"]["readOnlyRootFilesystem"] is True
    assert [container(smallest)[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")] == ["/health", "/ready"]
    assert "replicas" not in smallest["Deployment"]["spec"]

    everything = objects(WAYS["everything"])
    assert everything["Ingress"]["spec"]["rules"][0]["host"] == "ccag.example.com"
    assert container(everything)["image"].endswith("@sha256:" + "0" * 64)
    assert {"DB_SECRET_ARN", "OIDC_ISSUER", "WORKERS", "TRUSTED_PROXIES"} <= set(variables(everything))

    iam = objects(WAYS["iam, no autoscaling"])
    assert "Secret" not in iam and "HorizontalPodAutoscaler" not in iam
    assert "RDS_IAM_AUTH" in variables(iam) and "DB_PASSWORD" not in variables(iam)
    assert iam["Deployment"]["spec"]["replicas"] == 2

    names = [metric["type"] for metric in smallest["HorizontalPodAutoscaler"]["spec"]["metrics"]]
    assert names == ["Resource"], names
    metrics = objects({**WAYS["smallest"], "autoscaling": {"customMetrics": "always"}})["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert metrics[1]["pods"]["metric"]["name"] == "ccag_live_streams", metrics

    refused({}, "database.host is missing")
    refused({"database": {**DATABASE, "sslmode": "maybe"}}, "sslmode")
    refused({"database": {**DATABASE, "rdsIamAuth": True, "secretArn": "arn:x"}}, "set one of them")
    refused({"database": DATABASE, "ingress": {"enabled": True}}, "ingress.host is missing")


if __name__ == "__main__":
    sys.exit(main())

"""What a schema cannot know of the rendered manifests: that their parts fit together.

    python3 -m unittest discover -s deploy/tests -p 'manifests.py'     (scripts/check_deploy.sh does it)

Needs helm on the PATH and PyYAML.
"""

import json
import math
import re
import subprocess
import unittest
from pathlib import Path

import yaml

DEPLOY = Path(__file__).resolve().parent.parent
CHART = DEPLOY / "helm/polaris"

# Sets of values that together reach every branch of the templates.
CASES = {
    "defaults": [],
    "one replica": ["replicas=1"],
    "gpu": ["gpu.enabled=true", "resources.limits.cpu=8", "tolerations[0].key=gpu", "tolerations[0].operator=Exists"],
    "image": ["registry.source=image", "registry.image.reference=ghcr.io/polaris/registry:1"],
    "object storage": [
        "registry.source=objectStorage",
        "registry.objectStorage.url=s3://models/polaris",
        "registry.objectStorage.credentialsSecret=polaris-storage",
        "registry.objectStorage.env.AWS_REGION=eu-central-1",
    ],
    "tls": ["tls.secretName=polaris-tls", "tls.clientCaSecretName=polaris-clients", "registry.pvc.subPath=registry"],
    "all options": [
        "autoscaling.enabled=true",
        "serviceMonitor.enabled=true",
        "serviceMonitor.labels.release=prometheus",
        "serviceMonitor.tokenSecretName=polaris-token",
        "prometheusRule.enabled=true",
        "dashboard.enabled=true",
        "settings.engine.cache_bytes=1073741824",
        "settings.engine.precision=fast",
        "settings.registry.models={QKI.K562,QKI.HepG2}",
        "podLabels.team=genomics",
        "podAnnotations.note=x",
        "nodeSelector.pool=cpu",
        "priorityClassName=high",
        "imagePullSecrets[0].name=pull",
        "image.digest=sha256:" + "0" * 64,
        "networkPolicy.egress[0].ports[0].port=4317",
        "extraEnv[0].name=RUST_BACKTRACE",
        "extraEnv[0].value=x",
    ],
    "no policy": ["networkPolicy.enabled=false", "strategy.type=Recreate"],
}

# What the schema or a template refuses, with a word of the message.
REFUSED = {
    "replicas=0": "replicas",
    "replicas=two": "replicas",
    "unknown=1": "unknown",
    "image.digest=sha256:abc": "digest",
    "registry.source=ftp": "source",
    "registry.pvc.claimName=": "registry.pvc.claimName",
    "registry.pvc.claimName=Not_A_Name": "claimName",
    "registry.source=image": "registry.image.reference",
    "registry.objectStorage.url=https://models": "url",
    "settings.server.listen=0.0.0.0:1": "settings",
    "settings.Engine.threads=1": "Engine",
    "gpu.enabled=yes-please": "enabled",
    "gpu.resource=gpu": "resource",
    "gpu.count=0.5": "count",
    "resources.limits.memory=lots": "memory",
    "resources.limits.nvidia\\.com/gpu=1": "nvidia.com/gpu",
    "startup.limitSeconds=0": "limitSeconds",
    "stopping.drainSeconds=-1": "drainSeconds",
    "podDisruptionBudget.maxUnavailable=0": "maxUnavailable",
    "podDisruptionBudget.maxUnavailable=0%": "maxUnavailable",
    "strategy.type=Sometimes": "type",
    "autoscaling.enabled=true,autoscaling.minReplicas=5,autoscaling.maxReplicas=2": "maxReplicas",
    "tls.clientCaSecretName=clients": "tls.secretName",
    "serviceMonitor.interval=often": "interval",
    "strategy.rollingUpdate.maxSurge=0": "both 0",
    "gpu.enabled=true,strategy.rollingUpdate.maxUnavailable=0%": "both 0",
    "strategy.type=Recreate,strategy.rollingUpdate.maxSurge=1": "strategy",
}


def helm(settings: list, version: str = "1.35.0") -> subprocess.CompletedProcess:
    command = ["helm", "template", "check", str(CHART), "--namespace", "polaris", "--kube-version", version]
    for setting in settings:
        command += ["--set", setting]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def render(settings: list) -> list:
    done = helm(settings)
    if done.returncode != 0:
        raise AssertionError(f"{settings}: {done.stderr}")
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def kind(documents: list, name: str) -> list:
    return [document for document in documents if document["kind"] == name]


def pods(documents: list) -> list:
    """Pod templates, with what they are of."""
    return [(document, document["spec"]["template"]) for document in documents if document["kind"] in ("Deployment", "Job")]


def selects(selector: dict, labels: dict) -> bool:
    return bool(selector) and selector.items() <= labels.items()


def each(with_jobs: bool):
    """Runs a test for each set of values, and for the jobs, as a test of its own."""

    def for_all(test):
        def run(self):
            for name, documents in {**self.rendered, **(self.jobs if with_jobs else {})}.items():
                with self.subTest(name):
                    test(self, documents)

        return run

    return for_all


class Fits(unittest.TestCase):
    """Each rule for each set of values, and for the jobs."""

    @classmethod
    def setUpClass(cls):
        cls.rendered = {name: render(settings) for name, settings in CASES.items()}
        cls.jobs = {
            path.name: [document for document in yaml.safe_load_all(path.read_text()) if document]
            for path in sorted((DEPLOY / "jobs").glob("*.yaml"))
        }

    @each(with_jobs=False)
    def test_selectors_match_the_pods(self, documents):
        (deployment,) = kind(documents, "Deployment")
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        selectors = [deployment["spec"]["selector"]["matchLabels"]]
        selectors += [service["spec"]["selector"] for service in kind(documents, "Service")]
        selectors += [budget["spec"]["selector"]["matchLabels"] for budget in kind(documents, "PodDisruptionBudget")]
        selectors += [policy["spec"]["podSelector"]["matchLabels"] for policy in kind(documents, "NetworkPolicy")]
        spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        selectors += [constraint["labelSelector"]["matchLabels"] for constraint in spread]
        for selector in selectors:
            self.assertTrue(selects(selector, labels), selector)
        for monitor in kind(documents, "ServiceMonitor"):
            (service,) = kind(documents, "Service")
            self.assertTrue(selects(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"]))
            names = [port["name"] for port in service["spec"]["ports"]]
            self.assertLessEqual({endpoint["port"] for endpoint in monitor["spec"]["endpoints"]}, set(names))

    @each(with_jobs=True)
    def test_mounts_have_volumes_and_volumes_are_mounted(self, documents):
        for _, template in pods(documents):
            spec = template["spec"]
            volumes = {volume["name"] for volume in spec.get("volumes", [])}
            containers = spec["containers"] + spec.get("initContainers", [])
            mounts = [mount for container in containers for mount in container.get("volumeMounts", [])]
            self.assertEqual({mount["name"] for mount in mounts}, volumes)
            for container in containers:
                paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
                self.assertEqual(len(paths), len(set(paths)), paths)

    @each(with_jobs=False)
    def test_secrets_and_claims_are_those_of_the_values(self, documents):
        named = {"polaris-storage", "polaris-tls", "polaris-clients", "polaris-registry", "pull"}
        made = {document["metadata"]["name"] for document in documents if document["kind"] in ("Secret", "ConfigMap")}
        text = json.dumps([template["spec"] for _, template in pods(documents)])
        for asked in re.findall(r'"(?:secretName|claimName)": "([^"]+)"|"(?:secretRef|configMapRef)": {"name": "([^"]+)"', text):
            self.assertIn(asked[0] or asked[1], named | made)
        (deployment,) = kind(documents, "Deployment")
        accounts = [account["metadata"]["name"] for account in kind(documents, "ServiceAccount")]
        self.assertIn(deployment["spec"]["template"]["spec"]["serviceAccountName"], accounts)

    def test_claims_of_jobs_are_one_shared_by_all(self):
        claims = [claim for documents in self.jobs.values() for claim in kind(documents, "PersistentVolumeClaim")]
        for claim in claims:
            self.assertEqual(claim["spec"]["accessModes"], ["ReadWriteMany"])
        made = {claim["metadata"]["name"] for claim in claims}
        for documents in self.jobs.values():
            for _, template in pods(documents):
                for volume in template["spec"].get("volumes", []):
                    if "persistentVolumeClaim" in volume:
                        self.assertIn(volume["persistentVolumeClaim"]["claimName"], made)

    @each(with_jobs=False)
    def test_services_probes_and_policies_name_ports_that_are_there(self, documents):
        (deployment,) = kind(documents, "Deployment")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        (service,) = kind(documents, "Service")
        self.assertEqual(service["spec"]["clusterIP"], "None")
        for port in service["spec"]["ports"]:
            # A headless service translates nothing: clients reach the container's port itself.
            self.assertEqual(ports[port["targetPort"]], port["port"])
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            how = container[probe]
            if "grpc" in how:
                self.assertEqual(how["grpc"]["port"], ports["grpc"])
            else:
                self.assertEqual(how["exec"]["command"][:2], ["/usr/local/bin/polaris-server", "health"])
                self.assertIn(f"https://127.0.0.1:{ports['grpc']}", how["exec"]["command"])
                # Files that a probe names lie in volumes that are mounted.
                mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
                for argument in how["exec"]["command"][1:]:
                    if argument.startswith("/"):
                        self.assertTrue(any(argument.startswith(f"{mount}/") for mount in mounts), argument)
        for policy in kind(documents, "NetworkPolicy"):
            for rule in policy["spec"]["ingress"]:
                self.assertTrue(rule["from"], "a rule without peers lets everyone in")
                for port in rule["ports"]:
                    self.assertIn(port["port"], ports)
        environment = {variable["name"]: variable.get("value") for variable in container["env"]}
        self.assertEqual(environment["POLARIS__SERVER__LISTEN"], f"0.0.0.0:{ports['grpc']}")
        self.assertEqual(environment["POLARIS__ADMIN__LISTEN"], f"0.0.0.0:{ports['metrics']}")

    @each(with_jobs=False)
    def test_time_to_start_and_to_stop_is_enough(self, documents):
        (deployment,) = kind(documents, "Deployment")
        spec = deployment["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        probe = container["startupProbe"]
        limit = probe["periodSeconds"] * probe["failureThreshold"]
        self.assertGreaterEqual(limit, 300)
        self.assertGreater(deployment["spec"]["progressDeadlineSeconds"], limit)
        environment = {variable["name"]: variable.get("value") for variable in container["env"]}
        drain = int(environment["POLARIS__SERVER__DRAIN_LIMIT_MS"]) / 1000
        stop = container["lifecycle"]["preStop"]["sleep"]["seconds"] + drain
        self.assertGreater(spec["terminationGracePeriodSeconds"], stop)

    @each(with_jobs=True)
    def test_gpus_are_whole_and_limits_equal_requests(self, documents):
        for _, template in pods(documents):
            for container in template["spec"]["containers"]:
                requests, limits = (container["resources"].get(key, {}) for key in ("requests", "limits"))
                for resource in {*requests, *limits}:
                    if "/" in resource:
                        self.assertIsInstance(limits[resource], int)
                        self.assertEqual(limits[resource], requests[resource])
                # Memory that is promised twice ends a pod in the middle of its work.
                self.assertEqual(limits["memory"], requests["memory"])

    def test_an_update_on_gpus_needs_no_spare_one(self):
        (deployment,) = kind(self.rendered["gpu"], "Deployment")
        self.assertEqual(deployment["spec"]["strategy"]["rollingUpdate"], {"maxSurge": 0, "maxUnavailable": 1})
        tolerations = deployment["spec"]["template"]["spec"]["tolerations"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["resources"]["limits"]["nvidia.com/gpu"], 1)
        self.assertEqual([toleration["key"] for toleration in tolerations], ["nvidia.com/gpu", "gpu"])
        (deployment,) = kind(self.rendered["defaults"], "Deployment")
        self.assertEqual(deployment["spec"]["strategy"]["rollingUpdate"], {"maxSurge": 1, "maxUnavailable": 0})

    def test_a_strategy_is_laid_over_the_defaults(self):
        for settings, expected in {
            "strategy.type=RollingUpdate": (0, 1),
            "strategy.rollingUpdate.maxUnavailable=2": (0, 2),
            "strategy.rollingUpdate.maxSurge=25%": ("25%", 1),
        }.items():
            (deployment,) = kind(render(["gpu.enabled=true", settings]), "Deployment")
            rolling = deployment["spec"]["strategy"]["rollingUpdate"]
            self.assertEqual((rolling["maxSurge"], rolling["maxUnavailable"]), expected)

    def test_prometheus_reads_over_tls_where_the_listener_speaks_it(self):
        settings = ["serviceMonitor.enabled=true", "tls.secretName=polaris-tls", "settings.admin.tls=true"]
        ((endpoint,),) = (monitor["spec"]["endpoints"] for monitor in kind(render(settings), "ServiceMonitor"))
        self.assertEqual(endpoint["scheme"], "https")
        self.assertEqual(endpoint["tlsConfig"]["serverName"], "check-polaris.polaris.svc")
        self.assertEqual(endpoint["tlsConfig"]["ca"], {"secret": {"name": "polaris-tls", "key": "ca.crt"}})

    @each(with_jobs=False)
    def test_a_budget_leaves_pods_that_may_go_and_pods_that_stay(self, documents):
        (deployment,) = kind(documents, "Deployment")
        (budget,) = kind(documents, "PodDisruptionBudget")
        scalers = kind(documents, "HorizontalPodAutoscaler")
        replicas = scalers[0]["spec"]["minReplicas"] if scalers else deployment["spec"]["replicas"]
        self.assertNotIn("minAvailable", budget["spec"])
        unavailable = budget["spec"]["maxUnavailable"]
        if isinstance(unavailable, str):
            unavailable = math.ceil(replicas * int(unavailable.rstrip("%")) / 100)
        self.assertGreaterEqual(unavailable, 1)
        self.assertTrue(replicas == 1 or unavailable < replicas)

    def test_a_scaler_owns_the_number_of_replicas(self):
        documents = self.rendered["all options"]
        (deployment,), (scaler,) = kind(documents, "Deployment"), kind(documents, "HorizontalPodAutoscaler")
        self.assertNotIn("replicas", deployment["spec"])
        target = scaler["spec"]["scaleTargetRef"]
        self.assertEqual((target["kind"], target["name"]), ("Deployment", deployment["metadata"]["name"]))

    @each(with_jobs=True)
    def test_nothing_runs_with_more_rights_than_it_needs(self, documents):
        for owner, template in pods(documents):
            spec = template["spec"]
            self.assertIs(spec["automountServiceAccountToken"], False)
            self.assertIs(spec["enableServiceLinks"], False)
            for container in spec["containers"] + spec.get("initContainers", []):
                security = container["securityContext"]
                self.assertIs(security["readOnlyRootFilesystem"], True)
                self.assertIs(security["allowPrivilegeEscalation"], False)
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                self.assertGreater(security["runAsUser"], 10000)
            self.assertEqual(owner["metadata"].get("namespace", "polaris"), "polaris")

    def test_settings_are_environment_that_the_server_can_read(self):
        (deployment,) = kind(self.rendered["all options"], "Deployment")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        environment = {variable["name"]: variable["value"] for variable in container["env"]}
        self.assertEqual(environment["POLARIS__ENGINE__CACHE_BYTES"], "1073741824")
        self.assertEqual(environment["POLARIS__REGISTRY__MODELS"], "QKI.K562,QKI.HepG2")
        self.assertEqual(len(environment), len(container["env"]), "a name twice")

    def test_the_init_container_writes_what_the_server_reads(self):
        (deployment,) = kind(self.rendered["object storage"], "Deployment")
        spec = deployment["spec"]["template"]["spec"]
        (puller,), (server,) = spec["initContainers"], spec["containers"]
        self.assertEqual(puller["args"], ["pull", "s3://models/polaris", "/registry"])
        self.assertEqual(puller["volumeMounts"], [{"name": "registry", "mountPath": "/registry"}])
        self.assertIn({"name": "registry", "mountPath": "/registry", "readOnly": True}, server["volumeMounts"])
        self.assertEqual(puller["envFrom"], [{"secretRef": {"name": "polaris-storage"}}])

    def test_rules_and_dashboard_are_those_of_the_monitoring_folder(self):
        documents = self.rendered["all options"]
        (rule,) = kind(documents, "PrometheusRule")
        text = (DEPLOY / "monitoring/alerts.yaml").read_text()
        own = 'job="polaris",namespace="polaris",app_kubernetes_io_instance="check"'
        self.assertEqual(rule["spec"], yaml.safe_load(text.replace('job="polaris"', own)))
        # Each rule is of one release, whose label the monitor gives.
        for each_rule in rule["spec"]["groups"][0]["rules"]:
            selectors = re.findall(r"\b(?:up|(?:polaris|process)_[a-z_]+)\b(\{[^}]*\})?", each_rule["expr"])
            self.assertTrue(selectors and all(own in selector for selector in selectors), each_rule["expr"])
        (monitor,) = kind(documents, "ServiceMonitor")
        self.assertEqual(monitor["spec"]["targetLabels"], ["app.kubernetes.io/instance"])
        (configuration,) = kind(documents, "ConfigMap")
        dashboard = json.loads((DEPLOY / "monitoring/dashboard.json").read_text())
        self.assertEqual(json.loads(configuration["data"]["polaris.json"]), dashboard)

    def test_indexed_jobs_can_be_tried_again(self):
        indexed = 0
        for documents in self.jobs.values():
            for job in kind(documents, "Job"):
                spec = job["spec"]
                self.assertEqual(spec["template"]["spec"]["restartPolicy"], "Never")
                if spec.get("completionMode") != "Indexed":
                    continue
                indexed += 1
                self.assertIn("backoffLimitPerIndex", spec)
                # Never two pods of one index at once.
                self.assertEqual(spec["podReplacementPolicy"], "Failed")
                self.assertLessEqual(spec["parallelism"], spec["completions"])
                (container,) = spec["template"]["spec"]["containers"]
                shard = container["args"][container["args"].index("--shard") + 1]
                self.assertEqual(shard, f"job/{spec['completions']}")
        self.assertGreaterEqual(indexed, 2)


class Refused(unittest.TestCase):
    """Values that cannot work are refused before anything is installed."""

    def test_images_are_mounted_where_kubernetes_can(self):
        image = CASES["image"]
        refused = helm(image, "1.34.2")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("ImageVolume", refused.stderr)
        for settings, version in ((image, "1.35.0"), ([*image, "registry.image.featureGate=true"], "1.34.2")):
            self.assertEqual(helm(settings, version).returncode, 0, version)

    def test_values_that_break_the_schema(self):
        for settings, word in REFUSED.items():
            with self.subTest(settings):
                done = helm(settings.split(","))
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()

"""What dashboard and rules ask for must be what the server exports, in expressions that Prometheus can read.

The server's metrics are metrics.txt beside this file, or a file or address in POLARIS_METRICS, such as
http://127.0.0.1:9464/metrics. Needs promtool on the PATH and PyYAML.
"""

import json
import os
import re
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

import yaml

DEPLOY = Path(__file__).resolve().parent.parent
MONITORING = DEPLOY / "monitoring"
# Labels that Prometheus gives every series when it reads it.
OF_PROMETHEUS = {"job", "instance", "namespace", "pod", "le", "app_kubernetes_io_instance"}
# Only where a device tells it.
AT_TIMES = {"polaris_device_memory_bytes": ("gauge", set())}


def exported() -> dict:
    """Labels of each metric family: {name: (type, labels)}."""
    place = os.environ.get("POLARIS_METRICS") or str(Path(__file__).with_name("metrics.txt"))
    if place.startswith("http"):
        with urllib.request.urlopen(place, timeout=10) as reply:
            text = reply.read().decode()
    else:
        text = Path(place).read_text()
    families = {name: (kind, set()) for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)}
    for name, labels in re.findall(r"^([a-z_]+)(?:\{([^}]*)\})? ", text, re.M):
        family = name if name in families else re.sub("_(bucket|sum|count)$", "", name)
        families[family][1].update(re.findall(r'(\w+)="', labels))
    return {**AT_TIMES, **families}


def dashboard() -> dict:
    return json.loads((MONITORING / "dashboard.json").read_text())


def expressions() -> list:
    """(where, expression) of the dashboard, the rules, and the rule of the adapter."""
    found = []
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            found.append((f"dashboard: {panel['title']}", target["expr"]))
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            asked = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
            found.append((f"dashboard: ${variable['name']}", f"count by ({asked[2]}) ({asked[1]})"))
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]:
        found += [(f"alert {rule['alert']}", rule["expr"]) for rule in group["rules"]]
    for rule in yaml.safe_load((MONITORING / "prometheus-adapter.yaml").read_text())["rules"]["custom"]:
        found.append(("adapter", rule["seriesQuery"]))
        found.append(("adapter", rule["metricsQuery"].replace("<<.LabelMatchers>>", 'pod="a"')))
    plain = {"$__rate_interval": "5m", "$instance": ".*", "$job": "polaris"}
    for variable, value in plain.items():
        found = [(where, expression.replace(variable, value)) for where, expression in found]
    return found


class Monitoring(unittest.TestCase):
    def test_prometheus_reads_every_expression(self):
        rules = [{"record": f"check:{number}", "expr": text} for number, (_, text) in enumerate(expressions())]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"groups": [{"name": "check", "rules": rules}]}, file)
            file.flush()
            done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_metric_and_label_is_exported(self):
        families = exported()
        seen = set()
        for where, expression in expressions():
            self.assertNotIn("$", expression, where)
            for name, matchers in re.findall(r"\b((?:polaris|process)_[a-z_]+)(?:\{([^}]*)\})?", expression):
                family = re.sub("_(bucket|sum|count)$", "", name) if name not in families else name
                self.assertIn(family, families, where)
                kind, labels = families[family]
                self.assertEqual(family != name, kind == "histogram", f"{where}: {name} is of a {kind}")
                asked = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', matchers)) - OF_PROMETHEUS
                asked |= {
                    label.strip()
                    for group in re.findall(r"\bby \(([^)]*)\)", expression)
                    for label in group.split(",")
                    if len(set(re.findall(r"\b(?:polaris|process)_[a-z_]+", expression))) == 1
                } - OF_PROMETHEUS
                self.assertLessEqual(asked, labels, f"{where}: {name}")
                seen.add(family)
        missing = {name for name in families if name.startswith("polaris_")} - seen
        self.assertEqual(missing, set(), "exported, and nobody looks")

    def test_every_alert_has_a_test_in_which_it_fires(self):
        rules = yaml.safe_load((MONITORING / "alerts.yaml").read_text())
        alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
        tests = yaml.safe_load((MONITORING / "alerts.test.yaml").read_text())["tests"]
        cases = [case for test in tests for case in test["alert_rule_test"]]
        self.assertEqual({case["alertname"] for case in cases if case["exp_alerts"]}, alerts)
        self.assertEqual({case["alertname"] for case in cases if not case["exp_alerts"]} & alerts, alerts)

    def test_panels_lie_side_by_side(self):
        taken = set()
        numbers = [panel["id"] for panel in dashboard()["panels"]]
        self.assertEqual(len(numbers), len(set(numbers)))
        for panel in dashboard()["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells

    def test_the_collector_uses_what_it_defines(self):
        configuration = yaml.safe_load((MONITORING / "otel-collector.yaml").read_text())
        for pipeline in configuration["service"]["pipelines"].values():
            for part in ("receivers", "processors", "exporters"):
                self.assertLessEqual(set(pipeline[part]), set(configuration[part]))


if __name__ == "__main__":
    unittest.main()

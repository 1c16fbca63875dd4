#!/usr/bin/env bash
# Tests everything that deploys the gateway: provides what that needs, on a fresh machine too, then checks the CDK app and its
# templates, the helper script, the image's recipe, the chart, Compose and the workflows.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf -- '-- %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

install_package() {
  if ! have apt-get || [ "$(id -u)" != 0 ]; then
    echo "Missing: $1. Install it with the system's package manager (Debian: apt-get install $1)." >&2
    exit 1
  fi
  apt-get -o DPkg::Lock::Timeout=600 update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "$1"
}

say 'What the tests need'
have node || install_package nodejs
have npm || install_package npm
# CDK wants a Node.js that older systems do not have: then from npm, for this folder alone.
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
  [ -x .node/node_modules/node/bin/node ] || npm install --prefix .node --no-audit --no-fund --silent node@22
  PATH=$PWD/.node/node_modules/node/bin:$PATH
fi
have python3 || install_package python3
have shellcheck || install_package shellcheck
python3 -c 'import ensurepip' 2>/dev/null || install_package python3-venv
# The lock file's hash says whether node_modules is what it asks for.
stamp=node_modules/.lock-$(sha256sum package-lock.json | cut -c1-16)
[ -e "$stamp" ] || { npm ci --no-audit --no-fund --silent && touch "$stamp"; }
stamp=.venv/.requirements-$(sha256sum test/requirements.txt | cut -c1-16)
if [ ! -e "$stamp" ]; then
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --requirement test/requirements.txt
  touch "$stamp"
fi

say 'CDK: types, assertions, cdk-nag, snapshot; the helper script; Compose, image and workflows'
node --import tsx --test --test-reporter=spec test/*.test.ts

say 'cfn-lint on the templates of every variant'
.venv/bin/cfn-lint cdk.out/variants/*/*.template.json

say 'shellcheck'
shellcheck bastion.sh test.sh

say 'hadolint'
.venv/bin/hadolint ../Dockerfile

say 'Helm: lint, render, schemas of Kubernetes'
.venv/bin/python test/helm.py

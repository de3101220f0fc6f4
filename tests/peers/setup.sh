#!/bin/sh
# Installs the third-party receivers, devices and judges that the tests speak to: Debian packages, Python packages in a
# virtual environment and npm packages, both under target/peers. A package that has vanished from its registry is a loud failure.
set -eu
cd "$(dirname "$0")/../.."
as_root=""
[ "$(id -u)" -eq 0 ] || as_root=sudo
# With `setup.sh long` also the large ones that only the long sets need.
packages="tshark liblo-tools ola jackd2 libjack-jackd2-dev iproute2 util-linux python3-venv curl"
[ "${1:-}" = long ] && packages="$packages obs-studio xvfb qlcplus qlcplus-data"
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
if [ -n "$missing" ]; then
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing
fi
venv=target/peers/venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    python-osc==1.10.2 stupidArtnet==1.6.0 behringer-mixer==0.4.13 python-rtmidi==1.5.8 jsonschema==4.23.0 \
    PyATEMMax==1.0b9 aiopjlink==1.0.5 pypjlink2==1.2.2 obsws-python==1.8.0 pymidi==0.5.0 sacn==1.11.0
command -v npm >/dev/null || {
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends nodejs npm
}
node=target/peers/node
mkdir -p "$node"
[ -f "$node/package.json" ] || echo '{ "name": "peers", "private": true }' >"$node/package.json"
npm install --prefix "$node" --silent --no-audit --no-fund --ignore-scripts --save-exact \
    atem-connection@3.10.2 hyperdeck-connection@2.0.1 hyperdeck-server-connection@0.2.0 obs-websocket-js@5.0.8 \
    casparcg-connection@6.3.3 node-vmix@1.7.1 rtpmidi@1.0.0 sacn@4.6.2 dmxnet@0.9.0
echo "peers are ready in $venv and $node"

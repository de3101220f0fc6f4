#!/bin/sh
# Installs the third-party receivers, devices and judges that the tests speak to: Debian packages, and Python packages in
# a virtual environment under target/peers. A package that has vanished from its registry is a loud failure.
set -eu
cd "$(dirname "$0")/../.."
as_root=""
[ "$(id -u)" -eq 0 ] || as_root=sudo
packages="tshark liblo-tools ola jackd2 libjack-jackd2-dev iproute2 util-linux python3-venv curl"
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
    python-osc==1.10.2 stupidArtnet==1.6.0 behringer-mixer==0.4.13 python-rtmidi==1.5.8 jsonschema==4.23.0
echo "peers are ready in $venv"

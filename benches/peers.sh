#!/bin/sh
# Our light figures beside those of QLC+ and olad, in one run on this machine: benches/peers.sh [SHOWCALL]
# Without the path of a program it takes the release build, made when it is not there or not of these sources. It all happens in
# namespaces of its own: no port of this machine is taken, and nothing is left running, however it ends.
set -eu
cd "$(dirname "$0")/.."
for program in qlcplus olad ola_patch unshare nsenter setpriv ip python3; do
    command -v "$program" >/dev/null || {
        echo "$program is not installed: run \"sh tests/peers/setup.sh long\"" >&2
        exit 2
    }
done
showcall=${1:-target/release/showcall}
[ $# -gt 0 ] || cargo build --release --quiet
user=""
[ "$(id -u)" -eq 0 ] || user="--user --map-current-user --keep-caps"
export PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2086
exec unshare $user --net --pid --mount-proc --fork --kill-child python3 benches/peers.py "$showcall"

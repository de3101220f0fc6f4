# Shared by demo and test: makes sure that what the build needs is here.
# On Debian and its kin missing packages are installed (with sudo when not root); elsewhere they are named.

need_system_packages() {
    command -v cargo >/dev/null 2>&1 || {
        echo "showcall needs Rust 1.89 or later: https://rustup.rs" >&2
        exit 1
    }
    missing=""
    command -v cc >/dev/null 2>&1 || missing="$missing build-essential"
    command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
    if ! command -v pkg-config >/dev/null 2>&1 || ! pkg-config --exists alsa; then
        missing="$missing libasound2-dev"
    fi
    [ -z "$missing" ] && return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing:$missing (Debian's names). Install what your system calls them, then run this again:" >&2
        echo "a C compiler, pkg-config, and the ALSA development files (alsa-lib-devel on Fedora, alsa-lib on Arch)." >&2
        exit 1
    fi
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || {
            echo "missing:$missing. Install them as root: apt-get install$missing" >&2
            exit 1
        }
        as_root=sudo
    fi
    echo "installing$missing" >&2
    # shellcheck disable=SC2086
    $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing >&2
}

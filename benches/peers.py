"""Takes the figures of benches/peers.sh, inside its namespaces: prints a table and writes target/bench-peers.json.

QLC+ sends over loopback, as showcall does in its own bench. olad's E1.31 leaves loopback out, so it has a second host at the end
of a virtual cable, and its levels come from a client at its own side by the stream that its library uses."""

import json
import os
import pathlib
import platform
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import measure

SECONDS = 8
QLC, OLA = {"universes": 64, "hertz": 50}, {"universes": 256, "hertz": 40}
OURS = ("fading_64_universes", "fading_256_universes", "fading_512_universes")
SILENT = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
# The one that is wanted is switched on, all others off.
PLUGINS = ("artnet dummy e131 espnet ftdidmx gpio karate kinet milinst nanoleaf opendmx openpixelcontrol osc pathport renard sandnet "
           "shownet spi stageprofi uartdmx usbdmx usbpro usbserial").split()


def workspace(universes, fading):
    """A QLC+ workspace that sends all slots of so many universes with each frame; fading, one scene, begun at once, takes every one of
    them to full in five minutes, else there are no lights."""
    outputs = "".join(
        f'<Universe Name="{n}" ID="{n}"><Output Plugin="ArtNet" Line="0">'
        f'<PluginParameters outputIP="127.0.0.2" outputUni="{n}" transmitMode="Full"/></Output></Universe>'
        for n in range(universes))
    fixtures = "".join(
        "<Fixture><Manufacturer>Generic</Manufacturer><Model>Generic</Model><Mode>Generic</Mode>"
        f"<ID>{n}</ID><Name>{n}</Name><Universe>{n}</Universe><Address>0</Address><Channels>512</Channels></Fixture>"
        for n in range(universes))
    full = ",".join(f"{slot},255" for slot in range(512))
    levels = "".join(f'<FixtureVal ID="{n}">{full}</FixtureVal>' for n in range(universes))
    scene = f'<Function ID="0" Type="Scene" Name="All"><Speed FadeIn="300000" FadeOut="0" Duration="0"/>{levels}</Function>'
    autostart, lights = ('Autostart="0"', fixtures + scene) if fading else ("", "")
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE Workspace><Workspace xmlns="http://www.qlcplus.org/Workspace">'
        f'<Engine {autostart}><InputOutputMap>{outputs}</InputOutputMap>{lights}</Engine></Workspace>')


class Program(subprocess.Popen):
    """A running program; killed, by its own id, at the end of the `with`."""

    def __init__(self, command, **more):
        super().__init__(command, **{**SILENT, **more})

    def __exit__(self, *why):
        self.kill()
        return super().__exit__(*why)


def until(what, so, patience=60):
    end = time.monotonic() + patience
    while not so():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {patience} s")
        time.sleep(0.05)


def qlcplus(folder, fading):
    """QLC+ without a window, sending to 127.0.0.2."""
    (folder / "show.qxw").write_text(workspace(QLC["universes"], fading), encoding="utf-8")
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    taken = measure.receiver("127.0.0.2", 6454)
    command = ["qlcplus", "--nogui", "--nowm", "--operate", "--open", folder / "show.qxw"]
    with taken, Program(command, env={**os.environ, **home}) as program:
        # The first slot has left 0 when the scene has begun.
        until("QLC+ sends", lambda: any(frame[3] or not fading for frame in measure.frames(taken, measure.artnet, 0.5)))
        figure = measure.figure(program.pid, taken, measure.artnet, seconds=SECONDS, **QLC)
    return figure


def other_host():
    """The end of a cable to 10.9.0.2: its namespace lives as long as this process. This end is 10.9.0.1."""
    holder = Program(["unshare", "--net", "sleep", "infinity"])
    mine = os.readlink("/proc/self/ns/net")
    until("a second network", lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != mine)
    there = ["nsenter", f"--net=/proc/{holder.pid}/ns/net", "--"]
    for words in (
            f"ip link add here type veth peer name there netns {holder.pid}", "ip addr add 10.9.0.1/24 dev here", "ip link set here up",
            "there ip link set lo up", "there ip addr add 10.9.0.2/24 dev there", "there ip link set there up",
            "there ip route add 224.0.0.0/4 dev there"):
        remote, _, rest = words.partition("there ip ")
        subprocess.run([*there, "ip", *rest.split()] if not remote else words.split(), check=True)
    return holder, there


def joined(universes):
    """Sockets that have joined the groups of the universes (E1.31, 9.3.1): the kernel lets each join 20."""
    sockets = []
    for number in range(1, universes + 1):
        if number % 20 == 1:
            sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        group = socket.inet_aton(f"239.255.{number >> 8}.{number & 255}") + socket.inet_aton("10.9.0.1")
        sockets[-1].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    return sockets


def olad(folder):
    """olad on the other host, fed there, sending by multicast."""
    universes = OLA["universes"]
    for plugin in PLUGINS:
        text = f"enabled = true\nip = 10.9.0.2\ninput_ports = 1\noutput_ports = {universes}\n" if plugin == "e131" else "enabled = false\n"
        (folder / f"ola-{plugin}.conf").write_text(text, encoding="ascii")
    command = ["olad", "-l", "1", "--no-register-with-dns-sd", "-c", folder]
    if os.getuid() == 0:
        # It refuses to run as root.
        subprocess.run(["chown", "-R", "olad", folder], check=True)
        command = ["setpriv", "--reuid=olad", "--regid=nogroup", "--init-groups", *command]
    holder, there = other_host()
    with holder, measure.receiver("", 5568) as taken, Program([*there, *command]) as program:
        asks = [*there, "sh", "-c", "ola_dev_info | grep -q E1.31"]
        until("olad is ready", lambda: subprocess.run(asks, check=False, **SILENT).returncode == 0)
        patch = f"for n in $(seq {universes}); do ola_patch -d 1 -p $((n - 1)) -u $n || exit; done"
        subprocess.run([*there, "sh", "-c", patch], check=True, **SILENT)
        listening = joined(universes)
        feed = [*there, sys.executable, __file__, "feed", str(universes), str(OLA["hertz"])]
        with Program(feed, stderr=None):
            figure = measure.figure(program.pid, taken, measure.sacn, seconds=SECONDS, **OLA)
        for each in listening:
            each.close()
    return figure


def feed(universes, hertz):
    """Streams levels to olad until it is killed: each message is a header of version 1 and length, and an RpcMessage of
    STREAM_REQUEST, "StreamDmxData" and a DmxData of universe and slots (protocol buffers)."""
    def field(number, value):
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        return varint(number << 3 | 2) + varint(len(value)) + value

    def varint(value):
        out = b""
        while value > 127:
            out, value = out + bytes([value & 127 | 128]), value >> 7
        return out + bytes([value])

    def message(universe, level):
        inner = field(1, universe) + field(2, bytes([level]) * 512)
        outer = field(1, 10) + field(3, b"StreamDmxData") + field(4, inner)
        return struct.pack("=L", 1 << 28 | len(outer)) + outer

    pictures = [b"".join(message(universe, level) for universe in range(1, universes + 1)) for level in (85, 170)]
    with socket.create_connection(("127.0.0.1", 9010)) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started, count = time.monotonic(), 0
        while True:
            stream.sendall(pictures[count % 2])
            count += 1
            time.sleep(max(started + count / hertz - time.monotonic(), 0))


def ours(showcall):
    """showcall's own bench, in the same figures: the whole process, not its stage thread alone."""
    taken = subprocess.run([showcall, "bench", *OURS, "--runs", "1"], stdout=subprocess.PIPE, check=True)
    bench = json.loads(taken.stdout)
    figures = {}
    for name in OURS:
        one = bench[name]
        figures[name] = {
            "universes": one["universes"], "hertz": 44, "universes_that_changed": one["universes"], "missed": one["missed"],
            "packets_per_second": round(one["packets_per_second"]), "percent_of_a_core": one["process_percent_of_a_core"],
            "interval_error_us": {key: one["interval_error"][key] for key in ("p50", "p90", "p99", "max")},
            "bare_sends_percent_of_a_core": one["bare_sends_percent_of_a_core"],
        }
    return figures


def ratios(figures):
    """A peer's figures in ours; CPU is compared at the peer's packets per second."""
    against = {}
    for peer, name in (("qlcplus_resting", OURS[0]), ("qlcplus_fading", OURS[0]), ("olad", OURS[1])):
        theirs, own = figures[peer], figures[name]
        at_theirs = own["percent_of_a_core"] * theirs["packets_per_second"] / own["packets_per_second"]
        errors = {key: round(value / own["interval_error_us"][key], 1) for key, value in theirs["interval_error_us"].items()}
        against[peer] = {
            "our_percent_at_its_rate": round(at_theirs, 2), "its_cpu_in_ours": round(theirs["percent_of_a_core"] / at_theirs, 2),
            "its_interval_error_in_ours": errors,
        }
    return against


def table(result):
    """The figures, a line each, and how the peers compare."""
    print(f"{'':24}{'univ.':>6}{'Hz':>4}{'packets/s':>11}{'missed':>8}{'CPU %':>8}   interval error us: p50, p99, max")
    for name, one in result["figures"].items():
        error = one["interval_error_us"]
        print(f"{name:24}{one['universes']:>6}{one['hertz']:>4}{one['packets_per_second']:>11}{one['missed']:>8}"
              f"{one['percent_of_a_core']:>8.2f}{error['p50']:>15}{error['p99']:>10}{error['max']:>10}")
    for peer, one in result["against"].items():
        error = one["its_interval_error_in_ours"]
        print(f"{peer}: {one['its_cpu_in_ours']} times our CPU (ours at its rate: {one['our_percent_at_its_rate']} %), "
              f"interval error p50 {error['p50']} and p99 {error['p99']} times ours")


def version(package):
    asked = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True, check=False)
    return asked.stdout or None


def main(showcall):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    figures = {}
    result = {
        "kernel": platform.release(), "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 2),
        "qlcplus": version("qlcplus"), "olad": version("ola"), "figures": figures,
    }
    takes = {"qlcplus_resting": lambda folder: qlcplus(folder, False), "qlcplus_fading": lambda folder: qlcplus(folder, True), "olad": olad}
    for name, take in takes.items():
        print(f"{name} …", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = take(pathlib.Path(folder))
        changed = figures[name]["universes_that_changed"]
        if changed != (0 if name == "qlcplus_resting" else figures[name]["universes"]):
            raise SystemExit(f"{changed} universes of {name} changed")
    figures.update(ours(showcall))
    result["against"] = ratios(figures)
    table(result)
    path = pathlib.Path("target/bench-peers.json")
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"as JSON: {path}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if sys.argv[1] == "feed":
        feed(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main(sys.argv[1])

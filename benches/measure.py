"""What a program's frames look like from outside, and what they cost it: arrival times are the kernel's, CPU is what the kernel
counted for all threads of the process (schedstat)."""

import gc
import os
import socket
import struct
import time

SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
ROOM = 32 << 20


def receiver(address, port):
    """A socket with room for a second of frames, whose packets come with the time at which the kernel got them."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    try:
        taken.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
    except PermissionError:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    taken.settimeout(0.2)
    taken.bind((address, port))
    return taken


def artnet(packet):
    """Universe and sequence of an ArtDmx of 512 slots (Art-Net 4, "ArtDmx"), and its first slot."""
    if len(packet) == 530 and packet[8:10] == b"\x00\x50":
        return packet[14] | packet[15] << 8, packet[12], packet[18]
    return None


def sacn(packet):
    """The same of an E1.31 data packet of 512 slots (ANSI E1.31, table 4-1)."""
    if len(packet) == 638 and packet[18:22] == b"\x00\x00\x00\x04":
        return packet[113] << 8 | packet[114], packet[111], packet[126]
    return None


def frames(taken, read, seconds):
    """All frames that come within so many seconds: (time in ns, universe, sequence, first slot)."""
    found, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            packet, extra, _, _ = taken.recvmsg(2048, 64)
        except TimeoutError:
            continue
        facts = read(packet)
        if facts:
            whole, part = struct.unpack("qq", extra[0][2])
            found.append((whole * 1_000_000_000 + part, *facts))
    return found


def cpu_ns(pid):
    """Nanoseconds of CPU of all threads of a process so far."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as counted:
            total += int(counted.read().split()[0])
    return total


def percentiles(values_ns):
    """Nearest-rank percentiles in microseconds."""
    ordered = sorted(values_ns)

    def at(percent):
        return round(ordered[max(-(-len(ordered) * percent // 100), 1) - 1] / 1000, 1)

    return {"p50": at(50), "p90": at(90), "p99": at(99), "max": at(100)}


def figure(pid, taken, read, universes, hertz, seconds):
    """The frames of a program that has settled, and their cost."""
    gc.disable()
    frames(taken, read, 1)
    before, started = cpu_ns(pid), time.monotonic()
    found = frames(taken, read, seconds)
    lasted, spent = time.monotonic() - started, cpu_ns(pid) - before
    last, first, errors, missed, moving = {}, {}, [], 0, set()
    for at, universe, sequence, slot in found:
        if first.setdefault(universe, slot) != slot:
            moving.add(universe)
        if universe in last:
            since, old = last[universe]
            errors.append(abs(at - since - round(1e9 / hertz)))
            # Art-Net leaves out 0.
            missed += 0 if (old, sequence) == (255, 1) else (sequence - old - 1) % 256
        last[universe] = at, sequence
    if len(last) != universes:
        raise SystemExit(f"{len(last)} of {universes} universes came")
    return {
        "universes": universes, "hertz": hertz, "universes_that_changed": len(moving), "missed": missed,
        "packets_per_second": round(len(found) / lasted), "percent_of_a_core": round(spent / lasted / 1e7, 2),
        "interval_error_us": percentiles(errors),
    }

"""Prints what the sacn module receives, one JSON object a line: sacn_receiver.py ADDRESS UNIVERSE..."""

import json
import sys

import sacn

receiver = sacn.sACNreceiver(bind_address=sys.argv[1])


def say(**what):
    print(json.dumps(what), flush=True)


def packet_came(packet):
    say(universe=packet.universe, priority=packet.priority, source=packet.sourceName, slots=len(packet.dmxData),
        sync=packet.syncAddr, preview=packet.option_PreviewData, levels=list(packet.dmxData[:8]))


def availability(universe, changed):
    say(universe=universe, changed=changed)


for number in map(int, sys.argv[2:]):
    receiver.register_listener("universe", packet_came, universe=number)
receiver.register_listener("availability", availability)
receiver.start()
for number in map(int, sys.argv[2:]):
    receiver.join_multicast(number)
say(event="listening")
sys.stdin.read()
receiver.stop()

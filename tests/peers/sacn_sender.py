"""Sends one universe by multicast until a line comes, then ends it: sacn_sender.py ADDRESS UNIVERSE PRIORITY LEVEL"""

import json
import sys

import sacn

address, universe, priority, level = sys.argv[1], *map(int, sys.argv[2:])
sender = sacn.sACNsender(bind_address=address, source_name="Python desk", fps=30)
sender.start()
sender.activate_output(universe)
sender[universe].multicast = True
sender[universe].priority = priority
sender[universe].dmx_data = tuple([level] * 512)
print(json.dumps({"event": "sending"}), flush=True)
sys.stdin.readline()
sender.stop()

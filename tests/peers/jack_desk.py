"""A MIDI desk: a JACK client (RtMidi) with an input port that prints what it hears as lines of hex, until stdin ends."""
import sys
import time

import rtmidi

desk = None
for _ in range(100):
    try:
        desk = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name="test desk")
        desk.ignore_types(sysex=False, timing=False, active_sense=False)
        desk.set_callback(lambda event, _: print(bytes(event[0]).hex(), flush=True))
        desk.open_virtual_port("desk in")
        break
    except Exception as error:  # the server may still be starting
        print(error, file=sys.stderr)
        time.sleep(0.1)
if desk is None:
    sys.exit("no JACK server")
print("open", flush=True)
sys.stdin.read()

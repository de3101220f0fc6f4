"""A foot pedal: a JACK MIDI client (RtMidi) that sends note 60 each time a line is read, until stdin ends."""
import sys
import time

import rtmidi

out = None
for _ in range(100):
    try:
        out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="test pedal")
        out.open_virtual_port("pedal out")
        break
    except Exception as error:  # the server may still be starting
        print(error, file=sys.stderr)
        time.sleep(0.1)
if out is None:
    sys.exit("no JACK server")
print("open", flush=True)
for _ in sys.stdin:
    out.send_message([0x90, 60, 100])
    out.send_message([0x80, 60, 0])
    print("sent", flush=True)

"""A third-party ATEM client (PyPI PyATEMMax) at work on the simulated switcher: 127.0.0.1 and the port given.

Prints one JSON object of what it found; any surprise is an exception and a non-zero exit.
"""

import json
import sys
import time

import PyATEMMax


def until(what, condition):
    """Waits for the switcher's state, up to ten seconds."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise TimeoutError(what)


def main():
    switcher = PyATEMMax.ATEMMax()
    switcher.atem.UDPPort = int(sys.argv[1])
    switcher._udp.atem.UDPPort = int(sys.argv[1])
    switcher.connect("127.0.0.1")
    try:
        assert switcher.waitForConnection(infinite=False, timeout=10), "no connection"
        found = {"model": switcher.atemModel, "program": switcher.programInput[0].videoSource.value}
        switcher.setProgramInputVideoSource(0, 3)
        until("program 3", lambda: switcher.programInput[0].videoSource.value == 3)
        switcher.setPreviewInputVideoSource(0, 4)
        until("preview 4", lambda: switcher.previewInput[0].videoSource.value == 4)
        switcher.execCutME(0)
        until("the cut", lambda: switcher.programInput[0].videoSource.value == 4)
        switcher.execAutoME(0)
        until("the transition", lambda: switcher.programInput[0].videoSource.value == 3 and not switcher.transition[0].inTransition)
        switcher.setAuxSourceInput(0, 2)
        until("the aux", lambda: switcher.auxSource[0].input.value == 2)
        switcher.execFadeToBlackME(0)
        until("black", lambda: switcher.fadeToBlack[0].state.fullyBlack)
        found["black"] = True
        print(json.dumps(found), flush=True)
    finally:
        switcher.disconnect()


main()

"""A third-party X32 client (PyPI behringer-mixer) at work on the simulated desk: 127.0.0.1 and the port given.

Prints one JSON object of what it found; any surprise is an exception and a non-zero exit.
"""

import asyncio
import json
import sys

from behringer_mixer import mixer_api


async def until(what, condition):
    """Waits for an answer of the desk, up to ten seconds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError(what)


async def main():
    mixer = mixer_api.create("X32", ip="127.0.0.1", port=int(sys.argv[1]), delay=0.001)
    assert await mixer.start(), "no answer to /xinfo"
    await mixer.reload()
    await until("the last channel's name", lambda: mixer.state("/ch/32/config_name") is not None)
    found = {
        "firmware": mixer.firmware(),
        "values": len(mixer.state()),
        "ch1_db": mixer.state("/ch/1/mix_fader_db"),
        "ch1_on": mixer.state("/ch/1/mix_on"),
    }
    await mixer.set_value("/ch/1/mix_fader_db", -10)
    await mixer.set_value("/ch/1/mix_on", False)
    await until("its own fader", lambda: mixer.state("/ch/1/mix_on") is False)
    found["ch1_db_set"] = mixer.state("/ch/1/mix_fader_db")

    pushed = []
    watching = asyncio.create_task(mixer.subscribe(lambda row: pushed.append(row["property"])))
    await asyncio.sleep(0)
    # The desk's operator moves channel 2 when told that we listen.
    print("listening", flush=True)
    await until("a push", lambda: "/ch/2/mix_on" in pushed)
    found["pushed"] = mixer.state("/ch/2/mix_on")
    watching.cancel()
    await mixer.load_scene(7)
    await until("the scene", lambda: mixer.state("/ch/1/mix_on") is True)
    await mixer.stop()
    print(json.dumps(found), flush=True)


asyncio.run(main())

"""A third-party OBS client (PyPI obsws-python) at work on the simulated OBS: 127.0.0.1 and the port given.

Prints one JSON object of what it found; any surprise is an exception and a non-zero exit.
"""

import json
import sys
import time

import obsws_python as obs
from obsws_python.error import OBSSDKRequestError

port = int(sys.argv[1])
client = obs.ReqClient(host="127.0.0.1", port=port, password="", timeout=10)
events = obs.EventClient(host="127.0.0.1", port=port, password="", timeout=10)
heard = []


def on_current_program_scene_changed(data):
    heard.append(data.scene_name)


events.callback.register(on_current_program_scene_changed)


def until(what, condition):
    """Waits for OBS, up to ten seconds."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise TimeoutError(what)


found = {"version": client.get_version().obs_web_socket_version}
found["scenes"] = [scene["sceneName"] for scene in client.get_scene_list().scenes]
client.set_current_program_scene("Slides")
until("the end of the transition", lambda: heard == ["Slides"])
found["program"] = client.get_current_program_scene().current_program_scene_name
client.set_input_mute("Mic/Aux", True)
found["muted"] = client.get_input_mute("Mic/Aux").input_muted
client.set_input_volume("Mic/Aux", vol_db=-12.5)
found["db"] = client.get_input_volume("Mic/Aux").input_volume_db
try:
    client.set_current_program_scene("No such scene")
except OBSSDKRequestError as error:
    found["unknown"] = error.code
client.start_stream()
until("the stream", lambda: client.get_stream_status().output_active)
found["streams"] = True
events.disconnect()
client.disconnect()
print(json.dumps(found))

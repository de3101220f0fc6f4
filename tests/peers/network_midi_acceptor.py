"""A session of network MIDI that anybody may join (pymidi): prints a JSON line for each peer that comes or goes, and for each message."""
import json
import logging
import sys

from pymidi import server

logging.disable(logging.CRITICAL)


def say(**fact):
    print(json.dumps(fact), flush=True)


def data(params):
    """The bytes after the status, as pymidi has taken them apart."""
    if "unknown" in params:
        return bytes(params.unknown)
    return bytes(int(value) for key, value in params.items() if not key.startswith("_"))


class Ears(server.Handler):
    def on_peer_connected(self, peer):
        say(came=peer.name)

    def on_peer_disconnected(self, peer):
        say(went=peer.name)

    def on_midi_commands(self, peer, command_list):
        for command in command_list:
            say(bytes=(bytes([command.command_byte]) + data(command.params)).hex())


session = server.Server([("127.0.0.1", int(sys.argv[1]))])
session.add_handler(Ears())
session._init_protocols()
print("open", flush=True)
while True:
    session._loop_once()

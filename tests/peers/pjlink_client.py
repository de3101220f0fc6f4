"""Two PJLink clients from PyPI, one after the other, on a projector: pjlink_client.py PORT [PASSWORD]. Prints what they read as JSON."""

import asyncio
import json
import sys

from aiopjlink import PJLink, Power, Sources
from pypjlink import Projector

port = int(sys.argv[1])
password = sys.argv[2] if len(sys.argv) > 2 else None
found = {}


async def first():
    async with PJLink(address="127.0.0.1", port=port, password=password) as link:
        found["class"] = (await link.info.pjlink_class()).value
        found["model"] = await link.info.product_name()
        found["before"] = (await link.power.get()).name
        await link.power.turn_on()
        found["warming"] = (await link.power.get()).name
        while await link.power.get() != Power.State.ON:
            await asyncio.sleep(0.1)
        await link.sources.set(Sources.Mode.DIGITAL, 2)
        mode, index = await link.sources.get()
        found["input"] = f"{mode.name} {index}"
        await link.mute.both(True)
        found["mute"] = list(await link.mute.status())
        await link.freeze.set(True)
        found["frozen"] = await link.freeze.get()
        found["lamps"] = [hours for hours, _ in await link.lamps.status()]
        found["filter"] = await link.filter.hours()
        found["errors"] = sorted({level.name for level in (await link.errors.query()).values()})


asyncio.run(first())
with Projector.from_address("127.0.0.1", port) as projector:
    found["let_in"] = projector.authenticate(password)
    found["power"] = projector.get_power()
    found["second_input"] = list(projector.get_input())
    projector.set_mute(3, False)
    found["second_mute"] = list(projector.get_mute())
    found["name"] = projector.get_name()
    found["second_lamps"] = [hours for hours, _ in projector.get_lamps()]
    projector.set_power("off")
    found["cooling"] = projector.get_power()
print(json.dumps(found), flush=True)

// Prints what the sacn package of npm receives, one JSON object a line: sacn_receiver.js ADDRESS UNIVERSE...
const { Receiver } = require("sacn");

const [iface, ...universes] = process.argv.slice(2);
const receiver = new Receiver({ universes: universes.map(Number), iface });
const say = (what) => console.log(JSON.stringify(what));

receiver.on("packet", ({ universe, priority, sourceName, options, payload, payloadAsBuffer, propertyValueCount }) =>
    say({ universe, priority, source: sourceName, options, slots: propertyValueCount - 1, percent: payload[1] ?? 0, levels: [...payloadAsBuffer.subarray(0, 4)] })
);
for (const trouble of ["PacketCorruption", "PacketOutOfOrder", "error"]) {
    receiver.on(trouble, (why) => say({ trouble, why: String(why) }));
}
receiver.socket.once("listening", () => say({ event: "listening" }));

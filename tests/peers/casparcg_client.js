// A third-party AMCP client (npm casparcg-connection) at work on the simulated server: 127.0.0.1 and the port given.
// Prints one JSON object of what it found; any surprise is an error on stderr and a non-zero exit.
const { CasparCG, Commands } = require("casparcg-connection");

const server = new CasparCG({ host: "127.0.0.1", port: Number(process.argv[2]), timeoutTime: 10000, autoConnect: false });
const connected = new Promise((resolve) => server.once("connect", resolve));
server.connect();

/** What the server answers: its code, and its data when there is any. */
async function answer(sent) {
    const { error, request } = await sent;
    if (error) throw error;
    const { responseCode, data } = await request;
    return data === undefined ? responseCode : [responseCode, data];
}

async function main() {
    await connected;
    const layer = { channel: 1, layer: 10 };
    const found = { version: (await answer(server.version()))[1].fullVersion };
    found.play = await answer(server.play({ ...layer, clip: "AMB", loop: true }));
    found.pause = await answer(server.pause(layer));
    found.resume = await answer(server.resume(layer));
    found.opacity = await answer(server.mixerOpacity({ ...layer, value: 0.5 }));
    found.stop = await answer(server.stop(layer));
    found.unknown = await answer(server.executeCommand({ command: Commands.Call, params: { ...layer, param: "SEEK", value: 1 } }));
    console.log(JSON.stringify(found));
}

main().then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    }
);

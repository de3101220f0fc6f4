// A third-party vMix client (npm node-vmix) at work on the simulated vMix: 127.0.0.1 and the port given.
// Prints one JSON object of what it was answered; silence is an error on stderr and a non-zero exit.
const { ConnectionTCP } = require("node-vmix");

const vmix = new ConnectionTCP("127.0.0.1", { port: Number(process.argv[2]), autoReconnect: false });
const lines = [];
vmix.on("data", (line) => lines.push(String(line)));

/** Waits for a line, up to ten seconds. */
async function said(text) {
    for (let i = 0; i < 1000; i++) {
        const found = lines.findIndex((line) => line.includes(text));
        if (found >= 0) return lines.splice(found, 1)[0].trim();
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never said: ${text} (${JSON.stringify(lines)})`);
}

async function main() {
    await new Promise((resolve) => vmix.on("connect", resolve));
    const found = {};
    await vmix.send("SUBSCRIBE ACTS");
    found.subscribed = await said("SUBSCRIBE OK");
    await vmix.send({ Function: "CutDirect", Input: 3 });
    found.cut = await said("FUNCTION OK");
    found.told = await said("ACTS OK Input 3 1");
    await vmix.send({ Function: "StartRecording" });
    await said("FUNCTION OK");
    await vmix.send("XMLTEXT vmix/recording");
    found.recording = await said("XMLTEXT OK");
    await vmix.send("NONSENSE");
    found.refused = await said(" ER");
    console.log(JSON.stringify(found));
}

main().then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    }
);

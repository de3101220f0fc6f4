// A third-party OBS client (npm obs-websocket-js) at work on the simulated OBS: 127.0.0.1, the port and the password given.
// Prints one JSON object of what it found; any surprise is an exception and a non-zero exit.
import { createRequire } from "node:module";
const require = createRequire(process.cwd() + "/target/peers/node/");
const { OBSWebSocket } = require("obs-websocket-js/json");

const [port, password] = process.argv.slice(2);
const url = `ws://127.0.0.1:${port}`;
const found = {};
const stranger = new OBSWebSocket();
found.wrong = await stranger.connect(url, "wrong").then(() => 0, (error) => error.code);
const obs = new OBSWebSocket();
await obs.connect(url, password);
const changed = new Promise((resolve) => obs.once("CurrentProgramSceneChanged", (data) => resolve(data.sceneName)));
const started = Date.now();
const results = await obs.callBatch([
    { requestType: "SetCurrentSceneTransitionDuration", requestData: { transitionDuration: 400 } },
    { requestType: "Sleep", requestData: { sleepMillis: 50 } },
    { requestType: "SetCurrentProgramScene", requestData: { sceneName: "Slides" } },
    { requestType: "SetCurrentProgramScene", requestData: { sceneName: "No such scene" } },
]);
found.batch = results.map((result) => result.requestStatus.code);
found.program = await changed;
found.slow = Date.now() - started >= 400;
found.preview = await obs.call("SetCurrentPreviewScene", { sceneName: "Slides" }).then(() => 0, (error) => error.code);
await obs.disconnect();
console.log(JSON.stringify(found));

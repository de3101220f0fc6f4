// A third-party ATEM client (npm atem-connection) at work on the simulated switcher: 127.0.0.1 and the port given.
// Prints one JSON object of what it found; any surprise is an error on stderr and a non-zero exit.
const { Atem } = require("atem-connection");

const atem = new Atem({ disableMultithreaded: true });
const errors = [];
atem.on("error", (error) => errors.push(String(error)));

/** Waits for the switcher's state, up to ten seconds. */
async function until(what, condition) {
    for (let i = 0; i < 1000; i++) {
        if (condition()) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never happened: ${what}`);
}

async function main() {
    const connected = new Promise((resolve) => atem.once("connected", resolve));
    await atem.connect("127.0.0.1", Number(process.argv[2]));
    await connected;
    const me = () => atem.state.video.mixEffects[0];
    const found = {
        product: atem.state.info.productIdentifier,
        inputs: Object.keys(atem.state.inputs).length,
        keyers: me().upstreamKeyers.length,
        macros: atem.state.macro.macroProperties.filter((macro) => macro && macro.isUsed).length,
        fairlight: Object.keys(atem.state.fairlight.inputs).length,
    };
    await atem.changeProgramInput(3);
    await until("program 3", () => me().programInput === 3);
    await atem.changePreviewInput(4);
    await atem.cut();
    await until("the cut", () => me().programInput === 4 && me().previewInput === 3);
    let moved = 0;
    atem.on("stateChanged", () => (moved += me().transitionPosition.inTransition ? 1 : 0));
    await atem.autoTransition();
    await until("the transition", () => me().programInput === 3 && !me().transitionPosition.inTransition);
    found.frames = moved;
    await atem.setAuxSource(2, 1);
    await until("the aux", () => atem.state.video.auxilliaries[1] === 2);
    await atem.macroRun(1);
    await until("the macro", () => atem.state.macro.macroPlayer.isRunning && atem.state.macro.macroPlayer.macroIndex === 1);
    await until("the macro's end", () => !atem.state.macro.macroPlayer.isRunning);
    await atem.fadeToBlack();
    await until("black", () => me().fadeToBlack.isFullyBlack && !me().fadeToBlack.inTransition);
    await atem.setDownstreamKeyOnAir(true, 0);
    await until("the downstream key", () => atem.state.video.downstreamKeyers[0].onAir);
    await atem.setUpstreamKeyerOnAir(true, 0, 1);
    await until("the upstream key", () => me().upstreamKeyers[1].onAir);
    await atem.startStreaming();
    await until("the stream", () => atem.state.streaming.status.state === 4);
    await atem.startRecording();
    await until("the recording", () => atem.state.recording.status.state === 1);
    await atem.stopStreaming();
    await until("no stream", () => atem.state.streaming.status.state === 1);
    await atem.stopRecording();
    await until("no recording", () => atem.state.recording.status.state === 0);
    await atem.setDownstreamKeyRate(10, 0);
    await atem.autoDownstreamKey(0, false);
    const key = () => atem.state.video.downstreamKeyers[0];
    await until("the key is off at its own rate", () => !key().onAir && !key().inTransition && key().properties.rate === 10);
    await atem.setFadeToBlackRate(5);
    await atem.fadeToBlack();
    await until("no black", () => !me().fadeToBlack.isFullyBlack && !me().fadeToBlack.inTransition && me().fadeToBlack.rate === 5);
    await atem.setMediaPlayerSource({ sourceType: 1, stillIndex: 2 }, 1);
    await until("the still", () => atem.state.media.players[1].stillIndex === 2);
    await atem.setSuperSourceBoxSettings({ enabled: true, source: 6 }, 2, 0);
    await until("the box", () => atem.state.video.superSources[0].boxes[2].source === 6);
    const source = Object.keys(atem.state.fairlight.inputs[3].sources)[0];
    await atem.setFairlightAudioMixerSourceProps(3, source, { mixOption: 1 });
    await until("the muted input", () => atem.state.fairlight.inputs[3].sources[source].properties.mixOption === 1);
    if (errors.length > 0) throw new Error(errors.join("; "));
    console.log(JSON.stringify(found));
}

main().then(
    () => process.exit(0),
    (error) => {
        console.error(error, errors);
        process.exit(1);
    }
);
